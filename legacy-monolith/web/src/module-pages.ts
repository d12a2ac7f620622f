/** Every page of the application, module by module. A new module adds its list here. */

import { billingPages } from "./billing/index.ts";
import { clinPages } from "./clin/index.ts";
import type { Page } from "./kit/index.ts";
import { labPages } from "./lab/index.ts";
import { patientPages } from "./patient/pages.ts";
import { portalPages } from "./portal/index.ts";
import { reportPages } from "./reports/index.ts";
import { rxPages } from "./rx/index.ts";
import { schedulingPages } from "./sched/pages.ts";
import { shellPages } from "./shell/pages.ts";

export const modulePages: readonly Page[] = [
  ...shellPages,
  ...patientPages,
  ...schedulingPages,
  ...clinPages,
  ...labPages,
  ...rxPages,
  ...billingPages,
  ...portalPages,
  ...reportPages,
];
