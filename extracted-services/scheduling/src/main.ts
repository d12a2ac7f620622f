/** The scheduling service as a process. */

import { runService } from "@banyan/service-kit";
import { machineKeyOf } from "@banyan/service-kit/legacy";
import { schedulingService } from "./scheduling-service.ts";

await runService((config) => ({
  ...schedulingService({ machineKey: machineKeyOf(config, "scheduling") }),
  port: config.SCHEDULING_PORT,
}));
