/** Every page of the application, module by module. A new module adds its list here. */

import type { Page } from "./kit/index.ts";
import { patientPages } from "./patient/pages.ts";
import { schedulingPages } from "./sched/pages.ts";
import { shellPages } from "./shell/pages.ts";

export const modulePages: readonly Page[] = [...shellPages, ...patientPages, ...schedulingPages];
