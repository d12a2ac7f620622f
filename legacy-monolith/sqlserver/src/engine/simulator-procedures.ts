/**
 * Procedures that only the simulator has, for tests and for the workspace: copies of databases through the engine's
 * template mechanism, and faults on demand. A real server answers them with 2812.
 */

import { SqlError, type SqlType, type SqlValue } from "../contract.ts";
import { parseFault } from "./faults.ts";
import { sqlErrors } from "./messages.ts";
import type { SimulatedServer } from "./server.ts";
import { type ProcedureParameter, type SystemProcedure, sysname } from "./system-procedure.ts";

const text: SqlType = { name: "nvarchar", length: 4000 };
const int: SqlType = { name: "int" };
const optional = (name: string, type: SqlType): ProcedureParameter => ({ name, type, fallback: null });

/** Kinds that are about a database's capture job and happen at once. */
const captureFaults: Readonly<Record<string, string>> = {
  "capture-stopped": "SELECT capture.want_job('capture', false)",
  "capture-resumed": "SELECT capture.want_job('capture', true)",
  "cleanup-now": "SELECT capture.want_job('cleanup', true)",
};

/**
 * Sets a fault, given names without @: see `parseFault`; or, for the kinds of capture, acts on `database` now.
 * @throws SqlError 40000, 911
 */
export async function applyFault(
  server: SimulatedServer,
  input: ReadonlyMap<string, string | null | undefined>,
): Promise<void> {
  const sql = captureFaults[input.get("kind")?.trim().toLowerCase() ?? ""];
  if (!sql) {
    server.faults.add(parseFault(input, Object.keys(captureFaults)));
    return;
  }
  const name = input.get("database") ?? "";
  const database = server.database(name);
  if (!database) throw sqlErrors.noDatabase(name);
  await server.inDatabase(database, sql, []);
}

export function simulatorProcedures(server: () => SimulatedServer): readonly SystemProcedure[] {
  return [
    {
      name: "sp_sim_clone_database",
      parameters: [
        { name: "@source", type: sysname },
        { name: "@target", type: sysname },
      ],
      atomic: false,
      async run(context, args) {
        if (context.inTransaction) throw sqlErrors.notInTransaction("sp_sim_clone_database");
        await server().cloneDatabase(required(args.get("@source")), required(args.get("@target")));
      },
    },
    {
      name: "sp_sim_fault",
      parameters: [
        { name: "@kind", type: sysname },
        optional("@pattern", text),
        optional("@nth", int),
        optional("@times", int),
        optional("@ms", int),
        optional("@number", int),
        optional("@severity", int),
        optional("@message", text),
        optional("@database", sysname),
      ],
      atomic: false,
      async run(context, args) {
        const input = new Map([...args].map(([name, value]) => [name.slice(1), value]));
        if (!input.get("database")) input.set("database", context.database);
        await applyFault(server(), input);
      },
    },
    {
      name: "sp_sim_fault_reset",
      parameters: [],
      atomic: false,
      async run() {
        server().faults.reset();
      },
    },
  ];
}

function required(value: SqlValue | undefined): string {
  if (!value) throw new SqlError(40000, 16, "a database name is empty");
  return value;
}
