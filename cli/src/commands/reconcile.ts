/** `banyan reconcile MODULE`: compares both stores row by row, waits for the end, and prints what differs; repairs when asked. */

import type { Command } from "commander";
import { z } from "zod";
import type { ControlClient } from "../control-client.ts";
import { limits } from "../limits.ts";
import { bad, doubtful, faint, good, renderTable, strong } from "../output/table.ts";
import type { Session } from "../session.ts";

const count = z.number();
const reportSchema = z.looseObject({
  id: z.string(),
  state: z.enum(["queued", "running", "done", "failed"]),
  failure: z.string().nullable(),
  tables: z.array(
    z.looseObject({
      table: z.string(),
      sourceRows: count,
      targetRows: count,
      inFlight: count,
      missing: count,
      extra: count,
      different: count,
      repaired: count,
      refused: count,
    }),
  ),
  differences: z.array(
    z.looseObject({
      table: z.string(),
      key: z.array(z.unknown()),
      kind: z.string(),
      columns: z.array(z.string()),
      repair: z.string(),
    }),
  ),
});
type Report = z.infer<typeof reportSchema>;

export function addReconcile(program: Command, session: Session): void {
  program
    .command("reconcile")
    .argument("<module>")
    .description("compare both stores of a module row by row")
    .option("--repair", "mend the copy from the legacy database")
    .option("--reason <text>", "why, for the audit trail")
    .action(async (module: string, options: { readonly repair?: boolean; readonly reason?: string }) => {
      const control = session.control();
      const op = `banyan reconcile ${module}`;
      const path = `/modules/${encodeURIComponent(module)}/reconcile`;
      const body = {
        repair: options.repair ?? false,
        ...(options.reason === undefined ? {} : { reason: options.reason }),
      };
      const ifMatch = await control.newestRevision(op);
      const { id } = await control.call({ op, method: "POST", path, body, ifMatch }, z.looseObject({ id: z.string() }));
      const report = await ended(control, op, `${path}s/${id}`);
      const open = report.tables.reduce((sum, one) => sum + one.missing + one.extra + one.different - one.repaired, 0);
      session.answer({
        data: report,
        text: reportText(module, report, open),
        failed: report.state !== "done" || open > 0,
      });
    });
}

async function ended(control: ControlClient, op: string, path: string): Promise<Report> {
  for (let look = 0; ; look += 1) {
    const report = await control.call({ op, path }, reportSchema);
    if (report.state === "done" || report.state === "failed" || look >= limits.reconcileLooks) return report;
    await new Promise((resolve) => setTimeout(resolve, limits.reconcileLookMs));
  }
}

function reportText(module: string, report: Report, open: number): string {
  if (report.state === "failed") return bad(`the reconcile was given up: ${report.failure ?? ""}`);
  if (report.state !== "done") return doubtful(`still ${report.state}; look again later (${report.id})`);
  const rows = report.tables.map((one) => [
    one.table,
    String(one.sourceRows),
    String(one.targetRows),
    ...[one.missing, one.extra, one.different].map((n) => (n === 0 ? "0" : bad(String(n)))),
    String(one.inFlight),
    String(one.repaired),
    String(one.refused),
  ]);
  const right = (title: string) => ({ title, align: "right" as const });
  const titles = ["legacy rows", "rows here", "missing", "extra", "different", "in flight", "repaired", "refused"];
  return [
    `${strong(module)}  ${open === 0 ? good("both stores agree") : bad(`${open} rows differ`)}`,
    renderTable(["table", ...titles.map(right)], rows),
    ...report.differences.map(
      (one) =>
        `  ${one.kind.padEnd(9)} ${one.table} ${JSON.stringify(one.key)} ${one.columns.join(", ")} ${faint(one.repair === "none" ? "" : `repair ${one.repair}`)}`,
    ),
  ].join("\n");
}
