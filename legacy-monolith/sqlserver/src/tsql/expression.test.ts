import { describe, expect, it } from "vitest";
import { SqlError } from "../contract.ts";
import type { Expression } from "./ast.ts";
import { parse, parseExpression } from "./parse.ts";

/** A tree as one line, so that precedence can be seen. */
function shown(node: Expression): string {
  switch (node.kind) {
    case "literal":
      return node.type === "string" || node.type === "nstring" ? `'${node.text}'` : node.text || node.type;
    case "variable":
    case "global":
      return node.name;
    case "column":
      return node.parts.join(".");
    case "unary":
      return `(${node.operator} ${shown(node.operand)})`;
    case "binary":
      return `(${shown(node.left)} ${node.operator} ${shown(node.right)})`;
    case "like":
      return `(${shown(node.value)}${node.negated ? " !" : " "}like ${shown(node.pattern)}${node.escape ? ` esc ${shown(node.escape)}` : ""})`;
    case "between":
      return `(${shown(node.value)}${node.negated ? " !" : " "}between ${shown(node.low)} ${shown(node.high)})`;
    case "in":
      return `(${shown(node.value)}${node.negated ? " !" : " "}in ${node.query ? "query" : node.list?.map(shown).join(",")})`;
    case "isNull":
      return `(${shown(node.value)} is${node.negated ? " not" : ""} null)`;
    case "call":
      return `${node.name}(${node.star ? "*" : (node.distinct ? "distinct " : "") + node.args.map(shown).join(",")})${node.over ? "over" : ""}`;
    case "case":
      return `case${node.operand ? ` ${shown(node.operand)}` : ""}${node.whens.map((w) => ` ${shown(w.when)}:${shown(w.then)}`).join("")}${node.otherwise ? ` else ${shown(node.otherwise)}` : ""}`;
    case "cast":
      return `${node.attempt ? "try_" : ""}cast(${shown(node.value)} ${JSON.stringify(node.type)}${node.style ? ` ${shown(node.style)}` : ""})`;
    case "collate":
      return `${shown(node.value)}~${node.collation}`;
    case "compareAll":
      return `(${shown(node.value)} ${node.operator} ${node.quantifier})`;
    default:
      return node.kind;
  }
}

