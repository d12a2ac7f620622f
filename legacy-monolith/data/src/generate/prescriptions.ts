/** Prescriptions, controlled ones among them, with the refill requests that wait for a physician. */

import type { Random } from "@banyan/kernel";
import { type Drug, drugs, drugTitle } from "../codes/drugs.ts";
import { generalCodes } from "../codes/general.ts";
import { noEnd, type Row, row } from "../schema.ts";
import { midnight, plusMinutes, wallTime } from "../wall-clock.ts";
import type { Visit, World } from "./world.ts";

const firstRxNo = 700_001;

/** Fills RXMST. */
export function addPrescriptions(world: World, visits: readonly Visit[]): Row<"RXMST">[] {
  const random = world.random("prescriptions");
  const rows: Row<"RXMST">[] = [];
  for (const visit of visits) {
    if (visit.encounter.StatCd === "X" || visit.encounter.Dx1 === "") continue;
    const codes = new Set(visit.diagnoses.flatMap((diagnosis) => diagnosis.drugs.slice(0, random.int(1, 2))));
    for (const code of [...codes].slice(0, 3)) {
      const drug = drugs.find((entry) => entry.code === code);
      if (drug && random.chance(0.5))
        rows.push(prescribe(world, random, { visit, drug, RxNo: firstRxNo + rows.length }));
    }
  }
  world.tables.RXMST.push(...rows);
  return rows;
}

function prescribe(world: World, random: Random, what: { visit: Visit; drug: Drug; RxNo: number }): Row<"RXMST"> {
  const { visit, drug } = what;
  const written = plusMinutes(visit.encounter.EncDt, random.int(20, 40));
  const lasting = drug.refills > 1;
  const ageDays = world.today - visit.day;
  const status = random.chance(0.02)
    ? "E"
    : random.chance(0.02)
      ? "H"
      : lasting && ageDays < 400
        ? random.chance(0.88)
          ? "A"
          : "D"
        : ageDays > 14
          ? "C"
          : "A";
  const controlled = drug.schedule !== undefined;
  const pharmacy = random.chance(0.92) ? random.pick((generalCodes.PHARM ?? []).map(({ val }) => val)) : "";
  const over = status === "D" || status === "C";
  return row("RXMST", {
    RxNo: what.RxNo,
    PatNo: visit.encounter.PatNo,
    PatNm: visit.encounter.PatNm,
    EncNo: visit.encounter.EncNo,
    ProvID: visit.provider.id,
    DrugCd: drug.code,
    DrugNm: drugTitle(drug),
    StrTx: drug.strength,
    SigTx: drug.sig,
    QtyTx: drug.quantity,
    RefAuth: drug.refills,
    RefUsed: Math.min(drug.refills, Math.floor(ageDays / 30)),
    DAWYN: random.chance(0.05) ? "Y" : random.chance(0.1) ? " " : "N",
    CtrlCl: controlled ? String(drug.schedule) : " ",
    StartDt: midnight(written),
    EndDt: over ? wallTime(Math.min(visit.day + random.int(10, 90), world.today)) : noEnd,
    PhrmCd: pharmacy,
    StatCd: status,
    SentCd: controlled || pharmacy === "" ? "N" : ageDays === 0 ? "Q" : random.pick(["A", "A", "A", "A", "S", "R"]),
    RxDt: written,
    ModUsr: visit.provider.id,
    ModDt: written,
  });
}
