/** The scheduling service as a process. */

import { AppError } from "@banyan/kernel";
import { runService } from "@banyan/service-kit";
import { schedulingService } from "./scheduling-service.ts";

await runService((config) => {
  const machineKey = config.LEGACY_MACHINE_KEY;
  if (machineKey === undefined) throw noMachineKey();
  return { ...schedulingService({ machineKey }), port: config.SCHEDULING_PORT };
});

function noMachineKey(): AppError {
  return new AppError({
    code: "MACHINE_KEY_MISSING",
    op: "start scheduling",
    message: "no machine key is named, so that forms of the legacy web could not be told from forged ones",
    hint: "Set LEGACY_MACHINE_KEY to the legacy web's.",
  });
}
