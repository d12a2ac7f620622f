/** Opens a patient for a page of a service: as the old pages did, with the policy in place of the RstrYN check. */

import { type OpenablePatient, openPatient as open, type OpenPatient } from "@banyan/webforms";
import type { LegacyContext } from "./page.ts";

export type ServicePatient = OpenablePatient & {
  /** Site the patient belongs to (HomeLoc). */
  readonly site: string;
};

export type ServiceOpenOptions = {
  /** Action of the policy that is asked for this patient. */
  readonly action: string;
  /** false: the page is shown for a restricted record too (the break-glass page itself). */
  readonly breakGlass?: boolean;
  /** Overrides query and session. */
  readonly pid?: number;
};

/** @throws what ends the page when the policy denies it */
export function openPatient<Store, Patient extends ServicePatient>(
  ctx: LegacyContext<Store>,
  find: (pid: number) => Promise<Patient | undefined>,
  options: ServiceOpenOptions,
): Promise<OpenPatient<Patient>> {
  const { action, breakGlass, pid } = options;
  return open(ctx, find, {
    ...(pid === undefined ? {} : { pid }),
    admit: async (patient, id) => {
      const restricted = breakGlass !== false && patient.RstrYN === "Y";
      await ctx.authorise({ action, patient: { id, site: patient.site, restricted } });
      return undefined;
    },
  });
}
