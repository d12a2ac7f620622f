/** Reports over all modules and the nightly run (row 45 of the inventory). They leave no audit row, as list and report reads never did. */

import type { Page } from "../kit/index.ts";
import { dailyProductionPage } from "./daily-production.ts";
import { exportPage } from "./export.ts";
import { runNightlyPage } from "./nightly.ts";

export const reportPages: readonly Page[] = [dailyProductionPage, exportPage, runNightlyPage];
