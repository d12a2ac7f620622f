/** The patients service as a process. */

import { runService } from "@banyan/service-kit";
import { machineKeyOf } from "@banyan/service-kit/legacy";
import { patientsService } from "./patients-service.ts";

await runService((config) => ({
  ...patientsService({ machineKey: machineKeyOf(config, "patients") }),
  port: config.PATIENTS_PORT,
}));
