/**
 * SQL Server's own error texts, worded as in sys.messages (English), with number, severity and usual state. Source:
 * learn.microsoft.com/sql/relational-databases/errors-events/database-engine-events-and-errors.
 */

import { SqlError } from "../contract.ts";
import type { Fault } from "./faults.ts";

const make =
  (number: number, severity: number, text: (...names: string[]) => string, state = 1) =>
  (...names: string[]): SqlError =>
    new SqlError(number, severity, text(...names), { state });

export const sqlErrors = {
  unknownParameter: make(8145, 16, (name, procedure) => `${name} is not a parameter for procedure ${procedure}.`),
  missingParameter: make(
    201,
    16,
    (procedure, name) => `Procedure or function '${procedure}' expects parameter '${name}', which was not supplied.`,
    4,
  ),
  tooManyArguments: make(8144, 16, (name) => `Procedure or function ${name} has too many arguments specified.`, 2),
  undeclaredVariable: make(137, 15, (name) => `Must declare the scalar variable "${name}".`, 2),
  alreadyDeclared: make(
    134,
    15,
    (name) =>
      `The variable name '${name}' has already been declared. Variable names must be unique within a query batch or stored procedure.`,
  ),
  invalidColumn: make(207, 16, (name) => `Invalid column name '${name}'.`),
  invalidObject: make(208, 16, (name) => `Invalid object name '${name}'.`),
  nestingTooDeep: make(
    217,
    16,
    () => "Maximum stored procedure, function, trigger, or view nesting level exceeded (limit 32).",
  ),
  dateConversion: make(241, 16, () => "Conversion failed when converting date and/or time from character string."),
  outOfRangeDate: make(
    242,
    16,
    () => "The conversion of a varchar data type to a datetime data type resulted in an out-of-range value.",
    3,
  ),
  conversion: make(
    245,
    16,
    (value, type) => `Conversion failed when converting the varchar value '${value}' to data type ${type}.`,
  ),
  subqueryRows: make(
    512,
    16,
    () =>
      "Subquery returned more than 1 value. This is not permitted when the subquery follows =, !=, <, <= , >, >= or when the subquery is used as an expression.",
  ),
  nullNotAllowed: make(
    515,
    16,
    (column, table, verb) =>
      `Cannot insert the value NULL into column '${column}', table '${table}'; column does not allow nulls. ${verb} fails.`,
    2,
  ),
  identityInsert: make(
    544,
    16,
    (table) =>
      `Cannot insert explicit value for identity column in table '${table}' when IDENTITY_INSERT is set to OFF.`,
  ),
  conflict: make(
    547,
    16,
    (verb, kind, name, database, table, column) =>
      `The ${verb} statement conflicted with the ${kind} constraint "${name}". The conflict occurred in database "${database}", table "${table}"${column ? `, column '${column}'` : ""}.`,
    0,
  ),
  noTransactionToSave: make(628, 16, () => "Cannot issue SAVE TRANSACTION when there is no active transaction.", 0),
  noDatabase: make(
    911,
    16,
    (name) => `Database '${name}' does not exist. Make sure that the name is entered correctly.`,
  ),
  deadlock: make(
    1205,
    13,
    (spid) =>
      `Transaction (Process ID ${spid}) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction.`,
    51,
  ),
  noObjectOrPermission: make(
    1088,
    16,
    (name) => `Cannot find the object "${name}" because it does not exist or you do not have permissions.`,
    11,
  ),
  lockTimeout: make(1222, 16, () => "Lock request time out period exceeded.", 51),
  duplicateInNewIndex: make(
    1505,
    16,
    (table, index, value) =>
      `The CREATE UNIQUE INDEX statement terminated because a duplicate key was found for the object name '${table}' and the index name '${index}'. The duplicate key value is (${value}).`,
  ),
  databaseExists: make(1801, 16, (name) => `Database '${name}' already exists. Choose a different database name.`, 3),
  duplicateIndexKey: make(
    2601,
    14,
    (table, index, value) =>
      `Cannot insert duplicate key row in object '${table}' with unique index '${index}'. The duplicate key value is (${value}).`,
  ),
  duplicateKey: make(
    2627,
    14,
    (kind, name, table, value) =>
      `Violation of ${kind} constraint '${name}'. Cannot insert duplicate key in object '${table}'. The duplicate key value is (${value}).`,
  ),
  objectExists: make(2714, 16, (name) => `There is already an object named '${name}' in the database.`, 6),
  truncated: make(8152, 16, () => "String or binary data would be truncated.", 10),
  noProcedure: make(2812, 16, (name) => `Could not find stored procedure '${name}'.`, 62),
  triggerEnded: make(3609, 16, () => "The transaction ended in the trigger. The batch has been aborted."),
  floatingPoint: make(3623, 16, () => "An invalid floating point operation occurred."),
  noDropDatabase: make(
    3701,
    11,
    (name) => `Cannot drop the database '${name}', because it does not exist or you do not have permission.`,
  ),
  databaseInUse: make(3702, 16, (name) => `Cannot drop database "${name}" because it is currently in use.`, 3),
  systemDatabase: make(3708, 16, (name) => `Cannot drop the database '${name}' because it is a system database.`),
  noTransactionToCommit: make(3902, 16, () => "The COMMIT TRANSACTION request has no corresponding BEGIN TRANSACTION."),
  noTransactionToRollBack: make(
    3903,
    16,
    () => "The ROLLBACK TRANSACTION request has no corresponding BEGIN TRANSACTION.",
  ),
  doomed: make(
    3930,
    16,
    () =>
      "The current transaction cannot be committed and cannot support operations that write to the log file. Roll back the transaction.",
  ),
  doomedSavepoint: make(
    3931,
    16,
    () =>
      "The current transaction cannot be committed and cannot be rolled back to a savepoint. Roll back the entire transaction.",
  ),
  snapshotInTransaction: make(
    3951,
    16,
    (database) =>
      `Transaction failed in database '${database}' because the statement was run under snapshot isolation but the transaction did not start in snapshot isolation. You cannot change the isolation level of the transaction to snapshot after the transaction has started unless the transaction was originally started under snapshot isolation level.`,
  ),
  snapshotNotAllowed: make(
    3952,
    16,
    (database) =>
      `Snapshot isolation transaction failed accessing database '${database}' because snapshot isolation is not allowed in this database. Use ALTER DATABASE to allow snapshot isolation.`,
  ),
  snapshotConflict: make(
    3960,
    16,
    (table, database) =>
      `Snapshot isolation transaction aborted due to update conflict. You cannot use snapshot isolation to access table '${table}' directly or indirectly in database '${database}' to update, delete, or insert the row that has been modified or deleted by another transaction. Retry the transaction or change the isolation level for the update/delete statement.`,
    2,
  ),
  uncommittableAtEnd: make(
    3998,
    16,
    () => "Uncommittable transaction is detected at the end of the batch. The transaction is rolled back.",
  ),
  cannotOpenDatabase: make(
    4060,
    11,
    (name) => `Cannot open database "${name}" requested by the login. The login failed.`,
  ),
  noSuchSavepoint: make(
    6401,
    16,
    (name) => `Cannot roll back ${name}. No transaction or savepoint of that name was found.`,
  ),
  tooManyParameters: make(
    8003,
    16,
    () =>
      "The incoming request has too many parameters. The server supports a maximum of 2100 parameters. Reduce the number of parameters and resend the request.",
  ),
  conversionOf: make(8114, 16, (from, to) => `Error converting data type ${from} to ${to}.`, 5),
  overflow: make(8115, 16, (from, to) => `Arithmetic overflow error converting ${from} to data type ${to}.`, 2),
  divideByZero: make(8134, 16, () => "Divide by zero error encountered."),
  parameterNotSupplied: make(
    8178,
    16,
    (declaration, name) =>
      `The parameterized query '(${declaration})' expects the parameter '${name}', which was not supplied.`,
  ),
  preparedHandle: make(8179, 16, (handle) => `Could not find prepared statement with handle ${handle}.`),
  mergeTwice: make(
    8672,
    16,
    () =>
      "The MERGE statement attempted to UPDATE or DELETE the same row more than once. This happens when a target row matches more than one source row. A MERGE statement cannot UPDATE/DELETE the same row of the target table multiple times. Refine the ON clause to ensure a target row matches at most one source row, or use the GROUP BY clause to group the source rows.",
  ),
  throwOutsideCatch: make(
    10704,
    15,
    () =>
      "To rethrow an error, a THROW statement must be used inside a CATCH block. Insert the THROW statement inside a CATCH block, or add error parameters to the THROW statement.",
  ),
  timeSyntax: make(148, 15, (text) => `Incorrect time syntax in time string '${text}' used with WAITFOR.`),
  notInTransaction: make(
    226,
    16,
    (statement) => `${statement} statement not allowed within multi-statement transaction.`,
    6,
  ),
  noTable: make(
    2501,
    16,
    (name) => `Cannot find a table or object with the name "${name}". Check the system catalog.`,
    45,
  ),
  noIdentity: make(7997, 16, (name) => `'${name}' does not contain an identity column.`),
  identityInsertOn: make(
    8107,
    16,
    (other, table) =>
      `IDENTITY_INSERT is already ON for table '${other}'. Cannot perform SET operation for table '${table}'.`,
  ),
  noIdentityProperty: make(
    8106,
    16,
    (table) => `Table '${table}' does not have the identity property. Cannot perform SET operation.`,
  ),
  loginExists: make(15025, 16, (name) => `The server principal '${name}' already exists.`),
  loginFailed: make(18456, 14, (name) => `Login failed for user '${name}'.`),
  /** What a fault asked for. */
  injected: (fault: Fault): SqlError => new SqlError(fault.number, fault.severity, fault.message),
} as const;
