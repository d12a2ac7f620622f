/**
 * The legacy system's own session end point (`POST /Interfaces/Session.ashx`): who the holder of some cookies is, and the
 * way to keep the legacy session alive and in step while its user works on diverted pages.
 */

import { request } from "undici";
import { z } from "zod";
import { limits } from "../limits.ts";
import type { TargetGroup } from "../forward/target-group.ts";

const portalShape = z.object({
  user: z.string().min(1),
  patient: z.number().int(),
  proxyFor: z.number().int().nullable(),
});

const answerShape = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("staff"),
    user: z.string().min(1),
    name: z.string(),
    role: z.string(),
    site: z.string(),
    provider: z.boolean(),
    currentPatient: z.number().int().nullable(),
    currentEncounter: z.number().int().nullable(),
    breakGlassPatient: z.number().int().nullable(),
    setCookies: z.array(z.string()),
  }),
  z.object({ kind: z.literal("portal"), portal: portalShape, setCookies: z.array(z.string()) }),
]);

export type LegacySession = z.infer<typeof answerShape>;

/** Changes a diverted page makes to the legacy session; null clears. */
export type SessionChange = {
  readonly currentPatient?: number | null;
  readonly currentEncounter?: number | null;
  readonly breakGlassPatient?: number | null;
};

export type SessionAnswer =
  | { readonly kind: "session"; readonly session: LegacySession }
  /** The cookies name nobody. */
  | { readonly kind: "nobody" }
  /** Not known: no answer in time, or one that makes no sense. `code` is for logs. */
  | { readonly kind: "unknown"; readonly code: string };

export type SessionEndPoint = {
  /** Asks without renewing anything. */
  look(cookies: string): Promise<SessionAnswer>;
  /** Renews the session as a legacy page would have, and changes it. */
  renew(cookies: string, change?: SessionChange): Promise<SessionAnswer>;
  /** Opens a session of the shadow account of a role, at a site; its cookies are in `setCookies`. */
  openShadow(who: { readonly role: string; readonly site: string }): Promise<SessionAnswer>;
};

export function createSessionEndPoint(options: {
  /** Where the end point is asked for; its connections are those of the group's first instance. */
  readonly group: TargetGroup;
  readonly path: string;
  readonly key: string;
}): SessionEndPoint {
  const { group, path, key } = options;
  const ask = async (body: object): Promise<SessionAnswer> => {
    const target = group.targets.toSorted((a, b) => a.inFlight - b.inFlight).find((one) => one.circuit !== "open");
    if (!target) return { kind: "unknown", code: "CIRCUIT_OPEN" };
    try {
      const answer = await request(new URL(path, target.origin), {
        dispatcher: target.pool,
        method: "POST",
        headers: { "content-type": "application/json", "x-session-key": key },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(limits.identityLookupMsMax),
      });
      return await read(answer.statusCode, answer.headers["content-length"], answer.body);
    } catch {
      // Refused, reset or too late: for the caller they are all one, and errors of this client may quote the request.
      return { kind: "unknown", code: "NO_ANSWER" };
    }
  };
  return {
    look: (cookies) => ask({ cookies, renew: false }),
    renew: (cookies, change = {}) => ask({ cookies, renew: true, ...change }),
    openShadow: ({ role, site }) => ask({ cookies: "", shadow: { role, site } }),
  };
}

async function read(
  status: number,
  length: unknown,
  body: { text(): Promise<string>; dump(): Promise<void> },
): Promise<SessionAnswer> {
  if (status === 200 && Number(length ?? 0) <= limits.sessionAnswerBytesMax) {
    const parsed = answerShape.safeParse(JSON.parse(await body.text()));
    return parsed.success ? { kind: "session", session: parsed.data } : { kind: "unknown", code: "BAD_ANSWER" };
  }
  await body.dump();
  if (status === 404) return { kind: "nobody" };
  return { kind: "unknown", code: `STATUS_${status}` };
}

export function sessionIsStaff(session: LegacySession | undefined): boolean {
  return session?.kind === "staff";
}
