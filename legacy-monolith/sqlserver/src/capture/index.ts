/** Change data capture and change tracking of the simulator. */

export { CaptureJob, type CaptureJobOptions } from "./capture-job.ts";
export { CaptureService, type CaptureServiceOptions } from "./capture-service.ts";
export { captureStatements } from "./capture-sql.ts";
export { captureProcedures } from "./procedures.ts";
