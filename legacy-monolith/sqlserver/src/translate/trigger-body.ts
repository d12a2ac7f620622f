/**
 * A trigger's T-SQL body as PL/pgSQL. Variables keep their names ("@x" can be no column), statements are translated as
 * everywhere, with `inserted` and `deleted` as transition tables. What a trigger cannot do here is refused when it is
 * created. Differences to know: a result set is refused, ROLLBACK ends the trigger at once (so that only RETURN,
 * RAISERROR and PRINT may stand behind it), temporary tables, EXECUTE and TRY are refused.
 */

import { notSupported, SqlError, type SqlType } from "../contract.ts";
import type { Expression, Statement } from "../tsql/ast.ts";
import type { Table } from "./catalog.ts";
import { convert } from "./coercion.ts";
import { condition, value } from "./expressions.ts";
import type { Environment, Plan } from "./plan.ts";
import { Scope } from "./scope.ts";
import { newTranslation } from "./queries.ts";
import { quote, quoteText, type Translation } from "./typed.ts";
import { int, isString, nvarchar, pgType } from "./types.ts";

/** How often a MERGE … WITH (HOLDLOCK) is run again when another writer was first to insert the key. */
const duplicateRetriesMax = 5;

type Of<K extends Statement["kind"]> = Extract<Statement, { kind: K }>;
export type TriggerEvent = "insert" | "update" | "delete";

/** Of translate.ts, which calls this file and so cannot be imported. */
export type TranslateData = (statement: Statement, environment: Environment) => Plan;

export type TriggerSource = {
  /** As declared, for messages. */
  readonly name: string;
  readonly table: Table;
  readonly event: TriggerEvent;
  readonly body: readonly Statement[];
};

/** Does a tree hold a node like that? */
export function mentions(
  tree: unknown,
  wanted: (node: { readonly kind?: unknown; readonly name?: unknown }) => boolean,
): boolean {
  if (typeof tree !== "object" || tree === null) return false;
  return wanted(tree) || Object.values(tree).some((part) => mentions(part, wanted));
}

/** @returns text of a PL/pgSQL function body. @throws SqlError as CREATE TRIGGER would; 40000 for what is not supported */
export function triggerBody(
  source: TriggerSource,
  env: Pick<Environment, "catalog" | "database">,
  translateData: TranslateData,
): string {
  return new BodyWriter(source, env, translateData).text();
}

class BodyWriter {
  private readonly source: TriggerSource;
  private readonly environment: Environment;
  private readonly variables = new Map<string, SqlType>();
  private readonly declarations: string[] = [];
  private readonly countsRows: boolean;
  private readonly translateData: TranslateData;
  private scratches = 0;

  constructor(
    source: TriggerSource,
    { catalog, database }: Pick<Environment, "catalog" | "database">,
    translateData: TranslateData,
  ) {
    this.source = source;
    this.translateData = translateData;
    this.countsRows = mentions(source.body, (node) => node.kind === "global" && node.name === "@@rowcount");
    this.environment = {
      catalog,
      database,
      variables: this.variables,
      tableVariables: new Map(),
      tempTables: new Map(),
      trigger: { table: source.table, event: source.event, variable: (name) => this.reference(name) },
    };
  }

  text(): string {
    const { name, table, event } = this.source;
    const own = quoteText(`${table.schema}.${name}`.toLowerCase());
    const body = this.list(this.source.body, true);
    const rows = event === "delete" ? "deleted" : "inserted";
    if (this.countsRows) this.declarations.push(`"$rowcount" int8 := (SELECT count(*) FROM ${rows});`);
    return `
DECLARE
  "$updated" text := coalesce(current_setting('sim.updated_columns', true), '');
  "$caller" text := coalesce(current_setting('sim.trigger', true), '');
  "$identity" numeric;
  ${this.declarations.join("\n  ")}
BEGIN
  -- RECURSIVE_TRIGGERS is OFF: its own statements do not fire it again. Bulk loads fire none.
  IF "$caller" = ${own} OR current_setting('sim.fire_triggers', true) = 'off' THEN RETURN NULL; END IF;
  PERFORM sim.check_nesting();
  PERFORM set_config('sim.trigger', ${own}, true);
  <<body>>
  BEGIN
${body}
  END;
  PERFORM set_config('sim.trigger', "$caller", true), set_config('sim.updated_columns', "$updated", true);
  RETURN NULL;
END`;
  }

  /** PL/pgSQL's name of a variable or global. */
  private reference(name: string): string {
    if (name.startsWith("@@")) {
      if (name === "@@rowcount") return '"$rowcount"';
      throw notSupported(`${name.toUpperCase()} inside a trigger`);
    }
    if (name === "scope_identity()") return '"$identity"';
    if (!name.startsWith("@")) throw notSupported(`${name.toUpperCase()} inside a trigger`);
    return quote(name);
  }

  private addVariable(name: string, type: SqlType): void {
    this.declarations.push(`${quote(name)} ${isString(type) ? "bpchar COLLATE sim.ci" : pgType(type)};`);
  }

