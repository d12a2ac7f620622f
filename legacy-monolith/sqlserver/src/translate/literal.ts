/** Literals as PostgreSQL text. Types after "Constants (Transact-SQL)". */

import type { Expression } from "../tsql/ast.ts";
import { quoteText, type Typed } from "./typed.ts";
import { decimal, float, int, money, nvarchar, varchar } from "./types.ts";

type Literal = Extract<Expression, { kind: "literal" }>;

export function literal({ type, text }: Literal): Typed {
  switch (type) {
    case "null":
      return { sql: "NULL", type: int, nullable: true, literal: null };
    case "int":
      return { sql: text, type: int, nullable: false, literal: text, digits: text.length };
    case "decimal": {
      const [whole = "", fraction = ""] = text.split(".");
      const digits = whole.replace(/^0+/, "").length;
      const type = decimal(Math.max(1, digits + fraction.length), fraction.length);
      return {
        sql: `${text.startsWith(".") ? "0" : ""}${text.replace(/\.$/, "")}::numeric`,
        type,
        nullable: false,
        literal: text,
      };
    }
    case "float":
      return { sql: `'${text}'::float8`, type: float, nullable: false, literal: text };
    case "money":
      return { sql: `${text === "" ? "0" : text}::numeric(19,4)`, type: money, nullable: false, literal: text };
    case "string":
      return {
        sql: `${quoteText(text)}::bpchar COLLATE sim.ci`,
        type: varchar(text.length),
        nullable: false,
        literal: text,
      };
    case "nstring":
      return {
        sql: `${quoteText(text)}::bpchar COLLATE sim.ci`,
        type: nvarchar(text.length),
        nullable: false,
        literal: text,
      };
    case "binary":
      return {
        sql: `'\\x${text}'::bytea`,
        type: { name: "varbinary", length: Math.max(1, text.length / 2) },
        nullable: false,
        literal: text,
      };
  }
}
