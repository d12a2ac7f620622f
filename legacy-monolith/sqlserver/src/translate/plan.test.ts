import { describe, expect, test } from "vitest";
import type { SqlError, SqlType } from "../contract.ts";
import { parse } from "../tsql/parse.ts";
import type { Catalog, Column, Table, Trigger } from "./catalog.ts";
import { translateData, translateExpression } from "./data-plan.ts";
import type { Environment, Plan } from "./plan.ts";

const int: SqlType = { name: "int" };
const column = (id: number, name: string, type: SqlType, more: Partial<Column> = {}): Column => ({
  id,
  name,
  physical: name.toLowerCase(),
  type,
  nullable: true,
  hasDefault: false,
  ...more,
});

function table(name: string, objectId: number, columns: readonly Column[], triggers: readonly Trigger[] = []): Table {
  const [key] = columns;
  return {
    objectId,
    kind: "table",
    schema: "dbo",
    name,
    sql: `"dbo"."${name.toLowerCase()}"`,
    columns,
    constraints: [],
    triggers,
    indexes: key
      ? [
          {
            id: 1,
            name: "PK",
            physical: "pk",
            unique: true,
            primaryKey: true,
            uniqueConstraint: false,
            columns: [{ column: key, descending: false, included: false }],
          },
        ]
      : [],
  };
}

const identity = { seed: "1", increment: "1" };
const patient = table("Patient", 1000, [
  column(1, "Id", int, { nullable: false, identity }),
  column(2, "LName", { name: "varchar", length: 30 }, { nullable: false }),
  column(3, "Balance", { name: "money" }),
  column(4, "Shown", { name: "varchar", length: 40 }, { computed: { text: "LName", persisted: false } }),
  column(5, "Ver", { name: "timestamp" }, { nullable: false }),
]);
const visit = table(
  "Visit",
  1001,
  [
    column(1, "VisitId", int, { nullable: false }),
    column(2, "PatientId", int),
    column(3, "Cost", { name: "decimal", precision: 9, scale: 2 }),
  ],
  [{ objectId: 1002, name: "TR_Visit", events: ["update"], enabled: true, asksUpdated: true }],
);
const scratch = { ...table("#scratch", 0, [column(1, "A", int)]), sql: 'pg_temp."#scratch"' };

const tables = [patient, visit];
const catalog: Catalog = {
  tables,
  table: (schema, name) =>
    tables.find((one) => (schema ?? "dbo").toLowerCase() === "dbo" && one.name.toLowerCase() === name.toLowerCase()),
  tableById: (id) => tables.find((one) => one.objectId === id),
  function: () => undefined,
  hasSchema: (name) => name.toLowerCase() === "dbo",
  constraint: () => undefined,
};

const environment = (more: Partial<Environment> = {}): Environment => ({
  catalog,
  database: "EHRPROD",
  variables: new Map<string, SqlType>([
    ["@id", int],
    ["@name", { name: "nvarchar", length: 4000 }],
    ["@n", int],
  ]),
  tableVariables: new Map(),
  tempTables: new Map([["#scratch", scratch]]),
  ...more,
});

function planOf(text: string, more: Partial<Environment> = {}): Plan {
  const [statement] = parse(text);
  if (!statement) throw new Error("no statement");
  return translateData(statement, environment(more));
}

function errorOf(text: string, more: Partial<Environment> = {}): SqlError {
  try {
    planOf(text, more);
  } catch (error) {
    return error as SqlError;
  }
  throw new Error(`no error from ${text}`);
}