  private scratch(type: SqlType): string {
    this.scratches += 1;
    const name = `$v${this.scratches}`;
    this.addVariable(name, type);
    return quote(name);
  }

  /** @param isTail nothing of the trigger runs after this list */
  private list(statements: readonly Statement[], isTail: boolean): string {
    const lines = statements.map((statement, i) => {
      const rest = statements.slice(i + 1);
      if (statement.kind === "rollback") return this.rollback(statement, rest, isTail);
      return this.one(statement, isTail && rest.length === 0, rest);
    });
    return lines.length === 0 ? "NULL;" : lines.join("\n");
  }

  private one(statement: Statement, isTail: boolean, rest: readonly Statement[]): string {
    try {
      return this.translated(statement, isTail || (rest.length > 0 && rest[0]?.kind === "return"));
    } catch (error) {
      if (error instanceof SqlError && error.line === 0) error.line = statement.line;
      throw error;
    }
  }

  private translated(statement: Statement, isTail: boolean): string {
    switch (statement.kind) {
      case "block":
        return this.list(statement.statements, isTail);
      case "declare":
        return statement.variables.map((variable) => this.declaration(variable)).join("\n");
      case "setVariable":
        return this.assignment(statement);
      case "setOption":
        return this.option(statement);
      case "query":
      case "insert":
      case "update":
      case "delete":
      case "merge":
        return this.data(statement);
      case "if":
        return this.branch(statement, isTail);
      case "while":
        return `WHILE ${this.test(statement.condition)} LOOP\n${this.list([statement.body], false)}\nEND LOOP;`;
      case "break":
        return "EXIT;";
      case "continue":
        return "CONTINUE;";
      case "return":
        return "EXIT body;";
      case "print":
        return this.message(
          { number: "0", severity: "0", state: "1", text: this.text2047(statement.value) },
          statement,
        );
      case "raiserror":
        return this.raise(statement);
      case "throw":
        return this.throw(statement);
      default:
        throw notSupported(`${named[statement.kind] ?? statement.kind.toUpperCase()} inside a trigger`);
    }
  }

  private declaration({ name, type, value: initial }: Of<"declare">["variables"][number]): string {
    if (this.variables.has(name)) {
      const text = `The variable name '${name}' has already been declared. Variable names must be unique within a query batch or stored procedure.`;
      throw new SqlError(134, 15, text);
    }
    const text = initial ? `${quote(name)} := ${this.expression(initial, type)};${this.counted("1")}` : "NULL;";
    this.variables.set(name, type);
    this.addVariable(name, type);
    return text;
  }

  private assignment({ name, operator, value: right }: Of<"setVariable">): string {
    const type = this.variables.get(name);
    if (!type) throw new SqlError(137, 15, `Must declare the scalar variable "${name}".`, { state: 1 });
    const left: Expression = { kind: "variable", name };
    const full: Expression =
      operator === "=" ? right : { kind: "binary", operator: operator.charAt(0) as "+", left, right };
    return `${quote(name)} := ${this.expression(full, type)};${this.counted("1")}`;
  }

  private option({ option, value: setting }: Of<"setOption">): string {
    if (option === "nocount" || (option === "xact_abort" && setting === "on")) return "NULL;";
    throw notSupported(`SET ${option.toUpperCase()} ${setting.toUpperCase()} inside a trigger`);
  }

  private branch({ condition: test, then, otherwise }: Of<"if">, isTail: boolean): string {
    const taken = `IF ${this.test(test)} THEN${this.counted("0")}\n${this.list([then], isTail)}`;
    const other = otherwise ? `\nELSE${this.counted("0")}\n${this.list([otherwise], isTail)}` : "";
    return `${taken}${other}\nEND IF;`;
  }

  private counted(rows: string): string {
    return this.countsRows ? ` "$rowcount" := ${rows};` : "";
  }

  private data(statement: Of<"query" | "insert" | "update" | "delete" | "merge">): string {
    const plan = this.translateData(statement, this.environment);
    if (plan.columns) throw notSupported("a result set from inside a trigger");
    const before = (plan.before ?? []).map(performed);
    const text = this.run(plan);
    return [...before, plan.retryDuplicate ? retried(text) : text].join("\n");
  }

  /** Values that come back (assigned variables, the identity) are taken row by row, so that the last row wins. */
  private run(plan: Plan): string {
    const assigns = plan.assigns ?? [];
    const width = assigns.length + (plan.identityIndex === undefined ? 0 : 1);
    if (width === 0) return `${plan.sql};${this.countsRows ? ' GET DIAGNOSTICS "$rowcount" = ROW_COUNT;' : ""}`;
    const targets: string[] = [];
    const sets: string[] = [];
    for (const { variable, index } of assigns) {
      targets[index] = this.scratch(this.variables.get(variable) ?? int);
      sets.push(`${quote(variable)} := ${targets[index]};`);
    }
    if (plan.identityIndex !== undefined) {
      targets[plan.identityIndex] = this.scratch({ name: "numeric", precision: 38, scale: 0 });
      sets.push(
        `"$identity" := ${targets[plan.identityIndex]}; PERFORM set_config('sim.identity', "$identity"::text, false);`,
      );
    }
    const count = this.countsRows ? ' "$rowcount" := "$rowcount" + 1;' : "";
    return `${this.countsRows ? '"$rowcount" := 0; ' : ""}FOR ${targets.join(", ")} IN ${plan.sql} LOOP ${sets.join(" ")}${count} END LOOP;`;
  }

