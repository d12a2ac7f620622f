/** The ScriptService face of an asmx: JSON in, `{"d":…}` out, errors as `{"Message","StackTrace","ExceptionType"}` with status 500. */

import {
  type AsmxArguments,
  type AsmxMethod,
  type AsmxService,
  type ResultKind,
  WebMethodError,
} from "./asmx-service.ts";
import { toInt32, toMoney } from "./format-failure.ts";
import type { Answer, PageContext } from "./page.ts";
import { wallToInstant } from "./wall-time.ts";

/** What reading arguments needs to know of a method. */
type Called = Pick<AsmxMethod, "params">;

const jsonType = "application/json; charset=utf-8";

/** Answers `POST …/Service.asmx/Method`. Business errors and bad arguments are answers; a crash is thrown on to the caller. */
export async function answerJson<C extends PageContext>(
  service: AsmxService<C>,
  methodName: string,
  ctx: C,
): Promise<Answer> {
  const method = Object.hasOwn(service.methods, methodName) ? service.methods[methodName] : undefined;
  if (!method) {
    return jsonError(
      `Unknown web method ${jsonName(methodName)}.\r\nParameter name: methodName`,
      "System.ArgumentException",
    );
  }
  try {
    const args = readArguments(method, ctx.rawBody.toString("utf8"));
    const result = await method.run(ctx, { protocol: "json", args, soapHeaders: {} });
    return { status: 200, contentType: jsonType, headers: noCache, body: `{"d":${toJson(result, method.result)}}` };
  } catch (error) {
    if (error instanceof WebMethodError) {
      return jsonError(error.message, error.exceptionType, `   at EHR.Services.${service.name}.${methodName}()`);
    }
    throw error;
  }
}

const noCache = { "Cache-Control": "private, max-age=0" } as const;

export function jsonError(
  message: string,
  exceptionType: string,
  stackTrace: string | null = "",
  status = 500,
): Answer {
  const body = JSON.stringify({ Message: message, StackTrace: stackTrace, ExceptionType: exceptionType });
  return { status, contentType: jsonType, headers: { ...noCache, jsonerror: "true" }, body: scriptSafe(body) };
}

/** A method name of the URL goes into the message only as far as it looks like one. */
const jsonName = (name: string): string => name.replaceAll(/[^A-Za-z0-9_]/g, "").slice(0, 60);

function readArguments(method: Called, text: string): AsmxArguments {
  let parsed: unknown;
  try {
    parsed = text.trim() === "" ? {} : JSON.parse(text);
  } catch {
    throw new WebMethodError("Invalid JSON primitive.", "System.ArgumentException");
  }
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) {
    throw new WebMethodError("Invalid JSON primitive.", "System.ArgumentException");
  }
  const given = new Map(Object.entries(parsed).map(([name, value]) => [name.toLowerCase(), value as unknown]));
  const values = new Map<string, string>();
  for (const [name, kind] of Object.entries(method.params)) {
    if (!given.has(name.toLowerCase())) {
      throw new WebMethodError(
        `Invalid web service call, missing value for parameter: '${name}'.`,
        "System.InvalidOperationException",
      );
    }
    const value = given.get(name.toLowerCase());
    if (value === null || value === undefined) continue;
    if (typeof value !== "string" && typeof value !== "number" && typeof value !== "boolean")
      throw conversionError(kind);
    values.set(name, String(value));
  }
  return argumentsOf(method, values);
}

const dotNetTypes = {
  int: "System.Int32",
  string: "System.String",
  boolean: "System.Boolean",
  money: "System.Decimal",
};

function conversionError(kind: keyof typeof dotNetTypes): WebMethodError {
  return new WebMethodError(
    `Cannot convert the given value to type '${dotNetTypes[kind]}'`,
    "System.InvalidOperationException",
  );
}

/** Typed access to the values of a call; every value is checked before the method runs. @throws WebMethodError */
export function argumentsOf(method: Called, values: ReadonlyMap<string, string>): AsmxArguments {
  for (const [name, kind] of Object.entries(method.params)) {
    const value = values.get(name);
    if (value === undefined) continue;
    try {
      if (kind === "int") toInt32(name, value);
      if (kind === "money") toMoney(name, value);
    } catch {
      throw conversionError(kind);
    }
    if (kind === "boolean" && !/^(true|false|1|0)$/i.test(value)) throw conversionError(kind);
  }
  return {
    string: (name) => values.get(name) ?? "",
    int: (name) => toInt32(name, values.get(name) ?? "0"),
    boolean: (name) => /^(true|1)$/i.test(values.get(name) ?? ""),
    money: (name) => toMoney(name, values.get(name) ?? "0"),
  };
}

/** A result as JavaScriptSerializer wrote it: fields in declared order, dates as `"\/Date(ms)\/"`, money as number. */
function toJson(value: unknown, kind: ResultKind): string {
  if (value === null || value === undefined) return "null";
  if (typeof kind === "object" && "listOf" in kind) {
    return `[${(value as readonly unknown[]).map((item) => toJson(item, kind.listOf)).join(",")}]`;
  }
  if (typeof kind === "object") {
    const record = value as Readonly<Record<string, unknown>>;
    const members = Object.entries(kind.fields).map(([name, field]) => `"${name}":${toJson(record[name], field)}`);
    return `{${members.join(",")}}`;
  }
  if (kind === "datetime") return `"\\/Date(${wallToInstant(value as Date).getTime()})\\/"`;
  if (kind === "money") return moneyLiteral(value as string | number);
  if (kind === "int") return String(Number(value));
  if (kind === "boolean") return value ? "true" : "false";
  return scriptSafe(JSON.stringify(value));
}

/** Decimal text is a JSON number as it stands, but for a missing leading zero. */
function moneyLiteral(value: string | number): string {
  return Number.isFinite(Number(value)) ? String(value).replace(/^\./, "0.") : "0";
}

/** JavaScriptSerializer escapes what could end a script or an attribute. */
function scriptSafe(json: string): string {
  return json.replaceAll("<", "\\u003c").replaceAll(">", "\\u003e").replaceAll("'", "\\u0027");
}
