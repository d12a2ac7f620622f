/** Scheduling as a service of its own. Its mapping to the legacy rows is `@banyan/scheduling/mapping`. */

export { schedulingService } from "./scheduling-service.ts";