function failure(run: () => unknown): SqlError {
  try {
    run();
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
  throw new Error("no error");
}

describe("expressions", () => {
  it.each([
    ["1 + 2 * 3", "(1 + (2 * 3))"],
    ["1 - 2 - 3", "((1 - 2) - 3)"],
    ["(1 + 2) * -3", "((1 + 2) * (- 3))"],
    ["a & 1 + b | 2", "(((a & 1) + b) | 2)"],
    ["~a % 2", "((~ a) % 2)"],
    ["a = 1 or b = 2 and not c = 3", "((a = 1) or ((b = 2) and (not (c = 3))))"],
    ["not a = 1 and b = 2", "((not (a = 1)) and (b = 2))"],
    ["not (a = 1 and b = 2)", "(not ((a = 1) and (b = 2)))"],
    ["a + b between 1 and 2 and c is not null", "(((a + b) between 1 2) and (c is not null))"],
    ["a not like 'x[%]%' escape '\\'", "(a !like 'x[%]%' esc '\\')"],
    ["a not in (1, 2 + 3)", "(a !in 1,(2 + 3))"],
    ["a in (select 1)", "(a in query)"],
    ["((a)) = ((1))", "(a = 1)"],
    ["a <> all (select 1)", "(a <> all)"],
    ["a = some (select 1)", "(a = any)"],
    ["exists (select 1) or exists(select 2)", "(exists or exists)"],
    ["@X + @@ROWCOUNT", "(@x + @@rowcount)"],
    ["dbo.t.[a b]", "dbo.t.a b"],
    ["n collate Latin1_General_CS_AS like N'x'", "(n~Latin1_General_CS_AS like 'x')"],
    ["IIF(a is null, 1, 0)", "case (a is null):1 else 0"],
    ["case a when 1 then 'x' else 'y' end", "case a 1:'x' else 'y'"],
    ["case when a = 1 or b = 2 then null end", "case ((a = 1) or (b = 2)):null"],
    ["COUNT(*)", "count(*)"],
    ["count(distinct a)", "count(distinct a)"],
    ["sum(all a)", "sum(a)"],
    ["row_number() over (partition by a, b order by c desc)", "row_number()over"],
    ["left(a, 3) + RIGHT(b, 2)", "(left(a,3) + right(b,2))"],
    ["coalesce(a, nullif(b, ''))", "coalesce(a,nullif(b,''))"],
    ["sys.fn_cdc_get_min_lsn('x')", "sys.fn_cdc_get_min_lsn('x')"],
    ["DATEADD(day, -1, GETDATE())", "dateadd(day,(- 1),getdate())"],
    ["CURRENT_TIMESTAMP", "current_timestamp()"],
    ["UPDATE(LName)", "updated"],
    ["cast(a as varchar)", 'cast(a {"name":"varchar","length":30})'],
    ["convert(varchar(10), a, 101)", 'cast(a {"name":"varchar","length":10} 101)'],
    ["try_convert(decimal(9,2), a)", 'try_cast(a {"name":"decimal","precision":9,"scale":2})'],
    ["cast(a as double precision)", 'cast(a {"name":"float"})'],
    ["-2147483648", "(- 2147483648)"],
    ["$12.5 + 1e3 + 0xFF", "((12.5 + 1e3) + ff)"],
    ["'' + N'x'", "('' + 'x')"],
    ["[left]([b])", "left(b)"],
  ])("%s", (text, tree) => {
    expect(shown(parseExpression(text))).toBe(tree);
  });

  it.each([
    ["a = b = c", 102, "Incorrect syntax near '='."],
    ["a and b = 1", 4145],
    ["(a = b) + 1", 102],
    ["not a", 4145],
    ["case when 1 then 2 end", 4145],
    ["a is null is null", 156],
    ["f(a = 1)", 102],
    ["case end", 156],
    ["a between 1", 102],
    ["a not 1", 102],
    ["", 102],
    ["a b", 102],
    ["cast(a as foo)", 243],
    ["cast(a as decimal(39))", 2750],
    ["cast(a as decimal(5,6))", 192],
    ["cast(a as varchar(8001))", 131],
    ["cast(a as int(4))", 2716],
    ["cast(a as datetime2(8))", 1002],
    ["cast(a as char(max))", 102],
    ["select", 156],
  ] as const)("refuses %s", (text, number, message?: string) => {
    const error = failure(() => parseExpression(text));
    expect(error.number).toBe(number);
    if (message !== undefined) expect(error.message).toBe(message);
  });

  it.each([
    ["a at time zone 'UTC'", "AT TIME ZONE"],
    ["{fn now()}", "ODBC escape {…}"],
    ["sum(a) over (order by b rows unbounded preceding)", "window frame (ROWS, RANGE)"],
    ["cast(a as xml)", "type xml"],
    ["next value for s", "NEXT VALUE FOR"],
    ["string_agg(a, ',') within group (order by a)", "WITHIN GROUP"],
    ["geography::Point(1, 2, 3)", "static method call (::)"],
    ["parse('1' as int)", "PARSE"],
  ])("refuses %s by name", (text, construct) => {
    expect(failure(() => parseExpression(text))).toMatchObject({
      number: 40000,
      message: `not supported by the simulator: ${construct}`,
    });
  });

  it("bounds nesting and the length of operator chains", () => {
    const nested = (depth: number) => `${"(".repeat(depth)}1${")".repeat(depth)}`;
    expect(shown(parseExpression(nested(150)))).toBe("1");
    expect(failure(() => parseExpression(nested(20_000))).number).toBe(191);
    expect(failure(() => parseExpression(`${"-".repeat(1)} ${"- ".repeat(5_000)}1`)).number).toBe(191);
    const chain = (length: number) => Array.from({ length }, () => "a = 1").join(" or ");
    expect(parseExpression(chain(900)).kind).toBe("binary");
    expect(failure(() => parseExpression(chain(5_000))).number).toBe(191);
    expect(failure(() => parse(`${"if 1 = 1 ".repeat(10_000)} print 1`)).number).toBe(191);
    expect(failure(() => parse(`select * from ${"(select * from ".repeat(5_000)} t`)).number).toBe(191);
    expect(failure(() => parse(`select 1 ${"union select 1 ".repeat(5_000)}`)).number).toBe(191);
  });
});