describe("a plan", () => {
  test("has each variable once as a parameter, in the order of first use", () => {
    const plan = planOf("SELECT Id FROM Patient WHERE LName = @name AND Id = @id AND LName LIKE @name");
    expect(plan.parameters.map(({ source }) => source.name)).toEqual(["@name", "@id"]);
    expect(plan.sql).toContain("$2::int4");
    expect(plan.sql).not.toContain("$3");
  });

  test("leaves out a parameter its text does not use, and closes the gap", () => {
    const plan = planOf("SELECT HAS_PERMS_BY_NAME(@name, '$1::', 'ANY'), @id, '$1::'");
    expect(plan.parameters.map(({ source }) => source.name)).toEqual(["@id"]);
    expect(plan.sql).toContain("$1::int4");
    expect(plan.sql).toContain("'$1::'");
  });

  test("shows columns in their declared spelling with their types", () => {
    const plan = planOf("select id, lname as Who, balance * 2, COUNT(*) OVER (PARTITION BY lname) FROM patient");
    expect(plan.columns).toEqual([
      { name: "Id", type: int, nullable: false, identity: true },
      { name: "Who", type: { name: "varchar", length: 30 }, nullable: false },
      { name: "", type: { name: "money" }, nullable: true },
      { name: "", type: int, nullable: false },
    ]);
  });

  test("asks for the identity of inserted rows in a hidden column behind the client's", () => {
    expect(planOf("INSERT INTO Patient (LName) VALUES ('a')")).toMatchObject({ kind: "insert", identityIndex: 0 });
    const shown = planOf("INSERT INTO Patient (LName) OUTPUT inserted.LName, inserted.Id VALUES ('a')");
    expect(shown.columns).toHaveLength(2);
    expect(shown.identityIndex).toBe(2);
  });

  test("of SELECT @x = … gives the client no result set", () => {
    const plan = planOf("SELECT @id = Id, @name = LName FROM Patient");
    expect(plan.columns).toBeUndefined();
    expect(plan.assigns).toEqual([
      { variable: "@id", index: 0 },
      { variable: "@name", index: 1 },
    ]);
    expect(plan.parameters).toEqual([]);
  });

  test("of UPDATE … SET @x = column gives the value before the change, @x = column = e the one after", () => {
    const plan = planOf("UPDATE Visit SET @id = PatientId, @n = PatientId = PatientId + 1 WHERE VisitId = 1");
    expect(plan.sql).toContain('"$old"."patientid", "$new"."patientid"');
    expect(plan.assigns?.map(({ variable }) => variable)).toEqual(["@id", "@n"]);
  });

  test("over a temp table is not for the cache", () => {
    expect(planOf("SELECT A FROM #scratch").cacheable).toBe(false);
    expect(planOf("SELECT Id FROM Patient").cacheable).toBe(true);
  });

  test("of an expression is one column of the wanted type", () => {
    const [statement] = parse("SET @id = '12'");
    if (statement?.kind !== "setVariable") throw new Error("no SET");
    expect(translateExpression(statement.value, environment(), int).columns).toEqual([
      { name: "", type: int, nullable: false },
    ]);
  });
});

describe("NULL", () => {
  test("sorts lowest where it can occur, and only there the order says so", () => {
    const { sql } = planOf("SELECT Id FROM Patient ORDER BY Balance, LName DESC");
    expect(sql).toMatch(/ORDER BY "patient"\."balance" NULLS FIRST, "patient"\."lname" DESC$/);
    expect(
      planOf("SELECT p.LName FROM Visit AS v LEFT JOIN Patient AS p ON p.Id = v.PatientId ORDER BY p.LName DESC").sql,
    ).toMatch(/"p"\."lname" DESC NULLS LAST$/);
  });
});

describe("lock hints", () => {
  test("UPDLOCK locks the rows read", () => {
    expect(planOf("SELECT Id FROM Patient WITH (UPDLOCK, ROWLOCK) WHERE Id = @id").sql).toMatch(
      /FOR UPDATE OF "patient"$/,
    );
  });

  test("READPAST passes over locked rows", () => {
    expect(planOf("SELECT TOP (1) Id FROM Patient WITH (UPDLOCK, READPAST) ORDER BY Id").sql).toMatch(
      /LIMIT .* FOR UPDATE OF "patient" SKIP LOCKED$/,
    );
    expect(planOf("UPDATE TOP (1) Patient WITH (READPAST) SET LName = 'x'").sql).toContain(
      '= ANY (ARRAY(SELECT "patient"."id"',
    );
  });

  test("UPDLOCK with HOLDLOCK takes the table's range lock before the snapshot, and locks below an aggregate", () => {
    const plan = planOf("SELECT MAX(VisitId) + 1 FROM Visit WITH (UPDLOCK, HOLDLOCK) WHERE PatientId = @id");
    expect(plan.before).toEqual(["SELECT pg_advisory_xact_lock(7, 1001)"]);
    expect(plan.sql).toMatch(/FROM \(SELECT \* FROM .* WHERE .* FOR UPDATE\) AS "visit"$/);
  });

  test("NOLOCK asks for nothing", () => {
    const plan = planOf("SELECT Id FROM Patient WITH (NOLOCK)");
    expect(plan.before).toBeUndefined();
    expect(plan.sql).not.toContain("FOR ");
  });

  test("MERGE WITH (HOLDLOCK) is run again when another writer was first", () => {
    const merge =
      "MERGE Visit WITH (HOLDLOCK) AS t USING (SELECT 1 AS k) AS s ON t.VisitId = s.k WHEN NOT MATCHED THEN INSERT (VisitId) VALUES (s.k);";
    expect(planOf(merge).retryDuplicate).toBe(true);
    expect(planOf(merge.replace(" WITH (HOLDLOCK)", "")).retryDuplicate).toBeUndefined();
  });
});

