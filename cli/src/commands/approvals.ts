/** `banyan approve` and `banyan approvals`: another person's consent to one forward move of one module, for some hours. */

import { describeStage, stageNames, stageSchema } from "@banyan/routing-rules";
import { Argument, type Command } from "commander";
import { z } from "zod";
import { clean, counted, faint, renderTable, strong } from "../output/table.ts";
import { minuteOf } from "../output/time.ts";
import type { Session } from "../session.ts";
import { type ChangeOptions, countOption, stageOf, withReason } from "../written-change.ts";

type ApproveOptions = ChangeOptions & { readonly percent?: string; readonly hours?: number };

const approvalsSchema = z.looseObject({
  needed: z.number(),
  approvals: z.array(
    z.looseObject({
      id: z.number(),
      module: z.string(),
      stage: stageSchema,
      who: z.string(),
      reason: z.string(),
      expiresAt: z.iso.datetime(),
    }),
  ),
});

export function addApprovals(program: Command, session: Session): void {
  withReason(program.command("approve"))
    .argument("<module>")
    .addArgument(new Argument("<stage>", "the stage it may move to").choices(stageNames))
    .description("consent to one move that somebody else will make")
    .option("--percent <n>", "largest share of the cohort, for canary")
    .option("--hours <n>", "how long it is good for (default: 24)", countOption)
    .action(async (module: string, stage: string, { percent, hours, reason, ifRevision }: ApproveOptions) => {
      const control = session.control();
      const op = `banyan approve ${module}`;
      const ifMatch = ifRevision ?? (await control.newestRevision(op));
      const to = stageOf(stage, percent);
      const body = { module, stage: to, reason, ...(hours === undefined ? {} : { hours }) };
      const shape = z.looseObject({ id: z.number(), expiresAt: z.iso.datetime() });
      const data = await control.call({ op, method: "POST", path: "/approvals", body, ifMatch }, shape);
      const text = `approval ${data.id}: ${strong(module)} to ${strong(describeStage(to))}, once, until ${minuteOf(data.expiresAt)}`;
      session.answer({ data, text });
    });
  const approvals = program.command("approvals").description("list or withdraw approvals that are not used yet");
  approvals
    .command("list", { isDefault: true })
    .description("approvals that can still be used")
    .action(async () => {
      const data = await session.control().call({ op: "banyan approvals", path: "/approvals" }, approvalsSchema);
      const rule =
        data.needed === 0
          ? "a move forward needs no approval here"
          : `a move forward needs ${counted(data.needed, "approval")} of other people`;
      session.answer({ data, text: [faint(rule), approvalsTable(data)].filter((one) => one !== "").join("\n") });
    });
  withReason(approvals.command("withdraw"))
    .argument("<id>", "number of the approval", countOption)
    .description("take an approval back before it is used")
    .action(async (id: number, { reason, ifRevision }: ChangeOptions) => {
      const control = session.control();
      const op = "banyan approvals withdraw";
      const ifMatch = ifRevision ?? (await control.newestRevision(op));
      const call = { op, method: "DELETE", path: `/approvals/${id}`, body: { reason }, ifMatch } as const;
      session.answer({ data: await control.call(call, z.looseObject({})), text: `approval ${id} is withdrawn` });
    });
}

function approvalsTable({ approvals }: z.infer<typeof approvalsSchema>): string {
  return renderTable(
    [{ title: "no", align: "right" }, "module", "to", "by", "until", "reason"],
    approvals.map((one) => [
      String(one.id),
      one.module,
      describeStage(one.stage),
      clean(one.who),
      minuteOf(one.expiresAt),
      clean(one.reason),
    ]),
  );
}
