/** Limits of the data package, each with its reason. */

/** Two years: enough for trends, recalls and an autumn hour that came twice. */
export const historyDays = 730;

/** Eight providers' calendars are full beyond this, and LABORD's five-digit counter comes near its end. */
export const generatedPatientsMax = 5_000;
