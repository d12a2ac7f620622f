/** For tests of the kit: the real server on port 0 with pages of the test's own, and a database that knows four users and nothing else. */

import { Writable } from "node:stream";
import { createLogger, fixedClock } from "@banyan/kernel";
import { createViewStates, type ViewStates } from "@banyan/webforms";
import { createLegacyWeb, type LegacyWeb } from "../server.ts";
import type { Database, Sql, SqlParameters } from "./database.ts";
import { createFormsTickets, type FormsTickets } from "./forms-ticket.ts";
import type { Page } from "./page.ts";

export const machineKey = "machine key of the tests";
/** 22 November 2026, 10:00 in New York. */
const startOfTest = new Date("2026-11-22T15:00:00Z");

const users = [
  { UsrID: "FRONT1", UsrNm: "DESK, ANNA", RoleCd: "FDSK", LocCd: "MAIN", ProvYN: "N" },
  { UsrID: "ADMIN1", UsrNm: "ADMIN, BO", RoleCd: "ADMN", LocCd: "EAST", ProvYN: "N" },
];

/** Answers the look-up of a user; everything else finds no rows. */
const emptySql: Sql = {
  query: () => Promise.resolve([]),
  first: <Row extends object>(statement: string, parameters: SqlParameters = {}) => {
    const value = parameters["usr"]?.value;
    const wanted = typeof value === "string" ? value : "";
    const user = statement.includes("FROM USRMST")
      ? users.find((one) => one.UsrID === wanted.toUpperCase())
      : undefined;
    return Promise.resolve(user as Row | undefined);
  },
  execute: () => Promise.resolve(0),
  insertIdentity: () => Promise.resolve(1),
};

const emptyDatabase: Database = {
  ...emptySql,
  transaction: (work) => work(emptySql),
  close: () => Promise.resolve(),
};

type Reply = { status: number; headers: Headers; text: string };

export type ApplicationUnderTest = {
  readonly web: LegacyWeb;
  readonly clock: ReturnType<typeof fixedClock>;
  readonly tickets: FormsTickets;
  readonly viewStates: ViewStates;
  /** Everything logged so far. */
  log(): string;
  get(path: string, headers?: Record<string, string>): Promise<Reply>;
  post(path: string, body: string | Buffer, headers?: Record<string, string>): Promise<Reply>;
  /** Cookie header of a user with a fresh ticket. */
  cookie(usrId: string): string;
  close(): Promise<void>;
};

export async function startApplication(pages: readonly Page[], key = machineKey): Promise<ApplicationUnderTest> {
  const clock = fixedClock(startOfTest);
  let lines = "";
  const destination = new Writable({
    write(chunk, _encoding, done) {
      lines += String(chunk);
      done();
    },
  });
  const web = await createLegacyWeb({
    database: emptyDatabase,
    machineKey: key,
    sessionKey: "session key of the tests",
    interfaceKey: "interface key of the tests",
    clock,
    logger: createLogger({ name: "test", level: "debug", destination }),
    host: "127.0.0.1",
    port: 0,
    pages,
  });
  const tickets = createFormsTickets(key, clock);
  const send = async (path: string, init: RequestInit): Promise<Reply> => {
    const response = await fetch(web.url + path, { redirect: "manual", ...init });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return {
    web,
    clock,
    tickets,
    viewStates: createViewStates(key),
    log: () => lines,
    get: (path, headers = {}) => send(path, { headers }),
    post: (path, body, headers = {}) =>
      send(path, {
        method: "POST",
        body: typeof body === "string" ? body : new Uint8Array(body),
        headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      }),
    cookie: (usrId) => `.EHRAUTH=${tickets.issue(usrId)}`,
    close: () => web.close(),
  };
}
