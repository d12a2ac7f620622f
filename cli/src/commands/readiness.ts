/** `banyan readiness MODULE`: what stands between a module and its next stage. A gate without data is not ready, and says so. */

import { describeStage } from "@banyan/routing-rules";
import type { Command } from "commander";
import { type ReadinessView, readinessSchema } from "../control-answers.ts";
import { bad, doubtful, faint, good, renderTable, strong } from "../output/table.ts";
import type { Session } from "../session.ts";

export function addReadiness(program: Command, session: Session): void {
  program
    .command("readiness")
    .argument("<module>")
    .description("show which gates stand before the next stage, and which have no data yet")
    .action(async (module: string) => {
      const path = `/modules/${encodeURIComponent(module)}/readiness`;
      const view = await session.control().call({ op: `banyan readiness ${module}`, path }, readinessSchema);
      session.answer({ data: view, text: readinessText(view) });
    });
}

function readinessText(view: ReadinessView): string {
  const blind = view.gates.filter((gate) => gate.state === "no data").length;
  const move = view.mayMove
    ? good("control would make this move now")
    : [
        bad("control would refuse this move"),
        `    why   ${view.refusal?.why ?? ""}`,
        `    next  ${view.refusal?.hint ?? ""}`,
      ].join("\n");
  const verdict = view.ready ? good("ready") : doubtful("not ready");
  const blindText =
    blind === 0 ? "" : `: ${blind} of ${view.gates.length} gates have no data yet, and no data is not ready`;
  return [
    `${strong(view.module)}  ${describeStage(view.from)} -> ${describeStage(view.to)}`,
    `  ${move}`,
    `  its data may change owner: ${verdict}${blindText}`,
    "",
    renderTable(
      ["gate", "state", "value", "threshold", "why"],
      view.gates.map((gate) => [
        gate.gate,
        stateCell(gate.state),
        gate.value ?? "-",
        faint(gate.threshold ?? ""),
        faint(gate.why ?? ""),
      ]),
    ),
  ].join("\n");
}

function stateCell(state: string): string {
  if (state === "ready" || state === "pass") return good(state);
  return state === "no data" ? doubtful(state) : bad(state);
}
