/** Limits of the data package, each with its reason. */

/** Two years: enough for trends, recalls and an autumn hour that came twice. */
export const historyDays = 730;

/** Eight providers' calendars are full beyond this, and LABORD's five-digit counter comes near its end. */
export const generatedPatientsMax = 5_000;

/** Rows of one bulk insert: enough to be fast, small enough for a progress bar that moves. */
export const bulkRowsMax = 2_000;

/** One statement of a load; the largest is a bulk insert of `bulkRowsMax` rows. */
export const statementMsMax = 120_000;

/** One file of a Synthea export; all rows are held in memory at once. */
export const exportFileBytesMax = 512 * 2 ** 20;

/** Log-ins of imported providers that are listed for a person. */
export const importedProviderLogins = 8;

/** Portal accounts made for imported patients, who have none. */
export const importedPortalUsers = 5;
