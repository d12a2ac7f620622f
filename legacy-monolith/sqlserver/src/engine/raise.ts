/** RAISERROR's message formatting and the messages of PRINT, RAISERROR and THROW. Source: "RAISERROR (Transact-SQL)". */

import { notSupported, SqlError, type SqlType, type SqlValue } from "../contract.ts";
import type { Expression, Statement } from "../tsql/ast.ts";
import { Failure } from "./failure.ts";
import type { Frame, Interpreter } from "./interpreter.ts";
import { sqlErrors } from "./messages.ts";
import type { SessionCore } from "./session-core.ts";

export type FormatArgument = { readonly value: SqlValue; readonly isString: boolean };

const specification =
  /%(?<flags>[-+ #0]*)(?<width>\d+|\*)?(?:\.(?<precision>\d+|\*))?(?<size>h|l|I64)?(?<type>[diosuxX%])/g;

/**
 * C's printf as RAISERROR has it: %d %i %u %o %x %X %s, flags, width and precision; NULL is `(null)`.
 * @throws SqlError 2786 (a value of the wrong type), 2787 (a bad specification)
 */
function formatMessage(template: string, args: readonly FormatArgument[]): string {
  const rest = [...args];
  const star = (text: string | undefined): number | undefined =>
    text === "*" ? Number(rest.shift()?.value ?? 0) : text === undefined ? undefined : Number(text);
  let position = 0;
  const text = template.replaceAll(specification, (_, ...groups) => {
    const { flags, width, precision, type } = groups.at(-1) as Record<string, string | undefined>;
    if (type === "%") return "%";
    const total = star(width) ?? 0;
    const digits = star(precision);
    const argument = rest.shift();
    position += 1;
    const body = formatted(type ?? "s", argument, digits, flags ?? "", position);
    if (flags?.includes("-")) return body.padEnd(total);
    return flags?.includes("0") && type !== "s" ? body.padStart(total, "0") : body.padStart(total);
  });
  return text.slice(0, 2047);
}

function formatted(
  type: string,
  argument: FormatArgument | undefined,
  digits: number | undefined,
  flags: string,
  position: number,
): string {
  if (!argument || argument.value === null) return "(null)";
  if ((type === "s") !== argument.isString) {
    throw new SqlError(
      2786,
      16,
      `The data type of substitution parameter ${position} does not match the expected type of the format specification.`,
    );
  }
  if (type === "s") return digits === undefined ? argument.value : argument.value.slice(0, digits);
  const value = BigInt(argument.value);
  const unsigned = value < 0n ? value + (1n << 32n) : value;
  const text =
    type === "x" || type === "X"
      ? (flags.includes("#") && value !== 0n ? "0x" : "") + unsigned.toString(16)
      : type === "o"
        ? unsigned.toString(8)
        : type === "u"
          ? unsigned.toString()
          : (flags.includes("+") && value >= 0n ? "+" : "") + value.toString();
  const padded = digits === undefined ? text : text.padStart(digits, "0");
  return type === "X" ? padded.toUpperCase() : padded;
}

/** RAISERROR: up to severity 10 a message, above it an error that by itself ends nothing. @throws Failure, SqlError 2754 */
export async function raise(
  interpreter: Interpreter,
  statement: Extract<Statement, { kind: "raiserror" }>,
  frame: Frame,
): Promise<void> {
  if (statement.message.kind === "literal" && statement.message.type === "int") {
    throw notSupported("RAISERROR with a message number");
  }
  const number = async (expression: Expression): Promise<number> =>
    Number((await interpreter.value(expression, frame, { name: "int" })).value ?? 0);
  const template = (await interpreter.value(statement.message, frame, text)).value ?? "";
  const severity = Math.max(0, await number(statement.severity));
  const state = Math.min(255, Math.abs(await number(statement.state)));
  if (severity > 18) {
    throw new SqlError(
      2754,
      16,
      "Error severity levels greater than 18 can only be specified by members of the sysadmin role, using the WITH LOG option.",
    );
  }
  const args: FormatArgument[] = [];
  for (const argument of statement.args) {
    const { value, type } = await interpreter.value(argument, frame);
    args.push({ value, isString: /char|text/.test(type.name) });
  }
  const message = formatMessage(template, args);
  const { state: session } = interpreter.core;
  session.rowCount = 0;
  if (severity > 10) throw new Failure(new SqlError(50000, severity, message, { state }), { raised: true });
  frame.sink.message({ number: 50000, severity, state, text: message, line: statement.line });
  if (statement.options.includes("seterror")) session.errorNumber = 50000;
  frame.sink.done({ kind: "other" });
}

/** THROW with arguments: always severity 16, always ends the batch. @throws Failure */
export async function throwError(
  interpreter: Interpreter,
  statement: Extract<Statement, { kind: "throw" }>,
  frame: Frame,
): Promise<never> {
  const value = async (expression: Expression | undefined, type: SqlType): Promise<SqlValue> =>
    expression ? (await interpreter.value(expression, frame, type)).value : null;
  const number = Number((await value(statement.number, { name: "int" })) ?? 0);
  if (number < 50000) {
    throw new SqlError(
      35100,
      16,
      `Error number ${number} in the THROW statement is outside the valid range. Specify an error number in the valid range of 50000 to 2147483647.`,
    );
  }
  const message = (await value(statement.message, text)) ?? "";
  const state = Number((await value(statement.state, { name: "int" })) ?? 0);
  throw thrown(new SqlError(number, 16, message, { state, line: statement.line }), interpreter.core);
}

/** THROW alone: the error being handled, with its own number and line. @throws Failure, SqlError 10704 */
export function rethrow(core: SessionCore): never {
  const caught = core.state.caught.at(-1);
  if (!caught) throw sqlErrors.throwOutsideCatch();
  const { number, severity, state, line, procedure } = caught;
  const error = new SqlError(number, severity, caught.text, {
    state,
    line,
    ...(procedure === undefined ? {} : { procedure }),
  });
  throw thrown(error, core);
}

const thrown = (error: SqlError, core: SessionCore): Failure =>
  new Failure(error, { effect: core.state.options.xactAbort ? "transaction" : "batch" });

const text: SqlType = { name: "nvarchar", length: 4000 };
