/** `banyan sync`: how far the copies of the legacy data are, and preparing, checking and copying anew. */

import type { Command } from "commander";
import { z } from "zod";
import { bad, doubtful, faint, good, renderTable, strong } from "../output/table.ts";
import { ago, spanOf } from "../output/time.ts";
import type { Session } from "../session.ts";
import { type ChangeOptions, withReason } from "../written-change.ts";

const tableSchema = z.looseObject({
  table: z.string(),
  state: z.string(),
  copiedRows: z.number(),
  totalRows: z.number().nullable(),
  stopped: z.looseObject({ code: z.string(), message: z.string() }).nullable(),
});
const serviceSchema = z.looseObject({
  service: z.string(),
  module: z.string(),
  state: z.string(),
  trouble: z.looseObject({ code: z.string(), message: z.string(), hint: z.string(), since: z.string() }).nullable(),
  watermarkAgeMs: z.number().nullable(),
  lagMs: z.number().nullable(),
  parked: z.looseObject({ transactions: z.number() }),
  changesPerSecond: z.number(),
  copiedPerSecond: z.number(),
  retentionHeadroomMs: z.number().nullable(),
  tables: z.array(tableSchema),
  unmappedColumns: z.array(z.string()),
});
type ServiceView = z.infer<typeof serviceSchema>;
const syncSchema = z.looseObject({
  leading: z.string().nullable(),
  adapters: z.array(
    z.looseObject({
      url: z.string(),
      failure: z.string().optional(),
      status: z.looseObject({ standing: z.string() }).optional(),
    }),
  ),
  services: z.array(serviceSchema),
});
const findingsSchema = z.looseObject({
  findings: z.array(z.looseObject({ level: z.string(), topic: z.string(), what: z.string(), next: z.string() })),
});
const enableSchema = z.looseObject({
  done: z.array(z.string()),
  refused: z.looseObject({ why: z.string(), errorNumber: z.number().optional() }).optional(),
  left: z.array(z.looseObject({ why: z.string(), sql: z.string() })),
});

export function addSync(program: Command, session: Session): void {
  const sync = program
    .command("sync")
    .description("show how far behind the legacy database each service's copy is")
    .action(async () => {
      const view = await session.control().call({ op: "banyan sync", path: "/sync" }, syncSchema);
      session.answer({ data: view, text: syncText(view, new Date()), failed: view.leading === null });
    });
  sync
    .command("check")
    .description("name everything the legacy database lacks for the sync")
    .action(async () => {
      const view = await session.control().call({ op: "banyan sync check", path: "/sync/check" }, findingsSchema);
      const lines = view.findings.map(
        ({ level, what, next }) =>
          `${level === "missing" ? bad("missing") : doubtful("warning")}  ${what}\n  ${faint(next)}`,
      );
      const failed = view.findings.some(({ level }) => level === "missing");
      session.answer({ data: view, text: lines.length === 0 ? good("nothing is missing") : lines.join("\n"), failed });
    });
  withReason(sync.command("enable"))
    .description("prepare the legacy database, or print the T-SQL for a DBA")
    .option("--print", "print the whole script and do nothing")
    .option("--login <name>", "log-in the printed grants are for", "banyan_adapter")
    .action(async (options: ChangeOptions & { readonly print?: boolean; readonly login: string }) =>
      options.print ? printScript(session, options.login) : enable(session, options),
    );
  withReason(sync.command("copy"))
    .argument("<module>")
    .description("copy a module's legacy tables anew while changes go on flowing")
    .option("--table <name...>", "only these tables")
    .option("--new-era", "the legacy database was restored: everything copied is newer than all there is")
    .action(
      async (module: string, options: ChangeOptions & { readonly table?: string[]; readonly newEra?: boolean }) => {
        const control = session.control();
        const op = `banyan sync copy ${module}`;
        const ifMatch = options.ifRevision ?? (await control.newestRevision(op));
        const body = { tables: options.table ?? [], newEra: options.newEra ?? false, reason: options.reason };
        const path = `/modules/${encodeURIComponent(module)}/sync/copy`;
        const data = await control.call(
          { op, method: "POST", path, body, ifMatch },
          z.looseObject({ tables: z.array(z.string()) }),
        );
        session.answer({
          data,
          text: `${strong(module)}: copying ${data.tables.join(", ")}; \`banyan sync\` shows how far it is`,
        });
      },
    );
}

