import { describe, expect, it } from "vitest";
import type { Query, SelectCore, Statement } from "./ast.ts";
import { parse, parseType, splitDeclarations } from "./parse.ts";

function one<K extends Statement["kind"]>(text: string, kind: K): Statement & { kind: K } {
  const [statement, ...more] = parse(text);
  expect(more).toEqual([]);
  expect(statement?.kind).toBe(kind);
  return statement as Statement & { kind: K };
}

const core = (query: Query) => query.body as SelectCore;
const select = (text: string) => core(one(text, "query").query);
const column = (...parts: string[]) => ({ kind: "column", parts });
const int = (text: string) => ({ kind: "literal", type: "int", text });

describe("SELECT", () => {
  it("knows every form of alias", () => {
    expect(select("select a, b x, c as [y z], d 'w', v = e, t.*, *, @q = 1 from t").items).toEqual([
      { kind: "value", value: column("a") },
      { kind: "value", value: column("b"), alias: "x" },
      { kind: "value", value: column("c"), alias: "y z" },
      { kind: "value", value: column("d"), alias: "w" },
      { kind: "value", value: column("e"), alias: "v" },
      { kind: "star", table: ["t"] },
      { kind: "star" },
      { kind: "assign", variable: "@q", value: int("1") },
    ]);
  });

  it("reads TOP with and without parentheses, PERCENT and WITH TIES", () => {
    expect(select("select distinct top 5 a from t").top).toEqual({ count: int("5"), percent: false, withTies: false });
    expect(select("select top (@n) percent with ties a from t order by a").top).toEqual({
      count: { kind: "variable", name: "@n" },
      percent: true,
      withTies: true,
    });
    expect(select("select top(0) [t].[id] into #out from [t]").into).toEqual(["#out"]);
  });

  it("reads joins, hints, derived tables, value tables, functions and CHANGETABLE", () => {
    const { from } =
      select(`select 1 from dbo.a x with (updlock, holdlock) left outer join b on x.i = b.i cross join c (nolock),
      (select 1 as z) as d(z), (values (1, 'a'), (2, 'b')) v(n, s), @t tv, cdc.fn_x(@a, default) f, changetable(changes dbo.p, @v) ct`);
    expect(from.map((source) => source.kind)).toEqual([
      "join",
      "derived",
      "values",
      "variable",
      "function",
      "changeTable",
    ]);
    expect(from[0]).toMatchObject({
      type: "cross",
      left: {
        type: "left",
        left: { name: ["dbo", "a"], alias: "x", hints: ["updlock", "holdlock"] },
        right: { name: ["b"], hints: [] },
      },
      right: { name: ["c"], hints: ["nolock"] },
    });
    expect(from[2]).toMatchObject({ alias: "v", columns: ["n", "s"] });
    expect(from[5]).toEqual({
      kind: "changeTable",
      table: ["dbo", "p"],
      version: { kind: "variable", name: "@v" },
      alias: "ct",
    });
  });

  it("nests joins whose ON comes late, and joins in parentheses", () => {
    const late = select("select 1 from a join b join c on b.i = c.i on a.i = b.i").from[0];
    expect(late).toMatchObject({ left: { name: ["a"] }, right: { kind: "join", left: { name: ["b"] } } });
    const grouped = select("select 1 from a left join (b inner join c on b.i = c.i) on a.i = b.i").from[0];
    expect(grouped).toMatchObject({ type: "left", right: { kind: "join", type: "inner" } });
  });

  it("lets INTERSECT bind tighter than UNION", () => {
    const { body } = one(
      "select 1 union all select 2 intersect select 3 except (select 4 union select 5)",
      "query",
    ).query;
    expect(body).toMatchObject({
      operator: "except",
      left: { operator: "union all", right: { operator: "intersect" } },
      right: { operator: "union" },
    });
  });

  it("reads grouping, order and paging", () => {
    const { query } = one(
      "select a, count(*) from t where b = 1 group by a having count(*) > 1 order by a desc, 2 offset 10 rows fetch next @n rows only",
      "query",
    );
    expect(core(query)).toMatchObject({ groupBy: [column("a")], having: { operator: ">" }, where: { operator: "=" } });
    expect(query.orderBy.map((order) => order.descending)).toEqual([true, false]);
    expect(query).toMatchObject({ offset: int("10"), fetch: { name: "@n" } });
  });

  it("reads common table expressions", () => {
    const { query } = one("with x (a) as (select 1), y as (select a from x) select * from y", "query");
    expect(query.with.map(({ name, columns }) => [name, columns])).toEqual([
      ["x", ["a"]],
      ["y", undefined],
    ]);
  });
});

