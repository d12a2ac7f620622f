/**
 * What a flip asks of the others, over HTTP: the service whose owner row is sealed and opened, and the adapter, which alone
 * talks to the legacy database. Every command carries flip and step, can be repeated without harm, and is refused by the
 * other side when it comes late. Answers are checked by schema; nothing of a patient is in them.
 */

import { AppError } from "@banyan/kernel";
import { z } from "zod";
import { limits } from "../limits.ts";

const ownershipSchema = z.object({
  module: z.string(),
  epoch: z.number().int().min(0),
  state: z.enum(["open", "sealed"]),
  flip: z.string().nullable().default(null),
  outbox: z.object({ pending: z.number().int().min(0) }).default({ pending: 0 }),
});
export type Ownership = z.infer<typeof ownershipSchema>;

const presenceSchema = z.object({ present: z.boolean() });
const blocksSchema = z.object({
  blocks: z.array(z.object({ table: z.string(), from: z.number(), to: z.number() })).default([]),
});
const reconcileSchema = z.object({
  clean: z.boolean(),
  different: z.number().int().min(0),
  keysChecked: z.number().int().min(0).default(0),
});
export type ReconcileAnswer = z.infer<typeof reconcileSchema>;
const syncStateSchema = z.object({
  watermarkAgeMs: z.number().nullable(),
  parkedKeys: z.number().int().min(0),
  openConflicts: z.number().int().min(0),
  lastReconcile: z.object({ at: z.iso.datetime({ offset: true }), clean: z.boolean() }).nullable(),
  relayPending: z.number().int().min(0).default(0),
});
export type SyncState = z.infer<typeof syncStateSchema>;

/** The owner row of a module in its service's database. */
export type OwnerPort = {
  read(): Promise<Ownership>;
  set(command: {
    readonly flip: string;
    readonly step: "seal" | "open" | "reopen";
    readonly epoch: number;
    readonly state: "open" | "sealed";
  }): Promise<Ownership>;
  /** Puts the flip's marker behind the last entry of the outbox. */
  putMarker(flip: string): Promise<void>;
  /** Whether the marker that was committed in the legacy database has been applied in the service's. */
  hasMarker(flip: string): Promise<boolean>;
};

export type AdapterPort = {
  stateOf(module: string): Promise<SyncState>;
  prepare(
    flip: string,
    ask: { readonly module: string; readonly to: "live" | "canary" },
  ): Promise<z.infer<typeof blocksSchema>>;
  /** Commits the flip's marker in the legacy database. */
  putMarker(flip: string, module: string): Promise<void>;
  /** Whether the marker is committed in the legacy database. */
  hasMarker(flip: string): Promise<boolean>;
  /** Compares the keys changed since `prepare` on both sides. */
  reconcile(flip: string, module: string): Promise<ReconcileAnswer>;
};

export type FlipParticipants = {
  /** Undefined: no such service is configured. */
  owner(service: string): OwnerPort | undefined;
  readonly adapter: AdapterPort | undefined;
};

export type ParticipantAddresses = {
  /** Service name to base URL. */
  readonly services: ReadonlyMap<string, string>;
  readonly adapterUrl: string | undefined;
  /** What services and adapter let control in by. */
  readonly token: string;
};

export function httpParticipants(addresses: ParticipantAddresses): FlipParticipants {
  const call = caller(addresses.token);
  const { adapterUrl } = addresses;
  return {
    owner(service) {
      const url = addresses.services.get(service);
      return url === undefined ? undefined : ownerAt(url.replace(/\/$/, ""), service, call);
    },
    adapter: adapterUrl === undefined ? undefined : adapterAt(adapterUrl.replace(/\/$/, ""), call),
  };
}

type Call = <T extends z.ZodType>(ask: {
  readonly who: string;
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly schema: T;
  readonly body?: object;
  readonly msMax?: number;
}) => Promise<z.infer<T>>;

function ownerAt(url: string, service: string, call: Call): OwnerPort {
  const who = `service ${service}`;
  return {
    read: () => call({ who, method: "GET", url: `${url}/ownership`, schema: ownershipSchema }),
    set: (command) => call({ who, method: "POST", url: `${url}/ownership`, schema: ownershipSchema, body: command }),
    putMarker: async (flip) => {
      await call({ who, method: "POST", url: `${url}/ownership/marker`, schema: z.unknown(), body: { flip } });
    },
    hasMarker: async (flip) =>
      (await call({ who, method: "GET", url: `${url}/ownership/markers/${flip}`, schema: presenceSchema })).present,
  };
}

function adapterAt(url: string, call: Call): AdapterPort {
  const who = "the adapter";
  return {
    stateOf: (module) =>
      call({ who, method: "GET", url: `${url}/modules/${encodeURIComponent(module)}/state`, schema: syncStateSchema }),
    prepare: (flip, ask) =>
      call({ who, method: "POST", url: `${url}/flips/${flip}/prepare`, schema: blocksSchema, body: ask }),
    putMarker: async (flip, module) => {
      await call({ who, method: "POST", url: `${url}/flips/${flip}/marker`, schema: z.unknown(), body: { module } });
    },
    hasMarker: async (flip) =>
      (await call({ who, method: "GET", url: `${url}/flips/${flip}/marker`, schema: presenceSchema })).present,
    reconcile: (flip, module) =>
      call({
        who,
        method: "POST",
        url: `${url}/flips/${flip}/reconcile`,
        schema: reconcileSchema,
        body: { module },
        msMax: limits.flipReconcileMsMax,
      }),
  };
}

/** A 409 is a decision and is not asked again; anything else that fails may be. */
function caller(token: string): Call {
  return async ({ who, method, url, schema, body, msMax = limits.participantMsMax }) => {
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(msMax),
      });
      text = await response.text();
    } catch (cause) {
      throw failure(who, "it did not answer", { retryable: true, cause });
    }
    if (response.status === 409) throw failure(who, `it refused: ${codeOf(text)}`, { retryable: false });
    if (!response.ok) throw failure(who, `it answered ${response.status}`, { retryable: true });
    const parsed = schema.safeParse(jsonOf(text));
    if (parsed.success) return parsed.data;
    throw failure(who, "its answer is not of the agreed form", { retryable: false });
  };
}

function failure(who: string, why: string, more: { retryable: boolean; cause?: unknown }): AppError {
  return new AppError({
    code: "FLIP_PARTICIPANT",
    op: `ask ${who}`,
    message: `${who}: ${why}`,
    hint: "Look at its log. The flip goes on by itself when it answers again in time; otherwise it is aborted and the old owner goes on.",
    ...more,
  });
}

/** Only a code of the agreed form is quoted: an error body could hold anything. */
function codeOf(text: string): string {
  const code = (jsonOf(text) as { code?: unknown } | undefined)?.code;
  return typeof code === "string" && /^[A-Z_]{3,40}$/.test(code) ? code : "no code given";
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
