/** Patient records as a service of their own. Its mapping to the legacy rows is `@banyan/patients/mapping`. */

export { patientsService } from "./patients-service.ts";
