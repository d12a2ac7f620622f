/** Laboratory orders and results: final, corrected, preliminary, cancelled; abnormal, critical; reviewed, released, or waiting. */

import type { Random } from "@banyan/kernel";
import { type LabTest, labTests, type Panel, panels, wordTests } from "../codes/laboratory.ts";
import { type Row, row } from "../schema.ts";
import { plusMinutes, shortDay, type WallTime, wallTime } from "../wall-clock.ts";
import { type Visit, type World } from "./world.ts";

export type LabOrder = { readonly order: Row<"LABORD">; readonly panel: Panel; readonly visit: Visit };

/** Fills LABORD and LABRES. @returns orders in the order of their numbers; the last number issued is their count. */
export function addLabOrders(world: World, visits: readonly Visit[]): LabOrder[] {
  const random = world.random("laboratory");
  const orders: LabOrder[] = [];
  for (const visit of visits) {
    if (visit.encounter.StatCd === "X" || visit.encounter.Dx1 === "") continue;
    const wanted = new Set(visit.diagnoses.flatMap((diagnosis) => diagnosis.panels));
    for (const code of [...wanted].slice(0, 3)) {
      const panel = panels.find((entry) => entry.code === code);
      if (!panel || !random.chance(0.55)) continue;
      const order = makeOrder(world, random, { visit, panel, sequence: orders.length + 1 });
      orders.push({ order, panel, visit });
      world.tables.LABORD.push(order);
      world.tables.LABRES.push(...makeResults(random, order, panel, visit));
    }
  }
  return orders;
}

function makeOrder(
  world: World,
  random: Random,
  what: { visit: Visit; panel: Panel; sequence: number },
): Row<"LABORD"> {
  const { visit, panel } = what;
  const ordered = plusMinutes(visit.encounter.EncDt, random.int(20, 45));
  const ageDays = world.today - visit.day;
  const status = statusOf(random, ageDays);
  const collected = status === "OR" || status === "CX" ? null : plusMinutes(ordered, random.int(10, 50));
  const complete = status === "FI" || status === "CO";
  const reviewed = complete && status !== "CO" && random.chance(ageDays > 10 ? 0.96 : 0.35);
  const reviewedAt = wallTime(Math.min(visit.day + random.int(1, 3), world.today), random.int(480, 1000));
  return row("LABORD", {
    OrdNo: `L${shortDay(visit.day)}${String(what.sequence).padStart(5, "0")}`,
    PatNo: visit.encounter.PatNo,
    EncNo: visit.encounter.EncNo,
    ProvID: visit.provider.id,
    PanelCd: panel.code,
    PanelDs: panel.text,
    OrdDt: ordered,
    CollDt: collected,
    PriCd: random.chance(0.06) ? "S" : "R",
    StatCd: status,
    AccnNo: collected === null ? "" : `A${shortDay(visit.day)}-${String(what.sequence).padStart(5, "0")}`,
    DxCd: visit.encounter.Dx1,
    FastYN: panel.fasting ? (random.chance(0.8) ? "Y" : " ") : "N",
    RevYN: reviewed ? "Y" : random.chance(0.1) ? " " : "N",
    RevUsr: reviewed ? visit.provider.id : "",
    RevDt: reviewed ? reviewedAt : null,
    RelPtYN: reviewed && random.chance(0.7) ? "Y" : "N",
    ModDt: reviewed ? reviewedAt : ordered,
  });
}

function statusOf(random: Random, ageDays: number): string {
  if (ageDays === 0) return random.pick(["OR", "SN"]);
  if (ageDays <= 3) return random.pick(["SN", "PR", "FI", "FI", "OR"]);
  return random.chance(0.94) ? "FI" : random.chance(0.5) ? "CO" : "CX";
}

function makeResults(random: Random, order: Row<"LABORD">, panel: Panel, visit: Visit): Row<"LABRES">[] {
  if (order.StatCd === "OR" || order.StatCd === "SN" || order.StatCd === "CX" || order.CollDt === null) return [];
  const collected = order.CollDt;
  const reported = plusMinutes(collected, random.int(90, 420));
  const corrected = order.StatCd === "CO" ? random.int(0, panel.tests.length - 1) : -1;
  return panel.tests.map((code, index) => {
    const known = labTests.find((test) => test.code === code);
    const value = known ? numberResult(random, known, visit) : wordResult(random, code);
    const preliminary = order.StatCd === "PR" && (index === 0 || random.chance(0.4));
    const base = { OrdNo: order.OrdNo, TestCd: code, SeqNo: index + 1, PatNo: order.PatNo };
    return row("LABRES", {
      ...base,
      ...value,
      ...resultState(preliminary, index === corrected, { collected, reported }),
    });
  });
}

function resultState(preliminary: boolean, corrected: boolean, at: { collected: WallTime; reported: WallTime }) {
  return {
    ResSt: corrected ? "C" : preliminary ? "P" : "F",
    ObsDt: at.collected,
    RptDt: corrected ? plusMinutes(at.reported, 1300) : at.reported,
    ResCmt: corrected ? "CORRECTED RESULT. Previously reported value withdrawn – specimen relabeled." : "",
  };
}

/** Diabetics run high in sugar. Values past the range by more than half its width are critical. */
function numberResult(random: Random, test: LabTest, visit: Visit) {
  const width = test.high - test.low;
  const diabetic =
    visit.person.chronic.some(({ code }) => code === "E11.9") && (test.code === "GLU" || test.code === "A1C");
  const outside = random.chance(diabetic ? 0.8 : 0.12);
  const upward = diabetic || random.chance(0.65);
  const inside = test.low + width * random.next();
  const beyond = upward
    ? test.high + width * test.spread * random.next()
    : test.low - width * test.spread * random.next();
  const shown = Math.max(outside ? beyond : inside, test.low / 4).toFixed(test.decimals);
  const value = Number(shown);
  const flag = value > test.high ? (value > test.high + width / 2 ? "HH" : "H") : value < test.low ? "L" : "";
  return {
    TestDs: test.text,
    ResVal: random.chance(0.01) ? `>${shown}` : shown,
    ResUnt: test.unit,
    RefRng: `${test.low}-${test.high}`,
    AbnFlg: flag === "" && random.chance(0.3) ? "N" : flag,
  };
}

function wordResult(random: Random, code: string) {
  const test = wordTests[code] ?? { text: code, answers: ["SEE COMMENT"] };
  const answer = random.chance(0.75) ? (test.answers[0] ?? "") : random.pick(test.answers);
  return {
    TestDs: test.text,
    ResVal: answer,
    ResUnt: "",
    RefRng: test.answers[0] ?? "",
    AbnFlg: answer === test.answers[0] ? "" : "A",
  };
}
