/** Sites, staff with their log-ins, and the providers' weekly schedules. */

import type { Random } from "@banyan/kernel";
import type { StaffLogin, Tables } from "../dataset.ts";
import { staffPasswordHash } from "../passwords.ts";
import { row } from "../schema.ts";
import { type Day, plusMinutes, wallTime } from "../wall-clock.ts";
import { type Clinic, digits, type Provider } from "./world.ts";

/** Of every generated staff and portal account. */
export const demoPassword = "banyan2008";

const sites = [
  { code: "MAIN", name: "Banyan Main Clinic", street: "100 MAIN ST", city: "SPRINGFIELD", zip: "01103", zone: "EST" },
  { code: "EAST", name: "East Side Family Care", street: "55 O'HARA LN", city: "CHICOPEE", zip: "01013", zone: "EST" },
  {
    code: "NRTH",
    name: "North End Health Center / Peña",
    street: "7 CALLE MAYOR",
    city: "HOLYOKE",
    zip: "01040",
    zone: "CST",
  },
  { code: "OLDW", name: "West Annex (closed 2006)", street: "1 ELM ST", city: "WESTFIELD", zip: "010851234", zone: "" },
] as const;

const weekdays = [2, 3, 4, 5, 6];

const providers: readonly Provider[] = [
  { id: "AREYES", name: "REYES, ANA", site: "MAIN", specialty: "FAMP", days: [...weekdays, 1] },
  { id: "TOBRIEN", name: "O'BRIEN, THOMAS", site: "MAIN", specialty: "INTM", days: [2, 3, 5, 6, 7] },
  { id: "LCHEN", name: "CHEN, LI", site: "MAIN", specialty: "PEDS", days: [...weekdays, 7, 1] },
  { id: "KWEISS", name: "HAUSER-WEIß, KARL", site: "MAIN", specialty: "PSYC", days: [3, 4, 5] },
  { id: "JMUNOZ", name: "MUÑOZ, JOSÉ", site: "EAST", specialty: "FAMP", days: weekdays },
  { id: "SPATEL", name: "PATEL, SUNITA", site: "EAST", specialty: "INTM", days: [2, 3, 4, 6, 1] },
  { id: "MDUBOIS", name: "DUBOIS-LÉGER, MARIE", site: "NRTH", specialty: "FAMP", days: [...weekdays, 7] },
  { id: "RNUNEZ", name: "NÚÑEZ, ROSA", site: "NRTH", specialty: "NURP", days: weekdays },
];

const others = [
  { id: "ADMIN", name: "ADMINISTRATOR, SYSTEM", role: "ADMN", site: "MAIN" },
  { id: "FDESK1", name: "KOWALSKI, BETTY", role: "FDSK", site: "MAIN" },
  { id: "FDESK2", name: "D'ANGELO, GINA", role: "FDSK", site: "EAST" },
  { id: "FDESK3", name: "PEÑA, LUZ", role: "FDSK", site: "NRTH" },
  { id: "NURSE1", name: "O'CONNOR, MAEVE", role: "NURS", site: "MAIN" },
  { id: "NURSE2", name: "IBÁÑEZ, CARMEN", role: "NURS", site: "EAST" },
  { id: "LABTECH1", name: "OKAFOR, CHIDI", role: "LABT", site: "MAIN" },
  { id: "BILLER1", name: "ÅBERG, NILS", role: "BILL", site: "MAIN" },
  { id: "BILLER2", name: "ST. PIERRE, YVETTE", role: "BILL", site: "EAST" },
  { id: "REPORT1", name: "MC DONALD, FIONA", role: "RPTS", site: "MAIN" },
] as const;

/** Accounts that cannot log in: one locked by five failures, one that left, and those only programs write as. */
const closed = [
  { id: "LOCKED1", name: "LOCKED, USER", role: "FDSK", failures: 5, lock: "Y", active: "Y" },
  { id: "GONE2006", name: "VAN DYKE, PIET", role: "NURS", failures: 0, lock: " ", active: "N" },
  { id: "LABIFC", name: "LABORATORY, INTERFACE", role: "LABT", failures: 0, lock: "Y", active: "N" },
  { id: "SYSTEM", name: "SYSTEM, BATCH", role: "ADMN", failures: 0, lock: "Y", active: "N" },
] as const;

/**
 * Accounts of the shadow comparison, one a role: it reads the legacy system in their name, so that no clinician's session and
 * no line of the audit trail in a clinician's name is ever touched. Nobody can log in as one: the hash is of no password.
 */
const shadowRoles = ["FDSK", "NURS", "PHYS", "LABT", "BILL", "RPTS", "ADMN"] as const;

export const clinic: Clinic = {
  providers,
  desk: others.filter(({ role }) => role === "FDSK").map(({ id }) => id),
  nurses: others.filter(({ role }) => role === "NURS").map(({ id }) => id),
  billers: others.filter(({ role }) => role === "BILL").map(({ id }) => id),
};

/** Fills CLINLOC, USRMST and PROVSCHED. */
export function addStaff(tables: Tables, random: Random, today: Day): StaffLogin[] {
  for (const site of sites) addSite(tables, random, site);
  addOfficeUsers(tables, random, today);
  for (const provider of providers) {
    addProvider(tables, random, today, provider);
    addSchedule(tables, provider, today);
  }
  return [
    ...others.map(({ id, name, role, site }) => login(id, name, role, site)),
    ...providers.map(({ id, name, site }) => login(id, name, "PHYS", site)),
  ];
}

