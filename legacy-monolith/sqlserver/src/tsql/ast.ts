/** The T-SQL syntax tree: what the parser makes and the translator and the interpreter read. Plain immutable data. */

import type { SqlType } from "../contract.ts";

/** `[server.[database.[schema.]]]name`, spelled as written, brackets removed. */
export type ObjectName = readonly string[];

export type BinaryOperator =
  | "+"
  | "-"
  | "*"
  | "/"
  | "%"
  | "&"
  | "|"
  | "^"
  | "="
  | "<>"
  | "<"
  | ">"
  | "<="
  | ">="
  | "and"
  | "or";

export type Expression =
  | {
      readonly kind: "literal";
      readonly type: "int" | "decimal" | "float" | "money" | "string" | "nstring" | "binary" | "null";
      readonly text: string;
    }
  | { readonly kind: "variable" /** With the @, lower case. */; readonly name: string }
  | { readonly kind: "global" /** `@@rowcount`, lower case. */; readonly name: string }
  | { readonly kind: "column" /** `[table.]column`, as written. */; readonly parts: ObjectName }
  | { readonly kind: "unary"; readonly operator: "-" | "+" | "~" | "not"; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: "like";
      readonly negated: boolean;
      readonly value: Expression;
      readonly pattern: Expression;
      readonly escape?: Expression;
    }
  | {
      readonly kind: "between";
      readonly negated: boolean;
      readonly value: Expression;
      readonly low: Expression;
      readonly high: Expression;
    }
  | {
      readonly kind: "in";
      readonly negated: boolean;
      readonly value: Expression;
      readonly list?: readonly Expression[];
      readonly query?: Query;
    }
  | { readonly kind: "isNull"; readonly negated: boolean; readonly value: Expression }
  | { readonly kind: "exists"; readonly query: Query }
  | {
      readonly kind: "compareAll";
      readonly operator: BinaryOperator;
      readonly quantifier: "all" | "any";
      readonly value: Expression;
      readonly query: Query;
    }
  | {
      readonly kind: "case";
      readonly operand?: Expression;
      readonly whens: readonly { readonly when: Expression; readonly then: Expression }[];
      readonly otherwise?: Expression;
    }
  | {
      readonly kind: "call" /** Lower case, schema kept: `getdate`, `sys.fn_cdc_get_max_lsn`. */;
      readonly name: string;
      readonly args: readonly Expression[];
      readonly star?: boolean;
      readonly distinct?: boolean;
      readonly over?: Window;
    }
  | {
      readonly kind: "cast";
      readonly attempt: boolean;
      readonly type: SqlType;
      readonly value: Expression;
      readonly style?: Expression;
    }
  /** `UPDATE(column)` inside a trigger. */
  | { readonly kind: "updated"; readonly column: string }
  | { readonly kind: "subquery"; readonly query: Query }
  | { readonly kind: "collate"; readonly value: Expression; readonly collation: string }
  /** DEFAULT in VALUES or SET. */
  | { readonly kind: "default" };

export type Window = { readonly partitionBy: readonly Expression[]; readonly orderBy: readonly Order[] };
export type Order = { readonly value: Expression; readonly descending: boolean };

export type SelectItem =
  | { readonly kind: "star"; readonly table?: ObjectName }
  | { readonly kind: "value"; readonly value: Expression; readonly alias?: string }
  /** `SELECT @x = e` */
  | { readonly kind: "assign"; readonly variable: string; readonly value: Expression };

export type Top = { readonly count: Expression; readonly percent: boolean; readonly withTies: boolean };

/** Hints lower case: `updlock`, `nolock`. */
export type TableSource =
  | { readonly kind: "table"; readonly name: ObjectName; readonly alias?: string; readonly hints: readonly string[] }
  | { readonly kind: "variable"; readonly name: string; readonly alias?: string }
  | { readonly kind: "derived"; readonly query: Query; readonly alias: string; readonly columns?: readonly string[] }
  /** `VALUES (…), (…)` as a table. */
  | {
      readonly kind: "values";
      readonly rows: readonly (readonly Expression[])[];
      readonly alias: string;
      readonly columns?: readonly string[];
    }
  /** A table-valued function: `cdc.fn_cdc_get_all_changes_x(@a, @b, N'all')`. */
  | {
      readonly kind: "function";
      readonly name: ObjectName;
      readonly args: readonly Expression[];
      readonly alias?: string;
    }
  | { readonly kind: "changeTable"; readonly table: ObjectName; readonly version: Expression; readonly alias: string }
  | {
      readonly kind: "join";
      readonly type: "inner" | "left" | "right" | "full" | "cross";
      readonly left: TableSource;
      readonly right: TableSource;
      readonly on?: Expression;
    };

export type SelectCore = {
  readonly kind: "select";
  readonly distinct: boolean;
  readonly top?: Top;
  readonly items: readonly SelectItem[];
  readonly into?: ObjectName;
  /** Comma-separated sources. */
  readonly from: readonly TableSource[];
  readonly where?: Expression;
  readonly groupBy: readonly Expression[];
  readonly having?: Expression;
};

