/** `banyan audit`: who did or tried what, newest first; `--verify` recomputes the hash chain over the whole trail. */

import type { Command } from "commander";
import { type AuditView, auditSchema, verificationSchema } from "../control-answers.ts";
import { limits } from "../limits.ts";
import { bad, clean, counted, faint, good, renderTable } from "../output/table.ts";
import { minuteOf } from "../output/time.ts";
import type { Outcome, Session } from "../session.ts";
import { countOption } from "../written-change.ts";

type AuditOptions = {
  readonly verify?: boolean;
  readonly module?: string;
  readonly limit: number;
  readonly before?: number;
};

export function addAudit(program: Command, session: Session): void {
  program
    .command("audit")
    .description("show who changed or tried to change what, and why")
    .option("--verify", "check that no entry was changed, removed or moved; exit code 1 if one was")
    .option("--module <module>", "entries of one module")
    .option("--limit <n>", "how many entries", countOption, limits.auditEntriesDefault)
    .option("--before <n>", "entries below this number, to page back", countOption)
    .action(async (options: AuditOptions) =>
      session.answer(options.verify ? await verified(session) : await listed(session, options)),
    );
}

async function listed(session: Session, { module, limit, before }: AuditOptions): Promise<Outcome> {
  const query = new URLSearchParams({ limit: String(limit) });
  if (module !== undefined) query.set("module", module);
  if (before !== undefined) query.set("before", String(before));
  const view = await session.control().call({ op: "banyan audit", path: `/audit?${query.toString()}` }, auditSchema);
  return { data: view, text: auditText(view) };
}

async function verified(session: Session): Promise<Outcome> {
  const view = await session.control().call({ op: "banyan audit --verify", path: "/audit/verify" }, verificationSchema);
  const rows = counted(view.rows, "entry", "entries");
  const text = view.intact
    ? `${good("intact")}  ${rows}, each follows from the one before\n  ${faint(`last hash ${view.headHash}: kept elsewhere, it proves later that nothing was changed`)}`
    : [
        `${bad("broken")}  ${rows}, ${counted(view.problems.length, "problem")}`,
        ...view.problems.map(({ seq, problem }) => `  entry ${seq}: ${problem}`),
        "  Keep the database as it is and compare it with a backup.",
      ].join("\n");
  return { data: view, text, failed: !view.intact };
}

function auditText({ entries }: AuditView): string {
  if (entries.length === 0) return faint("no entry");
  return renderTable(
    [
      { title: "no", align: "right" },
      "when",
      "who",
      "action",
      "module",
      "outcome",
      { title: "revision", align: "right" },
      "reason",
    ],
    entries.map((entry) => [
      String(entry.seq),
      minuteOf(entry.at),
      `${clean(entry.who)} (${entry.role})`,
      entry.action,
      entry.module ?? "",
      entry.outcome === "done" ? good("done") : bad(`refused ${codeOf(entry.details)}`.trimEnd()),
      entry.revision === null ? "" : String(entry.revision),
      clean(entry.reason ?? ""),
    ]),
  );
}

function codeOf({ code }: Readonly<Record<string, unknown>>): string {
  return typeof code === "string" ? clean(code) : "";
}
