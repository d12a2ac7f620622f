/** Limits of the migration runner, each with its reason. */

/** A migration statement only creates objects in an empty database; minutes mean that something holds a schema lock. */
export const statementMsMax = 60_000;

/** The server may still be starting when the workspace migrates. */
export const connectMsMax = 15_000;
