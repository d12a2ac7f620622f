/** Change data capture and change tracking of the simulator. */

export { CaptureService } from "./capture-service.ts";
export { captureProcedures } from "./procedures.ts";
