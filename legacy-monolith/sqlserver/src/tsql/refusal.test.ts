import { describe, expect, it } from "vitest";
import { SqlError } from "../contract.ts";
import { parse } from "./parse.ts";

function failure(text: string): SqlError {
  try {
    parse(text);
  } catch (error) {
    if (error instanceof SqlError) return error;
    throw error;
  }
  throw new Error("no error");
}

describe("syntax errors", () => {
  it.each([
    ["selec * from t", 102, "Incorrect syntax near '*'."],
    ["select 1 +", 102, "Incorrect syntax near '+'."],
    ["select * from", 102, "Incorrect syntax near 'from'."],
    ["select * from t where", 102, "Incorrect syntax near 'where'."],
    ["select a,, b from t", 102, "Incorrect syntax near ','."],
    ["select from t", 156, "Incorrect syntax near the keyword 'from'."],
    ["select * from t Where and", 156, "Incorrect syntax near the keyword 'and'."],
    ["select * from t t2 t3", 102, "Incorrect syntax near 't3'."],
    ["select (1", 102, "Incorrect syntax near '1'."],
    ["select 1)", 102, "Incorrect syntax near ')'."],
    ["update t set", 102, "Incorrect syntax near 'set'."],
    ["insert into t values 1", 102, "Incorrect syntax near '1'."],
    ["begin select 1", 102, "Incorrect syntax near '1'."],
    ["begin end", 156, "Incorrect syntax near the keyword 'end'."],
    ["select 1 where 1", 4145, undefined],
    ["select 1 select 2 with x as (select 1 a) select 1 from x", 319, undefined],
    ["select 1; declare @x int throw 50000, 'x', 1", 102, "Incorrect syntax near 'throw'."],
    ["merge t using s on t.a = s.a when matched then delete", 10713, undefined],
    ["select 1; create view v as select 1 a", 111, "'CREATE VIEW' must be the first statement in a query batch."],
    ["select 1; create trigger x on t after insert as select 1", 111, undefined],
    ["create view v as select a from t order by a", 1033, undefined],
    ["select * from (select a from t order by a) x", 1033, undefined],
    ["select top 1 with ties a from t", 1062, undefined],
    ["select top 1 a from t order by a offset 1 rows", 10741, undefined],
    ["select top @n a from t", 102, "Incorrect syntax near '@n'."],
    ["set foo on", 195, "'foo' is not a recognized SET option."],
    ["select * from t with (foo)", 321, undefined],
    ["declare @x foo", 2715, "Column, parameter, or variable #1: Cannot find data type foo."],
    ["exec p 1 output", 179, undefined],
    ["select * from changetable(changes t, 1)", 22104, undefined],
    ["insert into t values (1, 2), (3)", 10709, undefined],
    ["select 1\nfrom t\nwhere a = = 1", 102, "Incorrect syntax near '='."],
    ["select * from a.b.c.d.e", 117, undefined],
    ["create table t (", 102, "Incorrect syntax near '('."],
    ["create table t (a)", 102, "Incorrect syntax near ')'."],
    ["use db\nGO\nselect 1", 102, "Incorrect syntax near 'GO'."],
  ])("%j", (text, number, message) => {
    const error = failure(text);
    expect(error.number).toBe(number);
    expect(error.line).toBeGreaterThan(0);
    if (message !== undefined) expect(error.message).toBe(message);
  });

  it("names the line", () => {
    expect(failure("select 1\nselect 2\n\nselect ,").line).toBe(4);
  });

  it("has the limit of 1000 rows in VALUES", () => {
    const rows = (count: number) => `insert t values ${Array.from({ length: count }, () => "(1)").join(",")}`;
    expect(parse(rows(1000))).toHaveLength(1);
    expect(failure(rows(1001)).number).toBe(10738);
  });
});

describe("constructs outside the subset are refused by name", () => {
  it.each([
    ["declare c cursor for select 1", "CURSOR"],
    ["declare @c cursor", "CURSOR"],
    ["fetch next from c", "CURSOR (FETCH)"],
    ["create procedure p as select 1", "CREATE PROCEDURE"],
    ["create proc p as select 1", "CREATE PROCEDURE"],
    ["create function f() returns int as begin return 1 end", "CREATE FUNCTION"],
    ["alter procedure p as select 1", "ALTER PROCEDURE"],
    ["drop procedure p", "DROP PROCEDURE"],
    ["create type t from int", "CREATE TYPE"],
    ["create sequence s", "CREATE SEQUENCE"],
    ["select 1 for xml path('')", "FOR XML"],
    ["select 1 for json auto", "FOR JSON"],
    ["select * from t pivot (sum(a) for b in ([1])) p", "PIVOT"],
    ["select * from t cross apply f(t.a) x", "CROSS APPLY"],
    ["select * from t outer apply f(t.a) x", "OUTER APPLY"],
    ["select * from openjson(@j)", "OPENJSON"],
    ["select * from openrowset('a', 'b', 'c')", "OPENROWSET"],
    ["select a from t option (recompile)", "OPTION (query hints)"],
    ["select a from t group by rollup (a)", "GROUP BY ROLLUP"],
    ["select a from t group by a with cube", "GROUP BY … WITH CUBE"],
    ["select * from t with (index(1))", "table hint INDEX"],
    ["select * from a inner hash join b on a.i = b.i", "join hint HASH"],
    ["create trigger x on t instead of insert as select 1", "INSTEAD OF triggers"],
    ["create trigger x on database for create_table as select 1", "triggers on a database or server"],
    ["create view v with schemabinding as select 1 a", "CREATE VIEW … WITH SCHEMABINDING"],
    ["create table t (a int sparse)", "column option SPARSE"],
    ["create table t (a int) on [primary]", "CREATE TABLE … ON"],
    ["create table t (a xml)", "type xml"],
    ["alter table t nocheck constraint c", "ALTER TABLE … NOCHECK CONSTRAINT"],
    ["goto x", "GOTO"],
    ["x: select 1", "GOTO label"],
    ["execute as user = 'x'", "EXECUTE AS"],
    ["exec ('x') at srv", "EXECUTE … AT linked server"],
    ["waitfor time '10:00'", "WAITFOR TIME"],
    ["begin distributed transaction", "BEGIN DISTRIBUTED"],
    ["backup database x to disk = 'y'", "BACKUP"],
    ["bulk insert t from 'f'", "BULK INSERT"],
    ["with xmlnamespaces ('x' as y) select 1", "WITH XMLNAMESPACES"],
    ["update t set a.write('x', 0, 1)", "UPDATE … SET WRITE(…)"],
    ["delete t where current of c", "WHERE CURRENT OF (CURSOR)"],
    ["merge top (1) t using s on 1 = 1 when matched then delete;", "MERGE TOP"],
  ])("%s", (text, construct) => {
    expect(failure(text)).toMatchObject({ number: 40000, message: `not supported by the simulator: ${construct}` });
  });
});