describe("a table with triggers", () => {
  test("is told which columns an UPDATE sets when a trigger asks UPDATE(column)", () => {
    const plan = planOf("UPDATE Visit SET Cost = 1, PatientId = 2 WHERE VisitId = 3");
    expect(plan.before).toEqual(["SELECT set_config('sim.updated_columns', ',3,2,', true)"]);
    expect(plan.firesTriggers).toBe(true);
  });

  test("refuses OUTPUT to the client, not OUTPUT INTO and not other events", () => {
    expect(errorOf("UPDATE Visit SET Cost = 1 OUTPUT inserted.Cost").number).toBe(334);
    expect(planOf("UPDATE Visit SET Cost = 1 OUTPUT inserted.VisitId INTO #scratch").columns).toBeUndefined();
    expect(planOf("DELETE FROM Visit OUTPUT deleted.VisitId").columns).toHaveLength(1);
  });
});

describe("UPDATE and DELETE with FROM", () => {
  test("use PostgreSQL's own FROM where the target is inner-joined", () => {
    expect(
      planOf("UPDATE v SET Cost = 0 FROM Visit AS v INNER JOIN Patient AS p ON p.Id = v.PatientId WHERE p.LName = 'x'")
        .sql,
    ).toMatch(
      /^UPDATE "dbo"\."visit" AS "v" SET "cost" = .* FROM "dbo"\."patient" AS "p" WHERE \("p"\."id" = "v"\."patientid"\) AND /,
    );
  });

  test("tie a copy of the target by its key where it is kept by an outer join", () => {
    const { sql } = planOf(
      "DELETE v FROM Visit AS v LEFT JOIN Patient AS p ON p.Id = v.PatientId WHERE p.Id IS NULL AND v.Cost > 1",
    );
    expect(sql).toContain('DELETE FROM "dbo"."visit" AS "$target" USING "dbo"."visit" AS "v" LEFT JOIN');
    expect(sql).toContain('"$target"."visitid" = "v"."visitid"');
    expect(sql).toContain('("$target"."cost" > ');
  });
});

describe("what the translator cannot do it refuses by name", () => {
  test.each([
    ["SELECT @name = @name + LName FROM Patient", "order-dependent"],
    ["SELECT @id = 1, @n = @id", "reads a variable it has assigned before"],
    ["WITH c AS (SELECT Id FROM Patient) DELETE FROM c", "common table expression"],
    ["SELECT TOP (10) PERCENT WITH TIES Id FROM Patient ORDER BY Id", "PERCENT WITH TIES"],
    [
      "WITH t AS (SELECT 1 AS n UNION ALL (SELECT n FROM t UNION ALL SELECT n FROM t)) SELECT n FROM t",
      "several recursive members",
    ],
    ["SELECT Id FROM other.dbo.Patient", "names in another database"],
    ["SELECT Id FROM a.b.c.Patient", "four-part names"],
    [
      "SELECT v.Cost, COUNT(*) FROM Visit AS v WITH (UPDLOCK) JOIN Patient AS p ON p.Id = v.PatientId GROUP BY v.Cost",
      "lock hints",
    ],
    ["SELECT LName COLLATE Japanese_CI_AI FROM Patient", "collation Japanese_CI_AI"],
    ["SELECT HASHBYTES('MD4', LName) FROM Patient", "HASHBYTES"],
  ])("%s", (text, part) => {
    const error = errorOf(text);
    expect(error.number).toBe(40000);
    expect(error.message).toContain(part);
  });
});

