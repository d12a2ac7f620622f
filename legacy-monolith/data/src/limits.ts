/** Limits of the data package, each with its reason. */

/** Two years: enough for trends, recalls and an autumn hour that came twice. */
export const historyDays = 730;

/** Eight providers' calendars are full beyond this, and LABORD's five-digit counter comes near its end. */
export const generatedPatientsMax = 5_000;

/** Rows of one bulk insert: enough to be fast, small enough for a progress bar that moves. */
export const bulkRowsMax = 2_000;

/** One statement of a load; the largest is a bulk insert of `bulkRowsMax` rows. */
export const statementMsMax = 120_000;
