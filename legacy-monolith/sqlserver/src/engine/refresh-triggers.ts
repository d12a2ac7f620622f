/**
 * A trigger's function is made for the columns as they were. After ALTER TABLE the triggers that speak of the table are
 * made again, from their T-SQL, as SQL Server compiles them again when they next run.
 */

import { SqlError } from "../contract.ts";
import { translate } from "../translate/index.ts";
import type { Statement } from "../tsql/ast.ts";
import { parse } from "../tsql/parse.ts";
import type { Frame, Interpreter } from "./interpreter.ts";

export async function refreshTriggers(
  interpreter: Interpreter,
  altered: Extract<Statement, { kind: "alterTable" }>,
  frame: Frame,
): Promise<void> {
  const { executor } = interpreter.core;
  const run = interpreter.runOf(frame);
  const rows = await executor.query(
    "SELECT o.definition FROM sim.objects o JOIN sim.triggers t USING (object_id) WHERE NOT t.is_disabled AND strpos(lower(o.definition), $1) > 0 ORDER BY o.object_id",
    [altered.name.at(-1)?.toLowerCase() ?? ""],
    run,
  );
  for (const [definition] of rows) {
    const [trigger] = parse(definition ?? "");
    if (trigger?.kind !== "createTrigger") continue;
    const environment = await executor.environment(frame.scope);
    try {
      const plan = translate({ ...trigger, mode: "alter" }, environment);
      if (plan.kind === "ddl") await executor.runDdl(plan, run);
    } catch (error) {
      // It no longer fits the table: SQL Server, too, finds out only when the trigger runs. The old function fails then.
      if (!(error instanceof SqlError)) throw error;
    }
  }
}
