/** Opens a patient of the legacy database for a page. */

import { openPatient as open, type OpenPatient, type OpenPatientOptions } from "@banyan/webforms";
import { p } from "./database.ts";
import type { PageContext } from "./page.ts";

export type PatientHeader = {
  readonly PatNo: number;
  readonly MRN: string;
  readonly LName: string;
  readonly FName: string;
  readonly MI: string;
  readonly DOB: Date;
  readonly Sex: string;
  readonly RstrYN: string;
  readonly DelYN: string;
  readonly MrgToPat: number | null;
};

export function openPatient(ctx: PageContext, options: OpenPatientOptions = {}): Promise<OpenPatient<PatientHeader>> {
  return open(
    ctx,
    (pid) =>
      ctx.db.first<PatientHeader>(
        "SELECT PatNo, MRN, LName, FName, MI, DOB, Sex, RstrYN, DelYN, MrgToPat FROM PATMST WHERE PatNo = @pid",
        { pid: p.int(pid) },
      ),
    options,
  );
}
