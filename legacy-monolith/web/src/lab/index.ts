/** Laboratory: results, orders, review, and the interface with the laboratory's system (rows 30 to 34 of the inventory). */

import type { Page } from "../kit/index.ts";
import { hl7InPage } from "./hl7-in.ts";
import { labOrderPage } from "./lab-order.ts";
import { labResultXmlPage } from "./lab-result-xml.ts";
import { labResultsPage } from "./lab-results.ts";
import { labReviewPage } from "./lab-review.ts";

export const labPages: readonly Page[] = [labResultsPage, labOrderPage, labReviewPage, hl7InPage, labResultXmlPage];