describe("INSERT, UPDATE, DELETE, MERGE", () => {
  it.each([
    ["insert into t values (1, default), (2, null)", "values"],
    ["insert t (a, b) select 1, 2 from u", "query"],
    ["insert into [t] (a) output inserted.[id] into #out values (1)", "values"],
    ["insert t default values", "defaults"],
    ["insert into t (a) exec p 1", "execute"],
    ["insert into t with (tablock) (a) (select 1)", "query"],
    ["insert @t select 1", "query"],
  ])("%s", (text, source) => {
    expect(one(text, "insert").source.kind).toBe(source);
  });

  it("reads OUTPUT with stars, aliases and a target", () => {
    const { output } = one("delete from t output deleted.*, deleted.a as b into @x (a, b) where c = 1", "delete");
    expect(output).toEqual({
      items: [
        { kind: "star", table: ["deleted"] },
        { kind: "value", value: column("deleted", "a"), alias: "b" },
      ],
      into: { variable: "@x" },
      intoColumns: ["a", "b"],
    });
  });

  it("reads every assignment of UPDATE", () => {
    const { set, top, from } = one(
      "update top (3) t set a = 1, t.b += 2, @v = c = 3, @w = @w + 1, d %= 4, e = default from t join u on t.i = u.i where a = 1",
      "update",
    );
    expect(top?.count).toEqual(int("3"));
    expect(from).toHaveLength(1);
    expect(set.map(({ column, variable, operator }) => [column, variable, operator])).toEqual([
      [["a"], undefined, "="],
      [["t", "b"], undefined, "+="],
      [["c"], "@v", "="],
      [undefined, "@w", "="],
      [["d"], undefined, "="],
      [["e"], undefined, "="],
    ]);
    expect(set[4]?.value).toMatchObject({ kind: "binary", operator: "%", left: column("d") });
    expect(set[5]?.value).toEqual({ kind: "default" });
  });

  it("tells the two FROM of DELETE apart", () => {
    expect(one("delete t from t inner join u on t.i = u.i", "delete").from).toHaveLength(1);
    expect(one("delete from t where a = 1", "delete").from).toHaveLength(0);
  });

  it("reads MERGE", () => {
    const merge = one(
      `merge into dbo.t with (holdlock) as a using (values (@a, @b)) as s (x, y) on a.x = s.x
       when matched and s.y is null then delete when matched then update set a.y = s.y
       when not matched then insert (x, y) values (s.x, s.y) when not matched by source then delete
       output $action, inserted.x;`,
      "merge",
    );
    expect(merge).toMatchObject({ alias: "a", target: { name: ["dbo", "t"], hints: ["holdlock"] } });
    expect(merge.clauses.map((clause) => [clause.match, clause.action.kind, clause.condition?.kind])).toEqual([
      ["matched", "delete", "isNull"],
      ["matched", "update", undefined],
      ["notMatched", "insert", undefined],
      ["notMatchedBySource", "delete", undefined],
    ]);
    expect(merge.output?.items[0]).toMatchObject({ value: column("$action") });
  });

  it("reads the change tracking context", () => {
    expect(one("with change_tracking_context(@o) update t set a = 1", "update").trackingContext).toMatchObject({
      name: "@o",
    });
    expect(
      one("with change_tracking_context(0x01), x as (select 1 a) insert t select a from x", "insert"),
    ).toMatchObject({
      trackingContext: { text: "01" },
      with: [{ name: "x" }],
    });
  });

  it("reads insert bulk", () => {
    expect(
      one("insert bulk [dbo].[T]([c] nvarchar(50), [d] decimal(18, 2)) with (KEEP_NULLS, order(c asc))", "insertBulk"),
    ).toMatchObject({
      table: ["dbo", "T"],
      columns: [
        { name: "c", type: { name: "nvarchar", length: 50 } },
        { name: "d", type: { name: "decimal", precision: 18, scale: 2 } },
      ],
      options: ["keep_nulls", "order(c asc)"],
    });
  });
});

