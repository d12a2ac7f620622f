/** E-prescribing: lists, new prescriptions, refills, the check and the pharmacy network's call-back (rows 35 to 39 of the inventory). */

import type { Page } from "../kit/index.ts";
import { rxListPage } from "./rx-list.ts";
import { rxNewPage } from "./rx-new.ts";
import { rxRefillPage } from "./rx-refill.ts";
import { rxService } from "./rx-service.ts";
import { rxStatusPage } from "./rx-status.ts";

export const rxPages: readonly Page[] = [rxListPage, rxNewPage, rxRefillPage, rxService, rxStatusPage];
