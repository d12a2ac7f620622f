/** What the pages of this service work with: the web forms' context, and the service's database to read from. */

import type { LegacyContext, LegacyPage, LegacyService } from "@banyan/service-kit/legacy";
import type { Knex } from "knex";

export type PatientsContext = LegacyContext<Knex>;
export type PatientsPage = LegacyPage<Knex>;
export type PatientsService = LegacyService<Knex>;
