/** For tests: the application on a real listener, with a host that believes the header `x-test-user` and keeps nothing. */

import { fixedClock, listen } from "@banyan/kernel";
import { createApplication, type Crash, type Refusal, type Visitor } from "./application.ts";
import type { Page, PortalIdentity, SessionValues, StaffUser } from "./page.ts";
import { createViewStates, type ViewStates } from "./view-state.ts";

const users: Readonly<Record<string, StaffUser>> = {
  FRONT1: { usrId: "FRONT1", name: "DESK, ANNA", role: "FDSK", locCd: "MAIN", provider: false },
  ADMIN1: { usrId: "ADMIN1", name: "ADMIN, BO", role: "ADMN", locCd: "EAST", provider: false },
};

const portalPatient: PortalIdentity = { portalUserId: 1, loginName: "ann", patNo: 100001, proxyForPatNo: null };

/** An error the host has an answer for. */
export class Busy extends Error {}

type Reply = { status: number; headers: Headers; text: string };

export type TestApplication = {
  readonly url: string;
  readonly port: number;
  readonly viewStates: ViewStates;
  readonly crashes: readonly Crash[];
  readonly refusals: readonly Refusal[];
  get(path: string, headers?: Record<string, string>): Promise<Reply>;
  post(path: string, body: string | Buffer, headers?: Record<string, string>): Promise<Reply>;
  close(): Promise<void>;
};

/** Headers of a signed-in user; `portal` is a patient. */
export const as = (user: "FRONT1" | "ADMIN1" | "portal"): { "x-test-user": string } => ({ "x-test-user": user });

export async function startApplication(
  pages: readonly Page[],
  options: { machineKey?: string; trustedProxies?: readonly string[] } = {},
): Promise<TestApplication> {
  const viewStates = createViewStates(options.machineKey ?? "machine key of the tests");
  const crashes: Crash[] = [];
  const refusals: Refusal[] = [];
  const application = createApplication({
    pages,
    viewStates,
    // 22 November 2026, 10:00 in New York.
    clock: fixedClock(new Date("2026-11-22T15:00:00Z")),
    trustedProxies: options.trustedProxies ?? [],
    crashed(crash) {
      crashes.push(crash);
      return crash.error instanceof Busy ? { status: 503, body: crash.json ? '"busy"' : "busy" } : undefined;
    },
    visit({ ctx }) {
      const session: SessionValues = { LocCd: "", CurPatNo: 7, CurEncNo: undefined, BtgPat: undefined };
      return {
        ctx,
        session: () => session,
        banner: async () => ({
          MRN: "0001000019",
          LName: "PEÑA",
          FName: "ANN",
          MI: " ",
          DOB: new Date(Date.UTC(1970, 10, 23)),
          Sex: "F",
          allergies: ["PENICILLIN", "LATEX"],
        }),
        identify: async () => visitorOf(ctx.header("x-test-user")),
        refused: async (refusal) => void refusals.push(refusal),
      };
    },
  });
  const server = await listen((request, response) => void application.respond(request, response), {
    host: "127.0.0.1",
    port: 0,
    name: "web forms under test",
    portVariable: "none",
  });
  const send = async (path: string, init: RequestInit): Promise<Reply> => {
    const response = await fetch(server.url + path, { redirect: "manual", ...init });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  return {
    url: server.url,
    port: server.port,
    viewStates,
    crashes,
    refusals,
    get: (path, headers = {}) => send(path, { headers }),
    post: (path, body, headers = {}) =>
      send(path, {
        method: "POST",
        body: typeof body === "string" ? body : new Uint8Array(body),
        headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      }),
    close: () => server.close(),
  };
}

const visitorOf = (user: string): Visitor => (user === "portal" ? { portal: portalPatient } : { staff: users[user] });