/** The main clinic and everybody but the providers, for data whose sites and providers come from elsewhere. */
export function addOffice(tables: Tables, random: Random, today: Day): StaffLogin[] {
  addSite(tables, random, sites[0]);
  addOfficeUsers(tables, random, today);
  for (const user of tables.USRMST) user.LocCd = sites[0].code;
  return others.map(({ id, name, role }) => login(id, name, role, sites[0].code));
}

function addSite(tables: Tables, random: Random, site: (typeof sites)[number]): void {
  tables.CLINLOC.push(
    row("CLINLOC", {
      LocCd: site.code,
      LocNm: site.name,
      Addr1: site.street,
      City: site.city,
      StCd: "MA",
      Zip: site.zip,
      Phone: `413555${digits(random, 4)}`,
      TZCd: site.zone,
      ActvYN: site.code === "OLDW" ? "N" : "Y",
    }),
  );
}

const login = (user: string, name: string, role: string, site: string): StaffLogin => ({
  user,
  password: demoPassword,
  role,
  name,
  site,
});

function addOfficeUsers(tables: Tables, random: Random, today: Day): void {
  const PwdHash = staffPasswordHash(demoPassword);
  for (const role of shadowRoles) {
    const UsrNm = `SHADOW COMPARISON, ${role}`;
    tables.USRMST.push(row("USRMST", { UsrID: `SHD${role}`, UsrNm, PwdHash: "0".repeat(32), RoleCd: role }));
  }
  for (const { id, name, role, site } of others) {
    tables.USRMST.push(
      row("USRMST", { UsrID: id, UsrNm: name, PwdHash, RoleCd: role, LocCd: site, LastLgn: lastLogin(random, today) }),
    );
  }
  for (const { id, name, role, failures, lock, active } of closed) {
    tables.USRMST.push(
      row("USRMST", { UsrID: id, UsrNm: name, PwdHash, RoleCd: role, FailCnt: failures, LockYN: lock, ActvYN: active }),
    );
  }
}

/** A USRMST row that may prescribe and be booked, with demonstration password and well-formed NPI and DEA numbers. */
export function addProvider(tables: Tables, random: Random, today: Day, provider: Omit<Provider, "days">): void {
  tables.USRMST.push(
    row("USRMST", {
      UsrID: provider.id,
      UsrNm: provider.name,
      PwdHash: staffPasswordHash(demoPassword),
      RoleCd: "PHYS",
      ProvYN: "Y",
      NPI: npi(random),
      DEANo: provider.specialty === "NURP" ? "" : deaNumber(random, provider.id.charAt(0)),
      SpecCd: provider.specialty,
      LocCd: provider.site,
      LastLgn: lastLogin(random, today),
    }),
  );
}

const lastLogin = (random: Random, today: Day) => plusMinutes(wallTime(today - 1, 7 * 60 + 30), random.int(0, 60));

/** Ten digits; the last is the Luhn digit over 80840 + the first nine. Source: CMS, NPI check digit. */
function npi(random: Random): string {
  const nine = `1${digits(random, 8)}`;
  const sum = Array.from(`80840${nine}`)
    .reverse()
    .reduce((total, char, index) => {
      const digit = Number(char) * (index % 2 === 0 ? 2 : 1);
      return total + (digit > 9 ? digit - 9 : digit);
    }, 0);
  return `${nine}${(10 - (sum % 10)) % 10}`;
}

/** B + initial + six digits + check digit: (1st+3rd+5th) + 2 × (2nd+4th+6th), last digit. Source: DEA Diversion. */
function deaNumber(random: Random, initial: string): string {
  const six = digits(random, 6);
  const at = (index: number) => Number(six.charAt(index));
  return `B${initial}${six}${(at(0) + at(2) + at(4) + 2 * (at(1) + at(3) + at(5))) % 10}`;
}

export const shifts = {
  weekday: [
    ["0800", "1200"],
    ["1300", "1700"],
  ],
  weekend: [["0900", "1300"]],
} as const;

/** Working hours since three years, every week the same; weekends at the main clinic. */
export function addSchedule(tables: Tables, provider: Provider, today: Day): void {
  const types = provider.specialty === "PSYC" ? "NEWP,FOLL,TELE" : "NEWP,FOLL,PHYS,URGT,TELE,PROC";
  const EffDt = wallTime(today - 1100);
  for (const DOW of provider.days) {
    const weekend = DOW === 1 || DOW === 7;
    for (const [StartTm, EndTm] of weekend ? shifts.weekend : shifts.weekday) {
      tables.PROVSCHED.push(
        row("PROVSCHED", {
          ProvID: provider.id,
          LocCd: weekend ? "MAIN" : provider.site,
          DOW,
          StartTm,
          EndTm,
          ApTyLst: weekend ? "URGT,FOLL" : types,
          EffDt,
        }),
      );
    }
  }
  if (provider.id === "AREYES") addFormerSchedule(tables, provider.id, today);
}

/** A schedule that ended: pages that forget TermDt offer slots at a closed site. */
function addFormerSchedule(tables: Tables, ProvID: string, today: Day): void {
  for (const DOW of [3, 5]) {
    tables.PROVSCHED.push(
      row("PROVSCHED", {
        ProvID,
        LocCd: "OLDW",
        DOW,
        StartTm: "0900",
        EndTm: "1500",
        SlotMin: 20,
        ApTyLst: "FOLL",
        EffDt: wallTime(today - 2500),
        TermDt: wallTime(today - 1101),
      }),
    );
  }
}