  private expression(expression: Expression, type: SqlType): string {
    const t = newTranslation(this.environment);
    return this.plain(convert(value(expression, new Scope(), t), type).sql, t);
  }

  private test(expression: Expression): string {
    const t = newTranslation(this.environment);
    return this.plain(condition(expression, new Scope(), t), t);
  }

  private plain(sql: string, t: Translation): string {
    if (t.before.size > 0) throw notSupported("lock hints in a condition or assignment inside a trigger");
    return sql;
  }

  private text2047(expression: Expression): string {
    return `coalesce((${this.expression(expression, nvarchar(2047))})::text, '')`;
  }

  private message(m: { number: string; severity: string; state: string; text: string }, at: Statement): string {
    const name = quoteText(this.source.name);
    return `PERFORM sim.raise_message(${m.number}, ${m.severity}, ${m.state}, ${m.text}, ${name}, ${at.line});${this.counted("0")}`;
  }

  private raise(statement: Of<"raiserror">): string {
    const { message, severity, state, args } = statement;
    if (message.kind === "literal" && message.type === "int") throw notSupported("RAISERROR with a message number");
    const text = args.length > 0 ? this.formatted(message, args) : this.text2047(message);
    return this.message(
      { number: "50000", severity: this.expression(severity, int), state: this.expression(state, int), text },
      statement,
    );
  }

  /** `%d`, `%i`, `%u` and `%s` of a constant message, put together where the trigger runs. */
  private formatted(message: Expression, args: readonly Expression[]): string {
    if (message.kind !== "literal")
      throw notSupported("RAISERROR with arguments and a message that is not a constant, inside a trigger");
    const rest = [...args];
    const parts = message.text.split(/(%[-+#0-9.*]*(?:h|l|I64)?[a-zA-Z%])/);
    const shown = parts.map((part) => {
      if (!part.startsWith("%")) return quoteText(part);
      if (part === "%%") return quoteText("%");
      if (!["%d", "%i", "%u", "%s"].includes(part)) throw notSupported(`RAISERROR's ${part} inside a trigger`);
      const argument = rest.shift();
      if (!argument) return quoteText("(null)");
      const type = part === "%s" ? nvarchar(2047) : int;
      return `coalesce((${this.expression(argument, type)})::text, '(null)')`;
    });
    return `left(${shown.join(" || ")}, 2047)`;
  }

  private throw(statement: Of<"throw">): string {
    const { number, message, state } = statement;
    if (!number || !message || !state) throw notSupported("THROW without arguments inside a trigger");
    const args = [this.expression(number, int), this.expression(state, int), this.text2047(message)];
    return `PERFORM sim.throw(${args.join(", ")}, ${quoteText(this.source.name)}, ${statement.line});`;
  }

  /** Messages that stand behind ROLLBACK are sent before it. */
  private rollback(statement: Of<"rollback">, rest: readonly Statement[], isTail: boolean): string {
    if (statement.name !== undefined) throw notSupported("ROLLBACK to a savepoint inside a trigger");
    const end = rest.findIndex(({ kind }) => kind === "return");
    const messages = end < 0 ? rest : rest.slice(0, end);
    if (messages.some(({ kind }) => kind !== "raiserror" && kind !== "print") || (end < 0 && !isTail)) {
      throw notSupported("statements that run after ROLLBACK inside a trigger");
    }
    const sent = messages.map((message) => this.translated(message, false));
    return [...sent, `PERFORM sim.trigger_rollback(${quoteText(this.source.name)}, ${statement.line});`].join("\n");
  }
}

/** Names of refused statements where the tree's own would not be understood. */
const named: Partial<Record<Statement["kind"], string>> = {
  try: "TRY",
  begin: "BEGIN TRANSACTION",
  declareTable: "a table variable",
  createTable: "CREATE TABLE",
  dropTable: "DROP TABLE",
  alterTable: "ALTER TABLE",
};

const performed = (sql: string): string => (sql.startsWith("SELECT ") ? `PERFORM ${sql.slice(7)};` : `${sql};`);

function retried(statement: string): string {
  return `FOR "$try" IN 1 .. ${duplicateRetriesMax} LOOP
  BEGIN
    ${statement}
    EXIT;
  EXCEPTION WHEN unique_violation THEN
    IF "$try" = ${duplicateRetriesMax} THEN RAISE; END IF;
  END;
END LOOP;`;
}
