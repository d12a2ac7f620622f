/** Data for the legacy EHR: generated, or imported from Synthea's CSV export, and loaded through the mssql driver. */

export { type Dataset, patientName, type PortalLogin, type StaffLogin, type Tables } from "./dataset.ts";
export { checkTables, type Problem } from "./dataset-check.ts";
export { type GenerateOptions, generateEhr } from "./generate/index.ts";
export { mrnOf } from "./mrn.ts";
export { portalPasswordHash, staffPasswordHash } from "./passwords.ts";
export { type ImportOptions, importSynthea } from "./synthea/index.ts";
export { type Row, type TableName, tableNames } from "./schema.ts";
export { loadDataset, type LoadCounts, loadedSource, type LoadProgress, type LoadTarget } from "./load/loader.ts";
export { loadProgressBar, type ProgressBar, renderCounts } from "./load/progress.ts";
