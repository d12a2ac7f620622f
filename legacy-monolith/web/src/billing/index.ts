/** Billing: account, charges, payments, claims (rows 40 to 43 of the inventory). */

import type { Page } from "../kit/index.ts";
import { accountPage } from "./account.ts";
import { billingService } from "./billing-service.ts";
import { chargeEntryPage } from "./charge-entry.ts";
import { claim837Page } from "./claim-837-file.ts";
import { postPaymentPage } from "./post-payment.ts";

export const billingPages: readonly Page[] = [
  accountPage,
  chargeEntryPage,
  postPaymentPage,
  billingService,
  claim837Page,
];