describe("errors found before anything runs", () => {
  test.each([
    [207, "SELECT Nope FROM Patient"],
    [208, "SELECT 1 FROM Nope"],
    [209, "SELECT Id FROM Patient AS a, Patient AS b"],
    [4104, "SELECT x.Id FROM Patient"],
    [107, "SELECT x.* FROM Patient"],
    [1011, "SELECT 1 FROM Patient AS a, Visit AS a"],
    [1013, "SELECT 1 FROM Patient, dbo.Patient"],
    [137, "SELECT @nope"],
    [1087, "SELECT * FROM @nope"],
    [8120, "SELECT LName, COUNT(*) FROM Patient"],
    [8121, "SELECT COUNT(*) FROM Patient GROUP BY LName HAVING Id > 1"],
    [8127, "SELECT LName FROM Patient GROUP BY LName ORDER BY Id"],
    [108, "SELECT Id FROM Patient ORDER BY 2"],
    [145, "SELECT DISTINCT LName FROM Patient ORDER BY Id"],
    [116, "SELECT (SELECT Id, LName FROM Patient)"],
    [205, "SELECT 1 UNION SELECT 1, 2"],
    [141, "SELECT @id = 1, 2"],
    [109, "INSERT INTO Visit (VisitId, Cost) VALUES (1)"],
    [110, "INSERT INTO Visit (VisitId) VALUES (1, 2)"],
    [120, "INSERT INTO Visit (VisitId, Cost) SELECT 1"],
    [121, "INSERT INTO Visit (VisitId) SELECT 1, 2"],
    [213, "INSERT INTO Visit VALUES (1)"],
    [264, "UPDATE Visit SET Cost = 1, Cost = 2"],
    [271, "INSERT INTO Patient (LName, Shown) VALUES ('a', 'b')"],
    [272, "UPDATE Patient SET Ver = 0x01"],
    [273, "INSERT INTO Patient (LName, Ver) VALUES ('a', 0x01)"],
    [544, "INSERT INTO Patient (Id, LName) VALUES (1, 'a')"],
    [8102, "UPDATE Patient SET Id = 1"],
    [8155, "SELECT * FROM (SELECT 1) AS x"],
    [8156, "SELECT * FROM (SELECT 1 AS a, 2 AS a) AS x"],
    [8158, "SELECT * FROM (SELECT 1, 2) AS x (a)"],
    [240, "WITH t AS (SELECT 'a' AS s UNION ALL SELECT s + 'b' FROM t) SELECT s FROM t"],
    [252, "WITH t AS (SELECT 1 AS n UNION SELECT n + 1 FROM t) SELECT n FROM t"],
    [147, "SELECT Id FROM Patient WHERE COUNT(*) > 1"],
    [8133, "SELECT CASE WHEN 1 = 1 THEN NULL END"],
    [195, "SELECT NOPE(1)"],
    [174, "SELECT LEN(1, 2)"],
    [155, "SELECT DATEADD(nope, 1, GETDATE())"],
    [402, "SELECT CAST(GETDATE() AS date) * 2"],
    [206, "SELECT CASE WHEN NEWID() = 1 THEN 1 ELSE 0 END"],
    [257, "INSERT INTO Visit (VisitId) SELECT GETDATE()"],
    [8117, "SELECT SUM(LName) FROM Patient"],
  ])("%i: %s", (number, text) => {
    expect(errorOf(String(text)).number).toBe(number);
  });

  test("IDENTITY_INSERT turns the rule around", () => {
    const on = { identityInsert: patient.objectId };
    expect(planOf("INSERT INTO Patient (Id, LName) VALUES (1, 'a')", on).sql).toContain("sim.identity_insert(");
    expect(errorOf("INSERT INTO Patient (LName) VALUES ('a')", on).number).toBe(545);
    expect(errorOf("INSERT INTO Patient VALUES ('a', 1)", on).number).toBe(8101);
  });
});
