/** Portal accounts, some of them acting for a child or a parent, and their messages: questions, refills, requests, results, bills. */

import type { Random } from "@banyan/kernel";
import type { PortalLogin } from "../dataset.ts";
import { portalPasswordHash } from "../passwords.ts";
import { type Row, row } from "../schema.ts";
import { plusMinutes, type WallTime, wallTime } from "../wall-clock.ts";
import type { LabOrder } from "./orders.ts";
import { demoPassword } from "./staff.ts";
import { ageOn, guid, officeTime, type Person, type World } from "./world.ts";

/** Fills PORTAL_USER and sets PATMST.PortYN. */
export function addPortalUsers(world: World, people: readonly Person[]): PortalLogin[] {
  const random = world.random("portal");
  const childOf = new Map(people.map(({ patient }) => [patient.GuarPat, patient.PatNo]));
  const logins: PortalLogin[] = [];
  for (const person of people) {
    const { patient } = person;
    const adult = ageOn(person.birthDay, world.today) >= 18;
    if (!adult || patient.Email === "" || person.deathDay !== undefined || !random.chance(0.55)) continue;
    const Salt = guid(random);
    const LoginName = patient.Email.slice(0, 50);
    patient.PortYN = "Y";
    world.tables.PORTAL_USER.push(
      row("PORTAL_USER", {
        PortalUserId: world.tables.PORTAL_USER.length + 1,
        PatNo: patient.PatNo,
        LoginName,
        PwdHash: portalPasswordHash(Salt, demoPassword),
        Salt,
        Email: patient.Email,
        ProxyForPatNo: childOf.get(patient.PatNo) ?? null,
        SecretQ: random.chance(0.7) ? "Mother’s maiden name?" : null,
        SecretA: random.chance(0.7) ? patient.LName : null,
        LastLogin: random.chance(0.8) ? officeTime(random, world.today - random.int(1, 90)) : null,
        IsActive: random.chance(0.95),
        CreatedOn: officeTime(random, Math.min(Math.max(person.firstDay, world.since) + 5, world.today - 1)),
      }),
    );
    logins.push({ user: LoginName, password: demoPassword, patNo: patient.PatNo });
  }
  return logins;
}

type Draft = {
  readonly patNo: number;
  readonly type: string;
  readonly from: readonly [type: string, id: string];
  readonly to: string;
  readonly subject: string;
  readonly body: string | null;
  readonly ref?: string;
  readonly sent: WallTime;
  readonly read: boolean;
  readonly thread?: string;
};

function message(random: Random, draft: Draft): Row<"PORTAL_MSG"> {
  return row("PORTAL_MSG", {
    MsgId: guid(random),
    ThreadId: draft.thread ?? guid(random),
    PatNo: draft.patNo,
    FromType: draft.from[0],
    FromId: draft.from[1],
    ToId: draft.to,
    MsgType: draft.type,
    Subject: draft.subject,
    Body: draft.body,
    RefKey: draft.ref ?? "",
    IsRead: draft.read,
    SentOn: draft.sent,
  });
}

/** Fills PORTAL_MSG. A refill request that is still unread has RXMST.RefReqYN = 'Y'. */
export function addPortalMessages(world: World, orders: readonly LabOrder[]): void {
  const random = world.random("messages");
  const onPortal = new Map(world.tables.PORTAL_USER.map((user) => [user.PatNo, user]));
  const messages = [
    ...world.tables.PORTAL_USER.flatMap((user) => questions(world, random, user)),
    ...resultNotices(random, orders, onPortal),
    ...refillRequests(world, random, onPortal),
    ...bills(world, random, onPortal),
  ];
  messages.sort((a, b) => (a.SentOn < b.SentOn ? -1 : a.SentOn > b.SentOn ? 1 : 0));
  world.tables.PORTAL_MSG.push(...messages);
}

const asked = [
  ["Question about my dose", "Hola doctor – should I take the pill with food? Gracias, ¿puede llamarme?"],
  ["Form for school", "Could you fill in my daughter’s school form? I can pick it up any day."],
  ["Still coughing", "It’s been a week & the cough isn’t better. Do I need to come in?"],
] as const;