export type QueryBody =
  | SelectCore
  | {
      readonly kind: "setOperation";
      readonly operator: "union" | "union all" | "except" | "intersect";
      readonly left: QueryBody;
      readonly right: QueryBody;
    };

export type Cte = { readonly name: string; readonly columns?: readonly string[]; readonly query: Query };

export type Query = {
  readonly with: readonly Cte[];
  readonly body: QueryBody;
  readonly orderBy: readonly Order[];
  readonly offset?: Expression;
  readonly fetch?: Expression;
};

/** OUTPUT …; columns are `inserted.x`, `deleted.x`, `inserted.*`. */
export type Output = {
  readonly items: readonly SelectItem[];
  readonly into?: ObjectName | { readonly variable: string };
  readonly intoColumns?: readonly string[];
};

export type Assignment = {
  readonly column?: ObjectName;
  readonly variable?: string;
  readonly operator: "=" | "+=" | "-=" | "*=" | "/=";
  readonly value: Expression;
};

export type Target =
  | { readonly kind: "table"; readonly name: ObjectName; readonly hints: readonly string[] }
  | { readonly kind: "variable"; readonly name: string };

export type MergeAction =
  | { readonly kind: "update"; readonly set: readonly Assignment[] }
  | { readonly kind: "delete" }
  | { readonly kind: "insert"; readonly columns: readonly string[]; readonly values: readonly Expression[] };

export type ColumnDefinition = {
  readonly name: string;
  readonly type?: SqlType;
  /** `AS (expression) [PERSISTED]`, with its source text. */
  readonly computed?: { readonly value: Expression; readonly text: string; readonly persisted: boolean };
  readonly nullable?: boolean;
  readonly identity?: { readonly seed: string; readonly increment: string };
  readonly default?: { readonly name?: string; readonly value: Expression; readonly text: string };
  readonly collation?: string;
  readonly constraints: readonly TableConstraint[];
};

export type TableConstraint =
  | {
      readonly kind: "primaryKey" | "unique";
      readonly name?: string;
      readonly columns: readonly { readonly name: string; readonly descending: boolean }[];
    }
  | {
      readonly kind: "foreignKey";
      readonly name?: string;
      readonly columns: readonly string[];
      readonly table: ObjectName;
      readonly references: readonly string[];
      readonly onDelete?: string;
      readonly onUpdate?: string;
    }
  | { readonly kind: "check"; readonly name?: string; readonly value: Expression; readonly text: string };

export type AlterAction =
  | { readonly kind: "addColumns"; readonly columns: readonly ColumnDefinition[] }
  | { readonly kind: "addConstraint"; readonly constraint: TableConstraint }
  | {
      readonly kind: "addDefault";
      readonly name?: string;
      readonly column: string;
      readonly value: Expression;
      readonly text: string;
    }
  | {
      readonly kind: "alterColumn";
      readonly column: string;
      readonly type: SqlType;
      readonly nullable?: boolean;
      readonly collation?: string;
    }
  /** One ALTER TABLE with several of the other actions, in order; all or none. */
  | { readonly kind: "several"; readonly actions: readonly AlterAction[] }
  | { readonly kind: "dropColumns"; readonly columns: readonly string[]; readonly ifExists: boolean }
  | { readonly kind: "dropConstraints"; readonly names: readonly string[]; readonly ifExists: boolean }
  | { readonly kind: "changeTracking"; readonly enable: boolean; readonly trackColumns: boolean }
  | { readonly kind: "triggers"; readonly enable: boolean /** undefined = ALL */; readonly names?: readonly string[] };

export type ExecuteArgument = { readonly name?: string; readonly value: Expression; readonly output: boolean };