async function printScript(session: Session, login: string): Promise<void> {
  const path = `/sync/script?login=${encodeURIComponent(login)}`;
  const data = await session
    .control()
    .call({ op: "banyan sync enable --print", path }, z.looseObject({ script: z.string() }));
  session.answer({ data, text: data.script.trimEnd() });
}

async function enable(session: Session, { reason, ifRevision }: ChangeOptions): Promise<void> {
  const control = session.control();
  const op = "banyan sync enable";
  const ifMatch = ifRevision ?? (await control.newestRevision(op));
  const data = await control.call(
    { op, method: "POST", path: "/sync/enable", body: { reason }, ifMatch },
    enableSchema,
  );
  const done = data.done.map((line) => `${good("done")}  ${line}`);
  const left = data.left.map(({ why, sql }) => `-- ${why}\n${sql};\nGO`);
  const refused = data.refused
    ? [bad(`refused: ${data.refused.why} (error ${data.refused.errorNumber ?? "?"})`), "  A DBA has to run:", ...left]
    : [];
  session.answer({ data, text: [...done, ...refused].join("\n"), failed: data.refused !== undefined });
}

function syncText(view: z.infer<typeof syncSchema>, now: Date): string {
  const adapters = view.adapters.map(
    ({ url, status, failure }) =>
      `  ${url}  ${url === view.leading ? good("leads") : doubtful(failure ?? status?.standing ?? "not heard of")}`,
  );
  if (view.services.length === 0) return [bad("no adapter leads"), ...adapters].join("\n");
  const rows = view.services.map((one) => [
    strong(one.module),
    one.state === "following" ? good(one.state) : bad(one.state),
    one.watermarkAgeMs === null ? doubtful("not whole") : `${spanOf(one.watermarkAgeMs)} ago`,
    one.parked.transactions === 0 ? "0" : bad(String(one.parked.transactions)),
    String(one.changesPerSecond),
    one.retentionHeadroomMs === null ? "" : spanOf(one.retentionHeadroomMs),
  ]);
  return [
    renderTable(["module", "sync", "holds all before", "parked", "changes/s", "room until clean-up"], rows),
    ...view.services.flatMap((one) => detailsOf(one, now)),
    faint("adapters"),
    ...adapters,
  ].join("\n");
}

function detailsOf(service: ServiceView, now: Date): string[] {
  const { trouble, tables, unmappedColumns, copiedPerSecond } = service;
  return [
    ...(trouble
      ? [
          `  ${strong(service.module)}: ${trouble.message} (since ${ago(trouble.since, now)}) [${trouble.code}]`,
          `    ${faint(trouble.hint)}`,
        ]
      : []),
    ...tables
      .filter(({ state }) => state === "copying")
      .map(
        (one) =>
          `  ${one.table.padEnd(16)} ${bar(one.copiedRows, one.totalRows)} ${one.copiedRows} of ${one.totalRows ?? "?"} rows, ${copiedPerSecond}/s`,
      ),
    ...tables.flatMap((one) =>
      one.stopped ? [`  ${bad("stopped")} ${one.table}: ${one.stopped.message} [${one.stopped.code}]`] : [],
    ),
    ...(unmappedColumns.length > 0
      ? [`  ${doubtful("new columns that nothing maps")}: ${unmappedColumns.join(", ")}`]
      : []),
  ];
}

const barWidth = 24;

/** A progress bar of text. */
function bar(done: number, total: number | null): string {
  const share = total === null || total === 0 ? 0 : Math.min(done / total, 1);
  const full = Math.round(share * barWidth);
  return `[${"=".repeat(full)}${" ".repeat(barWidth - full)}]`;
}