function questions(world: World, random: Random, user: Row<"PORTAL_USER">): Row<"PORTAL_MSG">[] {
  const patient = world.tables.PATMST.find(({ PatNo }) => PatNo === user.PatNo);
  const provider = patient?.PCPID ?? "ADMIN";
  const list: Row<"PORTAL_MSG">[] = [];
  for (let index = random.int(0, 2); index > 0; index -= 1) {
    const [subject, body] = random.pick(asked);
    const sent = officeTime(random, world.today - random.int(1, 120));
    const from = ["P", String(user.PortalUserId)] as const;
    const answered = random.chance(0.7);
    const first = message(random, {
      patNo: user.PatNo,
      type: "GENQ",
      from,
      to: provider,
      subject,
      body,
      sent,
      read: answered,
    });
    list.push(first);
    if (answered) {
      list.push(
        message(random, {
          patNo: user.PatNo,
          type: "GENQ",
          from: ["U", provider],
          to: String(user.PatNo),
          subject: `RE: ${subject}`,
          body: "Please make an appointment if it is not better by Friday. – The office",
          sent: plusMinutes(sent, random.int(60, 600)),
          read: random.chance(0.6),
          thread: first.ThreadId,
        }),
      );
    }
    if (random.chance(0.2)) {
      const wish = "Any morning next week, please.";
      list.push(
        message(random, {
          patNo: user.PatNo,
          type: "APRQ",
          from,
          to: "FRONTDESK",
          subject: "Appointment request",
          body: wish,
          sent,
          read: false,
        }),
      );
    }
  }
  return list;
}

/** One for each order that is complete and released, as TR_LABRES_IU writes it. */
function resultNotices(random: Random, orders: readonly LabOrder[], onPortal: ReadonlyMap<number, unknown>) {
  return orders
    .filter(({ order }) => order.RelPtYN === "Y" && (order.StatCd === "FI" || order.StatCd === "CO"))
    .map(({ order }) =>
      message(random, {
        patNo: order.PatNo,
        type: "RSLT",
        from: ["S", "LAB"],
        to: String(order.PatNo),
        subject: `New test result: ${order.PanelDs}`,
        body: null,
        ref: order.OrdNo,
        sent: order.RevDt ?? order.ModDt,
        read: onPortal.has(order.PatNo) && random.chance(0.7),
      }),
    );
}

function refillRequests(world: World, random: Random, onPortal: ReadonlyMap<number, Row<"PORTAL_USER">>) {
  return world.tables.RXMST.flatMap((prescription) => {
    const user = onPortal.get(prescription.PatNo);
    if (!user || prescription.StatCd !== "A" || prescription.RefAuth === 0 || !random.chance(0.12)) return [];
    const waiting = random.chance(0.5);
    if (waiting) prescription.RefReqYN = "Y";
    const sent = officeTime(random, world.today - (waiting ? random.int(0, 5) : random.int(10, 60)));
    return [
      message(random, {
        patNo: prescription.PatNo,
        type: "RXRF",
        from: ["P", String(user.PortalUserId)],
        to: prescription.ProvID,
        subject: `Refill request: ${prescription.DrugNm}`,
        body: "Please send to the same pharmacy.",
        ref: String(prescription.RxNo),
        sent: sent < prescription.RxDt ? plusMinutes(prescription.RxDt, 60) : sent,
        read: !waiting,
      }),
    ];
  });
}

function bills(world: World, random: Random, onPortal: ReadonlyMap<number, unknown>) {
  return world.tables.CLMHDR.filter(
    ({ PatNo, StatCd, RspDt }) => StatCd === "PD" && RspDt !== null && onPortal.has(PatNo),
  )
    .filter(() => random.chance(0.5))
    .map((claim) =>
      message(random, {
        patNo: claim.PatNo,
        type: "BILL",
        from: ["S", "BILLING"],
        to: String(claim.PatNo),
        subject: "You have a new statement",
        body: `Your part: $${claim.PtResp.slice(0, -2)}`,
        ref: claim.ClmNo,
        sent: claim.RspDt ?? wallTime(world.today),
        read: random.chance(0.5),
      }),
    );
}