export type StatementBody =
  | { readonly kind: "query"; readonly query: Query }
  | {
      readonly kind: "insert";
      readonly with: readonly Cte[];
      readonly target: Target;
      readonly columns?: readonly string[];
      readonly source:
        | { readonly kind: "values"; readonly rows: readonly (readonly Expression[])[] }
        | { readonly kind: "query"; readonly query: Query }
        | { readonly kind: "defaults" }
        | { readonly kind: "execute"; readonly statement: Statement };
      readonly output?: Output;
      readonly trackingContext?: Expression;
    }
  | {
      readonly kind: "update";
      readonly with: readonly Cte[];
      readonly top?: Top;
      readonly target: Target;
      readonly set: readonly Assignment[];
      readonly from: readonly TableSource[];
      readonly where?: Expression;
      readonly output?: Output /** `WITH CHANGE_TRACKING_CONTEXT(e)` */;
      readonly trackingContext?: Expression;
    }
  | {
      readonly kind: "delete";
      readonly with: readonly Cte[];
      readonly top?: Top;
      readonly target: Target;
      readonly from: readonly TableSource[];
      readonly where?: Expression;
      readonly output?: Output;
      readonly trackingContext?: Expression;
    }
  | {
      readonly kind: "merge";
      readonly with: readonly Cte[];
      readonly target: Target;
      readonly alias?: string;
      readonly source: TableSource;
      readonly on: Expression;
      readonly clauses: readonly {
        readonly match: "matched" | "notMatched" | "notMatchedBySource";
        readonly condition?: Expression;
        readonly action: MergeAction;
      }[];
      readonly output?: Output;
      readonly trackingContext?: Expression;
    }
  | {
      readonly kind: "declare";
      readonly variables: readonly { readonly name: string; readonly type: SqlType; readonly value?: Expression }[];
    }
  | {
      readonly kind: "declareTable";
      readonly name: string;
      readonly columns: readonly ColumnDefinition[];
      readonly constraints: readonly TableConstraint[];
    }
  | {
      readonly kind: "setVariable";
      readonly name: string;
      readonly operator: "=" | "+=" | "-=" | "*=" | "/=";
      readonly value: Expression;
    }
  /** `SET NOCOUNT ON`, `SET LOCK_TIMEOUT 5000`, `SET IDENTITY_INSERT t ON`; `option` lower case, single-spaced; `value` lower case. */
  | { readonly kind: "setOption"; readonly option: string; readonly value: string; readonly table?: ObjectName }
  | { readonly kind: "if"; readonly condition: Expression; readonly then: Statement; readonly otherwise?: Statement }
  | { readonly kind: "while"; readonly condition: Expression; readonly body: Statement }
  | { readonly kind: "block"; readonly statements: readonly Statement[] }
  | { readonly kind: "try"; readonly body: readonly Statement[]; readonly handler: readonly Statement[] }
  | { readonly kind: "break" | "continue" }
  | { readonly kind: "return"; readonly value?: Expression }
  | { readonly kind: "print"; readonly value: Expression }
  | {
      readonly kind: "raiserror";
      readonly message: Expression;
      readonly severity: Expression;
      readonly state: Expression;
      readonly args: readonly Expression[];
      readonly options: readonly string[];
    }
  | { readonly kind: "throw"; readonly number?: Expression; readonly message?: Expression; readonly state?: Expression }
  | { readonly kind: "begin"; readonly name?: string }
  | { readonly kind: "commit" }
  | { readonly kind: "rollback"; readonly name?: string }
  | { readonly kind: "save"; readonly name: string }
  | {
      readonly kind: "execute" /** undefined: EXEC('text'). */;
      readonly procedure?: ObjectName;
      readonly text?: Expression;
      readonly args: readonly ExecuteArgument[];
      readonly result?: string;
    }
  | { readonly kind: "waitfor"; readonly delay: Expression }
  | { readonly kind: "use"; readonly database: string }
  | {
      readonly kind: "dbcc";
      readonly command: string;
      readonly args: readonly Expression[];
      readonly options: readonly string[];
    }
  | {
      readonly kind: "insertBulk";
      readonly table: ObjectName;
      readonly columns: readonly { readonly name: string; readonly type: SqlType }[];
      readonly options: readonly string[];
    }
  | { readonly kind: "createDatabase"; readonly name: string }
  | { readonly kind: "dropDatabase"; readonly name: string; readonly ifExists: boolean }
  /** `ALTER DATABASE x SET …`; text of the options lower case, single-spaced. */
  | { readonly kind: "alterDatabase"; readonly name: string; readonly options: string }
  | {
      readonly kind: "createTable";
      readonly name: ObjectName;
      readonly columns: readonly ColumnDefinition[];
      readonly constraints: readonly TableConstraint[];
    }
  | { readonly kind: "alterTable"; readonly name: ObjectName; readonly action: AlterAction }
  | {
      readonly kind: "dropTable" | "dropView" | "dropTrigger";
      readonly names: readonly ObjectName[];
      readonly ifExists: boolean;
    }
  | { readonly kind: "truncate"; readonly table: ObjectName }
  | {
      readonly kind: "createIndex";
      readonly name: string;
      readonly table: ObjectName;
      readonly unique: boolean;
      readonly columns: readonly { readonly name: string; readonly descending: boolean }[];
      readonly include: readonly string[];
      readonly where?: Expression;
    }
  | { readonly kind: "dropIndex"; readonly name: string; readonly table: ObjectName; readonly ifExists: boolean }
  | {
      readonly kind: "createView";
      readonly name: ObjectName;
      readonly columns?: readonly string[];
      readonly query: Query;
      readonly text: string;
      /** True for CREATE OR ALTER and for ALTER; `mode` tells them apart. */
      readonly orAlter: boolean;
      readonly mode: "create" | "alter" | "createOrAlter";
    }
  | {
      readonly kind: "createTrigger";
      readonly name: ObjectName;
      readonly table: ObjectName;
      readonly events: readonly ("insert" | "update" | "delete")[];
      readonly body: readonly Statement[];
      readonly text: string;
      readonly mode: "create" | "alter" | "createOrAlter";
    }
  | { readonly kind: "createSchema"; readonly name: string }
  | { readonly kind: "createLogin"; readonly name: string; readonly password: string }
  /** GRANT / DENY / REVOKE, CREATE USER, ALTER ROLE …: `text` is the statement. */
  | { readonly kind: "security"; readonly text: string };

/** `line` is 1-based within the batch; `start` and `end` are offsets into its text. */
export type Statement = StatementBody & { readonly line: number; readonly start: number; readonly end: number };
