/** What can be told from a statement's syntax tree alone: declarations, constants, mentions of table variables. */

import type { SqlType, SqlValue } from "../contract.ts";
import type { Expression, Statement } from "../tsql/ast.ts";
import { Failure } from "./failure.ts";
import { sqlErrors } from "./messages.ts";
import type { Frame } from "./interpreter.ts";
import type { Scope } from "./session-state.ts";

/** Variables exist from the start of their batch, whatever branch declares them. @throws SqlError 134 */
export function hoist(statements: readonly Statement[], scope: Scope): void {
  const declared = new Set(scope.types.keys());
  const visit = (statement: Statement): void => {
    switch (statement.kind) {
      case "declare":
        for (const { name, type } of statement.variables) {
          if (declared.has(name)) throw new Failure(sqlErrors.alreadyDeclared(name));
          declared.add(name);
          scope.declare(name, type);
        }
        break;
      case "block":
        statement.statements.forEach(visit);
        break;
      case "if":
        visit(statement.then);
        if (statement.otherwise) visit(statement.otherwise);
        break;
      case "while":
        visit(statement.body);
        break;
      case "try":
        statement.body.forEach(visit);
        statement.handler.forEach(visit);
        break;
      default:
    }
  };
  statements.forEach(visit);
}

/** Literals that are already what is wanted need no round trip. */
export function constantValue(
  expression: Expression,
  type: SqlType | undefined,
): { value: SqlValue; type: SqlType } | undefined {
  if (expression.kind !== "literal") return undefined;
  if (expression.type === "null") return { value: null, type: type ?? { name: "int" } };
  const wanted = type ?? constantTypes[expression.type]?.(expression.text);
  if (!wanted) return undefined;
  const isText =
    expression.type === "nstring" || (expression.type === "string" && /^[\x20-\x7e]*$/.test(expression.text));
  const fits =
    (isText &&
      wanted.name === "nvarchar" &&
      (wanted.length === -1 || expression.text.length <= (wanted.length ?? 0))) ||
    (expression.type === "int" && wanted.name === "int");
  return fits ? { value: expression.text, type: wanted } : undefined;
}

const constantTypes: Readonly<Record<string, (text: string) => SqlType>> = {
  int: () => ({ name: "int" }),
  nstring: (text) => ({ name: "nvarchar", length: Math.max(1, text.length) }),
};

export function writesTableVariable(statement: Statement): boolean {
  const target = "target" in statement && statement.target.kind === "variable";
  const into = "output" in statement ? statement.output?.into : undefined;
  return target || (into !== undefined && "variable" in into);
}

export function mentionsTableVariable(statement: Statement, frame: Frame): boolean {
  const text = frame.text.slice(statement.start, statement.end).toLowerCase();
  return [...frame.scope.tableVariables.keys()].some((name) => text.includes(name));
}

const writtenOut = new WeakMap<object, Expression>();

/** `SET @x += e` is `SET @x = @x + e`; the same tree each time, because plans are kept by tree. */
export function assignedValue(statement: Extract<Statement, { kind: "setVariable" }>): Expression {
  if (statement.operator === "=") return statement.value;
  const known = writtenOut.get(statement);
  if (known) return known;
  const operator = statement.operator.slice(0, 1) as "+" | "-" | "*" | "/";
  const left: Expression = { kind: "variable", name: statement.name };
  const expression: Expression = { kind: "binary", operator, left, right: statement.value };
  writtenOut.set(statement, expression);
  return expression;
}