describe("DDL", () => {
  it("reads columns with their options in any order", () => {
    const text = `CREATE TABLE t (id int IDENTITY(100001, 1) NOT NULL PRIMARY KEY, n AS (SOUNDEX(x)) PERSISTED, x varchar(30) COLLATE Latin1_General_CI_AS
      CONSTRAINT df DEFAULT ('a' + 'b') NOT NULL, m money DEFAULT -1 CHECK (m >= -1), f int NULL CONSTRAINT fk REFERENCES u (id) ON DELETE CASCADE ON UPDATE SET NULL,
      v rowversion, timestamp, CONSTRAINT uq UNIQUE NONCLUSTERED (x ASC, m DESC), FOREIGN KEY (f, x) REFERENCES dbo.w)`;
    const { columns, constraints } = one(text, "createTable");
    expect(columns[0]).toEqual({
      name: "id",
      type: { name: "int" },
      identity: { seed: "100001", increment: "1" },
      nullable: false,
      constraints: [{ kind: "primaryKey", columns: [{ name: "id", descending: false }] }],
    });
    expect(columns[1]?.computed).toMatchObject({ text: "(SOUNDEX(x))", persisted: true });
    expect(columns[2]).toMatchObject({
      collation: "Latin1_General_CI_AS",
      default: { name: "df", text: "('a' + 'b')" },
      nullable: false,
    });
    expect(columns[3]).toMatchObject({ default: { text: "-1" }, constraints: [{ kind: "check", text: "(m >= -1)" }] });
    expect(columns[4]?.constraints[0]).toEqual({
      kind: "foreignKey",
      name: "fk",
      columns: ["f"],
      table: ["u"],
      references: ["id"],
      onDelete: "cascade",
      onUpdate: "set null",
    });
    expect(columns[6]).toMatchObject({ name: "timestamp", type: { name: "timestamp" } });
    expect(constraints).toMatchObject([
      { kind: "unique", columns: [{ name: "x" }, { name: "m", descending: true }] },
      { kind: "foreignKey", columns: ["f", "x"], table: ["dbo", "w"], references: [] },
    ]);
  });

  it.each([
    ["alter table t add c nvarchar(20), [d] int not null default '0'", { kind: "addColumns" }],
    ["alter table t add constraint x default 'z' for c", { kind: "addDefault", name: "x", column: "c", text: "'z'" }],
    ["alter table t add unique (c)", { kind: "addConstraint", constraint: { kind: "unique" } }],
    ["alter table t with check add constraint k check (a > 0)", { kind: "addConstraint" }],
    ["alter table t alter column c nvarchar(200) not null", { kind: "alterColumn", nullable: false }],
    ["alter table t drop column if exists a, b", { kind: "dropColumns", columns: ["a", "b"], ifExists: true }],
    ["alter table t drop constraint a", { kind: "dropConstraints", names: ["a"] }],
    ["alter table t drop a", { kind: "dropConstraints", names: ["a"] }],
    ["alter table t disable trigger all", { kind: "triggers", enable: false }],
    ["disable trigger dbo.x on t", { kind: "triggers", enable: false, names: ["x"] }],
    [
      "alter table t enable change_tracking with (track_columns_updated = on)",
      { kind: "changeTracking", enable: true, trackColumns: true },
    ],
    [
      "alter table t add a int, constraint x check (a > 1), b int",
      { kind: "several", actions: [{ kind: "addColumns" }, { kind: "addConstraint" }, { kind: "addColumns" }] },
    ],
  ])("%s", (text, action) => {
    expect(one(text, "alterTable").action).toMatchObject(action);
  });

  it.each([
    [
      "create unique index i on t (a desc, b) include (c) where a is not null",
      { kind: "createIndex", unique: true, include: ["c"] },
    ],
    ["create nonclustered index i on dbo.t (a)", { kind: "createIndex", unique: false, table: ["dbo", "t"] }],
    ["drop index i on t", { kind: "dropIndex", name: "i", table: ["t"] }],
    ["drop index t.i", { kind: "dropIndex", name: "i", table: ["t"] }],
    ["drop table if exists a, dbo.b", { kind: "dropTable", names: [["a"], ["dbo", "b"]], ifExists: true }],
    ["drop trigger x", { kind: "dropTrigger", ifExists: false }],
    ["truncate table t", { kind: "truncate", table: ["t"] }],
    ["create schema s", { kind: "createSchema", name: "s" }],
    ["create database [X]", { kind: "createDatabase", name: "X" }],
    ["CREATE DATABASE x COLLATE SQL_Latin1_General_CP1_CI_AS", { kind: "createDatabase", name: "x" }],
    ["drop database if exists x", { kind: "dropDatabase", ifExists: true }],
    [
      "ALTER DATABASE x SET CHANGE_TRACKING = ON (CHANGE_RETENTION = 2 DAYS, AUTO_CLEANUP = ON)",
      { kind: "alterDatabase", options: "change_tracking = on (change_retention = 2 days, auto_cleanup = on)" },
    ],
    [
      "alter database current set read_committed_snapshot on with rollback immediate",
      { name: "current", options: "read_committed_snapshot on with rollback immediate" },
    ],
    ["create login l with password = 'p', check_policy = off", { kind: "createLogin", name: "l", password: "p" }],
    ["grant select, insert on dbo.t to public with grant option", { kind: "security" }],
    ["create user u for login l", { kind: "security", text: "create user u for login l" }],
  ])("%s", (text, facts) => {
    expect(parse(text)).toMatchObject([facts]);
  });

  it("keeps the text of views and triggers as written", () => {
    const view = "CREATE VIEW v (a) AS\n  WITH x AS (SELECT 1 AS a) SELECT a FROM x -- end";
    expect(one(`-- first\n${view}`, "createView").text).toBe(view.slice(0, view.indexOf(" -- end")));
    const trigger =
      "CREATE OR ALTER TRIGGER dbo.tr ON t AFTER INSERT, UPDATE AS BEGIN SET NOCOUNT ON; IF UPDATE(a) RAISERROR('X', 16, 1) ROLLBACK END";
    const parsed = one(`${trigger};\n`, "createTrigger");
    expect(parsed).toMatchObject({ events: ["insert", "update"], mode: "createOrAlter", text: `${trigger};` });
    expect(parsed.body).toHaveLength(1);
  });
});

