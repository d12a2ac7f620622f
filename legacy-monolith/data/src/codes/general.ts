/** The small code sets of the screens: demographics, visits, orders, claims, payments, roles, settings. */

import type { Code } from "./code.ts";

/** `A=Text|B=Text` as codes. */
const list = (text: string): Code[] =>
  text.split("|").map((entry) => {
    const [val = "", short = ""] = entry.split("=");
    return { val, short };
  });

export const generalCodes: Readonly<Record<string, readonly Code[]>> = {
  SEX: list("M=Male|F=Female|U=Unknown"),
  MARITL: list("S=Single|M=Married|D=Divorced|W=Widowed|P=Separated|U=Unknown"),
  RACE: list(
    "WH=White|BL=Black or African American|AS=Asian|AI=American Indian/Alaska Nat.|PI=Native Hawaiian/Pacific Isl.|OT=Other|UN=Unknown",
  ),
  ETHN: list("H=Hispanic or Latino|N=Not Hispanic or Latino|U=Unknown"),
  LANG: list("EN=English|ES=Español|FR=Français|PT=Português|ZH=Chinese|VI=Vietnamese|HT=Haitian Creole"),
  ENCTYP: list("AMB=Office visit|EMER=Emergency|IMP=Inpatient|TELE=Telephone/video"),
  APTYPE: [
    { val: "NEWP", short: "New patient", num: 30 },
    { val: "FOLL", short: "Follow-up", num: 15 },
    { val: "PHYS", short: "Annual physical", num: 30 },
    { val: "URGT", short: "Urgent / same day", num: 15 },
    { val: "TELE", short: "Telephone visit", num: 15 },
    { val: "PROC", short: "Office procedure", num: 45 },
    { val: "BLCK", short: "Blocked time", num: 60 },
  ],
  APSTAT: list("SC=Scheduled|CF=Confirmed|CI=Checked in|RM=In room|CO=Completed|NS=No show|CX=Cancelled"),
  CXRSN: list("PT=Patient request|PR=Provider unavailable|WX=Weather|IN=Insurance|DU=Booked twice|OT=Other"),
  ORDST: list("OR=Ordered|SN=Sent to lab|PR=Preliminary|FI=Final|CO=Corrected|CX=Cancelled"),
  ABNFLG: list("N=Normal|H=High|L=Low|HH=Critical high|LL=Critical low|A=Abnormal"),
  RXSTAT: list("A=Active|D=Discontinued|C=Completed|H=On hold|E=Entered in error"),
  CLMST: list("RD=Ready|SB=Submitted|AC=Accepted|DN=Denied|PD=Paid by insurer|CL=Closed|VD=Void"),
  PMTTYP: list("CP=Copay|PP=Patient payment|IP=Insurance payment|AD=Adjustment|RF=Refund"),
  PAYER: [
    { val: "MCARE", short: "Medicare Part B", long: "Medicare Part B, J-K contractor" },
    { val: "MCAID", short: "State Medicaid", long: "State Medicaid fee for service" },
    { val: "BCBS", short: "Blue Cross Blue Shield", long: "Blue Cross Blue Shield PPO" },
    { val: "AETNA", short: "Aetna" },
    { val: "CIGNA", short: "Cigna" },
    { val: "UHC", short: "UnitedHealthcare" },
    { val: "HARVP", short: "Harvard Pilgrim" },
    { val: "TUFTS", short: "Tufts Health Plan" },
    { val: "SELF", short: "Self pay" },
  ],
  NOTTYP: list("PROG=Progress note|HP=History and physical|DISC=Discharge summary|PHON=Telephone note|ADDM=Addendum"),
  SPEC: list(
    "FAMP=Family practice|INTM=Internal medicine|PEDS=Pediatrics|CARD=Cardiology|PSYC=Psychiatry|NURP=Nurse practitioner",
  ),
  PHARM: [
    { val: "CVS0142", short: "CVS #0142 Main Street", long: "CVS Pharmacy #0142, 210 Main Street" },
    { val: "WAL0387", short: "Walgreens #0387", long: "Walgreens #0387, 55 Prospect Avenue" },
    { val: "RIT0911", short: "Rite Aid #0911", long: "Rite Aid #0911, 1200 Washington Street" },
    { val: "PENA001", short: "Peña's Corner Drug", long: "Peña’s Corner Drug, 7 Calle Mayor" },
    { val: "MAIL001", short: "Mail order", long: "Mail order pharmacy, 90 day supplies" },
  ],
  ROLE: list("FDSK=Front desk|NURS=Nurse|PHYS=Physician|LABT=Laboratory|BILL=Billing|RPTS=Reports|ADMN=Administrator"),
  SYSPRM: [
    { val: "SESSMIN", short: "Session minutes", num: 20 },
    { val: "LOCKCNT", short: "Failed log-ins before lock", num: 5 },
    { val: "PAGESIZE", short: "Rows a grid page", num: 25 },
    { val: "IFCDAYS", short: "Days IFCMSG is kept", num: 90 },
    { val: "TZNAME", short: "America/New_York", long: "Time zone of the server; CLINLOC.TZCd is not used" },
  ],
};
