/** What the running system leaves behind: the interface queue of the last 90 days and the audit log of the last weeks. */

import type { Random } from "@banyan/kernel";
import { type Row, row } from "../schema.ts";
import { dayOf, dayOfWeek, plusMinutes, type WallTime, wallTime } from "../wall-clock.ts";
import type { LabOrder } from "./orders.ts";
import { digits, type Visit, type World } from "./world.ts";

/** IFCMSG is purged after this many days (SYSPRM IFCDAYS). */
const queueDays = 90;
const auditDays = 45;

const compact = (time: WallTime) => time.replace(/\D/g, "");
const header = (type: string, id: string, at: WallTime, inbound: boolean) =>
  `MSH|^~\\&|${inbound ? "LABSYS|INHS|EHRPROD|MAIN" : "EHRPROD|MAIN|LABSYS|INHS"}|${compact(at)}||${type}|${id}|P|2.3`;

/** Fills IFCMSG: orders out, results in, prescriptions, demographics. Segments end in CR. */
export function addQueue(world: World, orders: readonly LabOrder[]): void {
  const random = world.random("queue");
  const recent = (time: WallTime) => dayOf(time) > world.today - queueDays;
  const messages = [
    ...orders.filter(({ order }) => recent(order.OrdDt)).flatMap((entry) => labMessages(world, random, entry)),
    ...world.tables.RXMST.filter(({ RxDt, SentCd }) => SentCd !== "N" && recent(RxDt)).map((entry) =>
      queued(random, world, {
        type: "NEWRX",
        ref: ["RX", String(entry.RxNo)],
        text: null,
        at: entry.RxDt,
        waiting: entry.SentCd === "Q",
      }),
    ),
    ...world.tables.PATMST.filter(({ CrtDt }) => recent(CrtDt)).map((entry) =>
      queued(random, world, {
        type: "ADT^A08",
        ref: ["PAT", String(entry.PatNo)],
        text: null,
        at: entry.CrtDt,
        waiting: false,
      }),
    ),
  ];
  messages.sort((a, b) => (a.CrtDt < b.CrtDt ? -1 : a.CrtDt > b.CrtDt ? 1 : 0));
  for (const [index, message] of messages.entries()) message.MsgID = index + 1;
  world.tables.IFCMSG.push(...messages);
}

function labMessages(world: World, random: Random, { order, visit }: LabOrder): Row<"IFCMSG">[] {
  const { patient } = visit.person;
  const who = `PID|1||${patient.MRN}||${patient.LName}^${patient.FName}^${patient.MI.trim()}||${compact(patient.DOB).slice(0, 8)}|${patient.Sex}`;
  const ref = ["LAB", order.OrdNo] as const;
  const placed = `${header("ORM^O01", order.OrdNo, order.OrdDt, false)}\r${who}\rORC|NW|${order.OrdNo}\rOBR|1|${order.OrdNo}||${order.PanelCd}^${order.PanelDs}\r`;
  const list = [
    queued(random, world, { type: "ORM^O01", ref, text: placed, at: order.OrdDt, waiting: order.StatCd === "OR" }),
  ];
  if (order.StatCd !== "FI" && order.StatCd !== "CO") return list;
  const results = world.tables.LABRES.filter(({ OrdNo }) => OrdNo === order.OrdNo);
  const at = results[0]?.RptDt ?? order.OrdDt;
  const observed = results.map(
    (entry) =>
      `OBX|${entry.SeqNo}|ST|${entry.TestCd}^${entry.TestDs}||${entry.ResVal}|${entry.ResUnt}|${entry.RefRng}|${entry.AbnFlg}|||${entry.ResSt}\r`,
  );
  const text = `${header("ORU^R01", `R${order.OrdNo.slice(1)}`, at, true)}\r${who}\rOBR|1|${order.OrdNo}|${order.AccnNo}|${order.PanelCd}^${order.PanelDs}\r${observed.join("")}`;
  list.push(
    row("IFCMSG", {
      MsgID: 0,
      DirCd: "I",
      MsgTyp: "ORU^R01",
      RefTyp: ref[0],
      RefKey: ref[1],
      MsgTx: text,
      StatCd: "P",
      CrtDt: at,
      AckDt: at,
    }),
  );
  return list;
}

type Outgoing = {
  readonly type: string;
  readonly ref: readonly [type: string, key: string];
  readonly text: string | null;
  readonly at: WallTime;
  readonly waiting: boolean;
};

function queued(random: Random, world: World, message: Outgoing): Row<"IFCMSG"> {
  const failed = !message.waiting && random.chance(0.01);
  const sent = message.waiting || failed ? null : plusMinutes(message.at, random.int(1, 4));
  const acknowledged = sent !== null && dayOf(message.at) < world.today;
  return row("IFCMSG", {
    MsgID: 0,
    DirCd: "O",
    MsgTyp: message.type,
    RefTyp: message.ref[0],
    RefKey: message.ref[1],
    MsgTx: message.text,
    StatCd: message.waiting ? "Q" : failed ? "E" : acknowledged ? "A" : "S",
    TryCnt: failed ? 5 : sent === null ? 0 : 1,
    ErrTx: failed ? "Connection refused by remote host" : "",
    CrtDt: message.at,
    SntDt: sent,
    AckDt: acknowledged && sent !== null ? plusMinutes(sent, 1) : null,
  });
}

/** Fills AUDITLOG with log-ins and chart views; searches and reports never left a row. */
export function addAudit(world: World, visits: readonly Visit[]): void {
  const random = world.random("audit");
  const entries: Row<"AUDITLOG">[] = [];
  const address = () => `10.20.${random.int(1, 4)}.${random.int(10, 250)}`;
  const users = world.tables.USRMST.filter(({ ActvYN, LockYN }) => ActvYN === "Y" && LockYN !== "Y");
  for (let day = world.today - auditDays; day < world.today; day += 1) {
    if (dayOfWeek(day) === 1) continue;
    for (const { UsrID } of users) {
      const at = wallTime(day, random.int(440, 520), random.int(0, 59));
      const log = (ActCd: string, AudDt: WallTime) =>
        entries.push(row("AUDITLOG", { AudID: 0, AudDt, UsrID, ActCd, ObjTyp: "SESSION", IPAddr: address() }));
      if (random.chance(0.05)) log("LOGF", plusMinutes(at, -1));
      log("LOGN", at);
      if (random.chance(0.5)) log("LOGO", plusMinutes(at, random.int(300, 560)));
    }
  }
  for (const { encounter, provider, person, day } of visits) {
    if (day <= world.today - auditDays) continue;
    const PatNo = encounter.PatNo;
    const view = { AudID: 0, UsrID: provider.id, PatNo, IPAddr: address() };
    if (person.patient.RstrYN === "Y") {
      entries.push(
        row("AUDITLOG", {
          ...view,
          AudDt: plusMinutes(encounter.EncDt, 4),
          ActCd: "BGLS",
          ObjTyp: "PATMST",
          ObjKey: String(PatNo),
          Cmt: `Treating, ticket ${digits(random, 4)}`,
        }),
      );
    }
    entries.push(
      row("AUDITLOG", {
        ...view,
        AudDt: plusMinutes(encounter.EncDt, 5),
        ActCd: "VIEW",
        ObjTyp: "CHART",
        ObjKey: String(PatNo),
      }),
    );
  }
  entries.sort((a, b) => (a.AudDt < b.AudDt ? -1 : a.AudDt > b.AudDt ? 1 : 0));
  for (const [index, entry] of entries.entries()) entry.AudID = index + 1;
  world.tables.AUDITLOG.push(...entries);
}