describe("control flow, variables, transactions", () => {
  it("needs no semicolons", () => {
    const text = `declare @x int = 1, @y as varchar(10) set @x += 1 if @x > 1 begin print 'a' return end else select @x
      while @x < 10 begin set @x = @x + 1 if @x = 5 break else continue end begin tran t1 save transaction s rollback tran s commit`;
    expect(parse(text).map((statement) => statement.kind)).toEqual([
      "declare",
      "setVariable",
      "if",
      "while",
      "begin",
      "save",
      "rollback",
      "commit",
    ]);
  });

  it("allows a semicolon before ELSE", () => {
    expect(one("if 1 = 1 select 1; else select 2;", "if").otherwise?.kind).toBe("query");
  });

  it("knows lines and offsets of each statement", () => {
    const text = "select 1\nselect\n2";
    const statements = parse(text);
    expect(statements.map(({ line, start, end }) => [line, text.slice(start, end)])).toEqual([
      [1, "select 1"],
      [2, "select\n2"],
    ]);
  });

  it.each([
    ["begin try select 1 end try begin catch end catch", { kind: "try", handler: [] }],
    ["begin try; select 1; end try begin catch; throw; end catch;", { kind: "try", handler: [{ kind: "throw" }] }],
    ["throw 50001, 'x', 1", { kind: "throw", number: int("50001") }],
    ["raiserror('x %d', 16, 1, @a) with nowait", { kind: "raiserror", options: ["nowait"] }],
    ["declare @t table (a int primary key, check (a > 0))", { kind: "declareTable", name: "@t" }],
    ["waitfor delay '00:00:01'", { kind: "waitfor" }],
    ["use [EHRPROD]", { kind: "use", database: "EHRPROD" }],
    [
      "dbcc checkident ('t', reseed, 10) with no_infomsgs",
      { kind: "dbcc", command: "checkident", options: ["no_infomsgs"] },
    ],
    ["rollback work", { kind: "rollback" }],
    ["return -1", { kind: "return", value: { kind: "unary" } }],
    [
      "set transaction isolation level repeatable read",
      { option: "transaction isolation level", value: "repeatable read" },
    ],
    ["set lock_timeout -1", { kind: "setOption", option: "lock_timeout", value: "-1" }],
    ["set identity_insert dbo.t on", { option: "identity_insert", value: "on", table: ["dbo", "t"] }],
    ["set dateformat mdy", { option: "dateformat", value: "mdy" }],
    [
      "set ansi_nulls, quoted_identifier on",
      { kind: "block", statements: [{ option: "ansi_nulls" }, { option: "quoted_identifier" }] },
    ],
    [
      "exec sp_rename N'a', b, 'COLUMN'",
      { kind: "execute", procedure: ["sp_rename"], args: [{}, { value: { type: "nstring", text: "b" } }, {}] },
    ],
    [
      "exec @r = dbo.p @a = @b output, @c = default, @d = -5",
      { kind: "execute", result: "@r", args: [{ name: "@a", output: true }, {}, {}] },
    ],
    ["EXEC('drop table ' + @x)", { kind: "execute", args: [] }],
    ["sp_help 't'", { kind: "execute", procedure: ["sp_help"] }],
  ])("%s", (text, facts) => {
    expect(parse(text)).toMatchObject([facts]);
  });

  it("splits the declarations of sp_executesql", () => {
    expect(splitDeclarations("@P0 nvarchar(4000), @p1 int output,@p2 decimal(38,2) = 1.5 OUT")).toMatchObject([
      { name: "@p0", type: { name: "nvarchar", length: 4000 }, output: false },
      { name: "@p1", type: { name: "int" }, output: true },
      { name: "@p2", type: { name: "decimal", precision: 38, scale: 2 }, output: true, default: { text: "1.5" } },
    ]);
    expect(splitDeclarations("  ")).toEqual([]);
  });

  it.each([
    ["decimal", { name: "decimal", precision: 18, scale: 0 }],
    ["char", { name: "char", length: 1 }],
    ["varbinary(max)", { name: "varbinary", length: -1 }],
    ["float(24)", { name: "real" }],
    ["float", { name: "float" }],
    ["datetime2", { name: "datetime2", scale: 7 }],
    ["[nvarchar](5)", { name: "nvarchar", length: 5 }],
    ["national char varying(5)", { name: "nvarchar", length: 5 }],
    ["character varying(5)", { name: "varchar", length: 5 }],
    ["sysname", { name: "nvarchar", length: 128 }],
    ["rowversion", { name: "timestamp" }],
  ])("type %s is complete", (text, type) => {
    expect(parseType(text)).toEqual(type);
  });
});
