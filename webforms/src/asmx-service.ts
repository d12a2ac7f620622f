/**
 * What a web service (`.asmx`) is; `C` is the context its methods are given. One definition of a method's parameters and result serves JSON, SOAP 1.1, `?wsdl` and `/js`.
 */

import type { PageContext } from "./page.ts";

/** `datetime` values are wall dates; `money` is decimal text such as `12.5000`; null is allowed for every kind. */
export type ScalarKind = "int" | "string" | "boolean" | "datetime" | "money";

export type ResultKind =
  | ScalarKind
  | { readonly name: string; readonly fields: Readonly<Record<string, ScalarKind>> }
  | {
      readonly listOf: { readonly name: string; readonly fields: Readonly<Record<string, ScalarKind>> } | ScalarKind;
    };

export type AsmxArguments = {
  /** "" when null. */
  string(name: string): string;
  /** 0 when null. */
  int(name: string): number;
  boolean(name: string): boolean;
  /** Decimal text, "0" when null. */
  money(name: string): string;
};

type AsmxCall = {
  readonly protocol: "json" | "soap";
  readonly args: AsmxArguments;
  /** Elements of the SOAP header by local name (the pharmacy network's key). */
  readonly soapHeaders: Readonly<Record<string, string>>;
};

export type AsmxMethod<C = PageContext> = {
  /** In declared order; all must be present in a JSON call, as ASP.NET demands. SOAP leaves absent ones at their default. */
  readonly params: Readonly<Record<string, "int" | "string" | "boolean" | "money">>;
  readonly result: ResultKind;
  /** Gives the result as plain data. Throw `WebMethodError` for a business error. */
  run(ctx: C, call: AsmxCall): Promise<unknown>;
};

export type AsmxService<C = PageContext> = {
  /** `PatientService`. */
  readonly name: string;
  /** Protocols it answers; default both. */
  readonly protocols?: readonly ("json" | "soap")[];
  readonly methods: Readonly<Record<string, AsmxMethod<C>>>;
};

/** A business error: JSON 500 `{"Message","StackTrace","ExceptionType"}`, or a SOAP fault. The message must hold no patient data. */
export class WebMethodError extends Error {
  readonly exceptionType: string;

  constructor(message: string, exceptionType = "System.ApplicationException") {
    super(message);
    this.exceptionType = exceptionType;
  }
}
