/** `banyan parked`: source transactions that could not be applied, and what to do with them. */

import type { Command } from "commander";
import { z } from "zod";
import { bad, doubtful, good, renderTable } from "../output/table.ts";
import { minuteOf } from "../output/time.ts";
import type { Session } from "../session.ts";
import { type ChangeOptions, withReason } from "../written-change.ts";

const parkedSchema = z.looseObject({
  parked: z.array(
    z.looseObject({
      id: z.string(),
      state: z.string(),
      lanes: z.array(z.string()),
      tables: z.array(z.string()),
      changes: z.number(),
      message: z.string().nullable(),
      tries: z.number(),
      parkedAt: z.string(),
    }),
  ),
});
const retriedSchema = z.looseObject({ applied: z.number(), failed: z.number(), waiting: z.number() });

export function addParked(program: Command, session: Session): void {
  const parked = program.command("parked").description("keys whose changes failed: list, retry, discard");
  parked
    .command("list")
    .argument("<module>")
    .description("show what is parked, and why")
    .action(async (module: string) => {
      const op = `banyan parked list ${module}`;
      const data = await session.control().call({ op, path: pathOf(module) }, parkedSchema);
      session.answer({ data, text: listText(data), failed: data.parked.length > 0 });
    });
  parked
    .command("retry")
    .argument("<module>")
    .description("try everything parked again, in order")
    .action(async (module: string) => {
      const control = session.control();
      const op = `banyan parked retry ${module}`;
      const ifMatch = await control.newestRevision(op);
      const data = await control.call(
        { op, method: "POST", path: `${pathOf(module)}/retry`, body: {}, ifMatch },
        retriedSchema,
      );
      const text = `${data.applied} applied, ${data.failed} failed again, ${data.waiting} wait behind them`;
      session.answer({ data, text: data.failed === 0 ? good(text) : bad(text), failed: data.failed > 0 });
    });
  withReason(parked.command("discard"))
    .argument("<module>")
    .argument("<id...>")
    .description("give transactions up for good; their rows are kept, with your name and reason")
    .action(async (module: string, ids: string[], { reason, ifRevision }: ChangeOptions) => {
      const control = session.control();
      const op = `banyan parked discard ${module}`;
      const ifMatch = ifRevision ?? (await control.newestRevision(op));
      const request = {
        op,
        method: "POST",
        path: `${pathOf(module)}/discard`,
        body: { ids, reason },
        ifMatch,
      } as const;
      const data = await control.call(request, z.looseObject({ discarded: z.number(), retried: retriedSchema }));
      const text = `${data.discarded} discarded; of those behind them ${data.retried.applied} applied. A reconcile shows what the copy lacks now.`;
      session.answer({ data, text });
    });
}

const pathOf = (module: string): string => `/modules/${encodeURIComponent(module)}/parked`;

function listText({ parked }: z.infer<typeof parkedSchema>): string {
  if (parked.length === 0) return good("nothing is parked");
  return renderTable(
    [
      "id",
      "state",
      "lanes",
      "tables",
      { title: "changes", align: "right" },
      { title: "tries", align: "right" },
      "since",
      "why",
    ],
    parked.map((one) => [
      one.id,
      one.state === "failed" ? bad("failed") : doubtful("waits"),
      one.lanes.join(" "),
      one.tables.join(" "),
      String(one.changes),
      String(one.tries),
      minuteOf(one.parkedAt),
      one.message ?? "",
    ]),
  );
}
