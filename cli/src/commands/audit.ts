/**
 * `banyan audit`: who changed or tried to change what, newest first; `--access`: who asked for whose data, as the proxies
 * recorded it; `--verify` recomputes the hash chains of both.
 */

import { AppError, pseudonymWith } from "@banyan/kernel";
import type { Command } from "commander";
import { type AccessView, accessSchema, type AuditView, auditSchema, verificationSchema } from "../control-answers.ts";
import { findAuditKey } from "../find-control.ts";
import { limits } from "../limits.ts";
import { bad, clean, counted, doubtful, faint, good, renderTable } from "../output/table.ts";
import { minuteOf } from "../output/time.ts";
import type { Outcome, Session } from "../session.ts";
import { countOption, instantOption } from "../written-change.ts";

type AuditOptions = {
  readonly verify?: boolean;
  readonly module?: string;
  readonly limit: number;
  readonly before?: number;
  readonly access?: boolean;
  readonly patient?: string;
  readonly who?: string;
  readonly since?: string;
  readonly until?: string;
};

export function addAudit(program: Command, session: Session): void {
  program
    .command("audit")
    .description("show who changed or tried to change what, and why")
    .option("--verify", "check that no entry was changed, removed or moved; exit code 1 if one was")
    .option("--module <module>", "entries of one module")
    .option("--limit <n>", "how many entries", countOption, limits.auditEntriesDefault)
    .option("--before <n>", "entries below this number, to page back", countOption)
    .option("--access", "who asked for patient data, in place of who changed the routing; asking is recorded")
    .option("--patient <number>", "with --access: of one patient, by number")
    .option("--who <user>", "with --access: of one user")
    .option("--since <time>", "with --access: from then on", instantOption)
    .option("--until <time>", "with --access: before then", instantOption)
    .action(async (options: AuditOptions) => {
      if (options.verify) return session.answer(await verified(session));
      return session.answer(options.access ? await accesses(session, options) : await listed(session, options));
    });
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
  const { access } = view;
  const rows = counted(view.rows, "entry", "entries");
  const events = `${counted(access.events, "event")} in ${counted(access.batches, "batch", "batches")}`;
  const gaps =
    access.dropped === 0 ? "" : `; ${doubtful(`${access.dropped} more could not be kept by their replicas`)}`;
  const problems = [
    ...view.problems.map(({ seq, problem }) => `  changes, entry ${seq}: ${problem}`),
    ...access.problems.map(({ batch, problem }) => `  accesses, batch ${batch}: ${problem}`),
  ];
  const text = view.intact
    ? [
        `${good("intact")}  ${rows} of changes, each follows from the one before`,
        `${good("intact")}  ${events} of accesses${gaps}`,
        `  ${faint(`last hashes ${view.headHash || "none"} and ${access.headHash || "none"}: kept elsewhere, they prove later that nothing was changed`)}`,
      ].join("\n")
    : [
        `${bad("broken")}  ${rows} of changes, ${events} of accesses, ${counted(problems.length, "problem")}`,
        ...problems,
        "  Keep the database as it is and compare it with a backup.",
      ].join("\n");
  return { data: view, text, failed: !view.intact };
}

async function accesses(session: Session, options: AuditOptions): Promise<Outcome> {
  const { module, limit, before, who, since, until } = options;
  const query = new URLSearchParams({ limit: String(limit) });
  const patient = options.patient === undefined ? undefined : pseudonymOf(session, options.patient);
  for (const [name, value] of Object.entries({ module, before, who, since, until, patient }))
    if (value !== undefined) query.set(name, String(value));
  const view = await session
    .control()
    .call({ op: "banyan audit --access", path: `/access-events?${query.toString()}` }, accessSchema);
  return { data: view, text: accessText(view) };
}

/** The number stays on this machine; control is asked for the pseudonym. @throws AppError AUDIT_KEY_UNKNOWN */
function pseudonymOf(session: Session, patient: string): string {
  const key = findAuditKey(session.config);
  if (key !== undefined) return pseudonymWith(key)("patient", patient);
  throw new AppError({
    code: "AUDIT_KEY_UNKNOWN",
    op: "banyan audit --access --patient",
    message: "audit events name patients by pseudonym, and the key of the pseudonyms is not known here",
    hint: "Set BANYAN_AUDIT_KEY to the one the proxies run with, or run where `npm start` wrote its file.",
  });
}

function accessText({ events }: AccessView): string {
  if (events.length === 0) return faint("no event");
  return renderTable(
    ["when", "who", "rule", "did", { title: "status", align: "right" }, "by", "because", "patient", "request"],
    events.map((event) => [
      minuteOf(event.at),
      event.kind === "staff" ? clean(event.who ?? "") : event.kind,
      event.rule,
      event.effect,
      String(event.status),
      event.by,
      event.reason,
      event.patient?.slice(0, 8) ?? "",
      event.requestId.slice(0, 8),
    ]),
  );
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
