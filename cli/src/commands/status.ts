/** `banyan status`: the newest revision, each module's stage and owner, and which replicas run it. */

import { describeStage } from "@banyan/routing-rules";
import type { Command } from "commander";
import { type ModuleView, type StatusView, statusSchema } from "../control-answers.ts";
import { freezeTable } from "./freeze.ts";
import { bad, clean, counted, doubtful, faint, good, renderTable, strong } from "../output/table.ts";
import { replicasTable } from "../output/replicas-table.ts";
import { ago } from "../output/time.ts";
import type { Session } from "../session.ts";

export function addStatus(program: Command, session: Session): void {
  program
    .command("status")
    .description("show every module's stage and which replicas run the newest revision")
    .action(async () => {
      const control = session.control();
      const status = await control.call({ op: "banyan status", path: "/status" }, statusSchema);
      session.answer({ data: status, text: statusText(status, control.url, new Date()) });
    });
}

function statusText(status: StatusView, url: string, now: Date): string {
  const { by, of, waitingFor } = status.acknowledged;
  const reach = `acknowledged by ${by} of ${counted(of, "replica")}`;
  const late = waitingFor.length === 0 ? "" : `, waiting for ${waitingFor.join(", ")}`;
  const subject = status.module === null ? status.kind : `${status.kind} ${status.module}`;
  const columns = ["module", "stage", "owner", { title: "epoch", align: "right" }, "sync", "last move"] as const;
  const windows =
    status.freezeWindows.length === 0 ? [] : ["", strong("freeze windows"), freezeTable(status.freezeWindows, now)];
  return [
    `${strong(`revision ${status.revision}`)}  ${of > 0 && by === of ? good(reach) : doubtful(reach + late)}  ${faint(url)}`,
    `${subject} by ${clean(status.who)}, ${ago(status.at, now)}: ${clean(status.reason)}`,
    "",
    renderTable(
      columns,
      status.modules.map((module) => [
        module.module,
        stageCell(module),
        module.owner,
        String(module.epoch),
        syncCell(module),
        moveCell(module, now),
      ]),
    ),
    "",
    replicasTable(status.replicas, now),
    ...windows,
  ].join("\n");
}

function stageCell({ stage, fenced, movable }: ModuleView): string {
  if (!movable) return faint("legacy (fixed)");
  const text = describeStage(stage);
  if (fenced) return bad(`${text}, fenced`);
  return stage.name === "legacy" ? text : strong(text);
}

/** What is not known is said to be so: it is no zero. */
function syncCell({ condition, movable }: ModuleView): string {
  if (!movable) return "";
  if (condition === null || condition.watermarkAgeMs === null) return faint("no data yet");
  return condition.hasParkedKey ? bad("key parked") : `${condition.watermarkAgeMs} ms behind`;
}

function moveCell({ lastMove }: ModuleView, now: Date): string {
  return lastMove ? `${ago(lastMove.since, now)} by ${clean(lastMove.who)}: ${clean(lastMove.reason)}` : "";
}
