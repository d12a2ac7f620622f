/**
 * `banyan stage`, `rollback`, `kill`: moves of a module. Each is based on the newest revision unless `--if-revision` names
 * the one that was looked at, and shows which replicas run the new one.
 */

import { describeStage, type Stage, stageNames, stageSchema } from "@banyan/routing-rules";
import { Argument, type Command } from "commander";
import { z } from "zod";
import type { ControlClient } from "../control-client.ts";
import { limits } from "../limits.ts";
import { replicasOf, type ReplicaView } from "../control-answers.ts";
import { doubtful, good, strong } from "../output/table.ts";
import { type ChangeOptions, listOption, stageOf, withReason } from "../written-change.ts";
import type { Outcome, Session } from "../session.ts";

const moveSchema = z.object({ revision: z.number(), module: z.string(), from: stageSchema, to: stageSchema });

type MoveOptions = ChangeOptions & {
  readonly percent?: string;
  readonly force?: boolean;
  readonly evict?: readonly string[];
  readonly to?: string;
};

export function addMoves(program: Command, session: Session): void {
  withReason(program.command("stage"))
    .argument("<module>")
    .addArgument(new Argument("<stage>", "one stage at a time").choices(stageNames))
    .description("move a module to a stage next to its own")
    .option("--percent <n>", "share of the cohort, for canary: 0.01 to 100")
    .option("--force", "past a freeze window or a gate that is not ready; audited")
    .action(async (module: string, stage: string, options: MoveOptions) => {
      const body = { stage: stageOf(stage, options.percent), reason: options.reason, force: options.force === true };
      session.answer(await move(session.control(), { verb: "stage", module, body, options }));
    });
  withReason(program.command("rollback"))
    .argument("<module>")
    .description("walk a module back, to legacy unless --to names another stage")
    .addOption(program.createOption("--to <stage>", "stage to go back to").choices(stageNames))
    .option("--percent <n>", "share of the cohort, for --to canary")
    .action(async (module: string, options: MoveOptions) => {
      const to = options.to === undefined ? {} : { to: stageOf(options.to, options.percent) };
      const body = { reason: options.reason, ...to };
      session.answer(await move(session.control(), { verb: "rollback", module, body, options }));
    });
  withReason(program.command("kill"))
    .argument("<module>")
    .description("take a module to legacy at once, at the front of every queue")
    .option("--evict <ids>", "replicas to take out first, separated by commas", listOption)
    .action(async (module: string, options: MoveOptions) => {
      const body = { reason: options.reason, evict: options.evict ?? [] };
      session.answer(await move(session.control(), { verb: "kill", module, body, options }));
    });
}

type Move = {
  readonly verb: "stage" | "rollback" | "kill";
  readonly module: string;
  readonly body: unknown;
  readonly options: MoveOptions;
};

async function move(control: ControlClient, { verb, module, body, options }: Move): Promise<Outcome> {
  const op = `banyan ${verb} ${module}`;
  const ifMatch = options.ifRevision ?? (await control.newestRevision(op));
  const path = `/modules/${encodeURIComponent(module)}/${verb}`;
  const moved = await control.call({ op, method: "POST", path, body, ifMatch }, moveSchema);
  const replicas = await acknowledged(control, moved.revision);
  return { data: { ...moved, replicas }, text: movedText(moved, replicas) };
}

/** Waits, bounded, for the replicas that are alive; a late one is shown as such and not waited for any longer. */
async function acknowledged(control: ControlClient, revision: number): Promise<ReplicaView[]> {
  const deadline = performance.now() + limits.acknowledgeMsMax;
  for (;;) {
    const replicas = await replicasOf(control);
    const behind = replicas.filter((one) => one.standing === "behind" && one.acknowledged < revision);
    if (behind.length === 0 || performance.now() > deadline) return replicas;
    await new Promise((resolve) => setTimeout(resolve, limits.acknowledgePollMs));
  }
}

function movedText(
  { module, from, to, revision }: { module: string; from: Stage; to: Stage; revision: number },
  replicas: readonly ReplicaView[],
): string {
  const alive = replicas.filter((one) => one.standing !== "silent" && one.standing !== "evicted");
  const done = alive.filter((one) => one.acknowledged >= revision);
  const late = alive.filter((one) => one.acknowledged < revision).map((one) => one.id);
  const reach =
    alive.length === 0
      ? doubtful("no replica is registered: nobody serves it yet")
      : late.length === 0
        ? good(`running on ${done.length} of ${alive.length} replicas`)
        : doubtful(`running on ${done.length} of ${alive.length} replicas, not yet on ${late.join(", ")}`);
  return `${strong(module)}  ${describeStage(from)} -> ${strong(describeStage(to))}  (revision ${revision}, ${reach})`;
}
