/**
 * The way into a visit, over HTTP alone, so that it works against whatever server is under the contract: pick an
 * unrestricted patient, book him with a provider today, check him in. What check-in answers is the visit's address.
 */

import { expect } from "vitest";
import { staff, type Target, type Visitor } from "./target.ts";

export type ClinicVisit = { readonly patNo: number; readonly mrn: string; readonly name: string; readonly encNo: number };

type Found = { readonly PatNo: number; readonly MRN: string; readonly Name: string };

/** Patients found by a beginning of their last name whose chart opens without break-glass. */
export async function openPatients(visitor: Visitor, prefix: string): Promise<Found[]> {
  const reply = await visitor.json("/Services/PatientService.asmx/FindPatients", { prefix, maxRows: 30 });
  const { d } = JSON.parse(reply.text) as { d: Found[] };
  const open: Found[] = [];
  for (const patient of d) {
    const chart = await visitor.get(`/Patient/Chart.aspx?pid=${patient.PatNo}`);
    if (chart.status === 200) open.push(patient);
  }
  return open;
}

/** `MM/DD/YYYY` of today on the server's wall. */
export function today(): string {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: "America/New_York",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
  return parts.format(new Date());
}

let minute = 0;

/** A checked-in visit of a patient with a provider. Every call takes another minute of the small hours, overbooked. */
export async function openVisit(target: Target, patient: Found, provider = "AREYES"): Promise<ClinicVisit> {
  const desk = await target.visitor(staff.frontDesk);
  minute += 1;
  const booked = await desk.json("/Services/ScheduleService.asmx/BookAppointment", {
    pid: patient.PatNo,
    prov: provider,
    loc: "MAIN",
    dt: today(),
    tm: `05${String(minute).padStart(2, "0")}`,
    dur: 1,
    type: "FOLL",
    reason: "contract test",
    overbook: true,
  });
  expect(booked.status, booked.text).toBe(200);
  const { d } = JSON.parse(booked.text) as { d: { ApptID: number } };
  const checkedIn = await desk.submit(`/Sched/CheckIn.aspx?aid=${d.ApptID}`, { txtCopay: "", btnCheckIn: "Check In" });
  const encNo = Number(/[?&]enc=(\d+)/.exec(checkedIn.location)?.[1]);
  expect(encNo, checkedIn.text).toBeGreaterThan(5_000_000);
  return { patNo: patient.PatNo, mrn: patient.MRN, name: patient.Name, encNo };
}
