/** Everything a legacy page of a service needs: the web forms, the context the face gives, and the face itself. */

export * from "@banyan/webforms";
export { type LegacyFaceOptions, legacyFace } from "./face.ts";
export { machineKeyOf } from "./machine-key-of.ts";
export { openPatient, type ServiceOpenOptions, type ServicePatient } from "./open-patient.ts";
export type {
  LegacyContext,
  LegacyMembers,
  LegacyPage,
  LegacyService,
  LegacyWritten,
  PageActions,
} from "./page.ts";
