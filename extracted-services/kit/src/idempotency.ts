/**
 * Repeats of a write. A client or the proxy that heard no answer sends its request again with the same key; it gets the stored
 * answer, and nothing runs twice. The key is the client's Idempotency-Key, else the request id, and belongs to one caller. The
 * identity token of a write (`jti`) is good for that one request: with it, a captured token can only have its own answer again.
 */

import { createHash } from "node:crypto";
import type { Clock } from "@banyan/kernel";
import type { Knex } from "knex";
import { limits } from "./limits.ts";
import type { Principal } from "./principal.ts";

export type IdempotencyKey = {
  /** SHA-256 over caller and key, hexadecimal. */
  readonly key: string;
  /** `jti` of the request's token. */
  readonly tokenId: string;
  /** SHA-256 over method, URL, media type and body. */
  readonly requestHash: Buffer;
};

export type RequestFacts = {
  readonly principal: Exclude<Principal, { kind: "anonymous" }>;
  readonly tokenId: string;
  /** Idempotency-Key, else the request id. */
  readonly name: string;
  readonly method: string;
  readonly url: string;
  readonly contentType: string;
  readonly body: Uint8Array;
};

export function idempotencyKey(facts: RequestFacts): IdempotencyKey {
  const caller = `${facts.principal.kind} ${facts.principal.user}`;
  return {
    key: createHash("sha256").update(`${caller}\n${facts.name}`).digest("hex"),
    tokenId: facts.tokenId,
    requestHash: createHash("sha256")
      .update(`${facts.method} ${facts.url}\n${facts.contentType}\n`)
      .update(facts.body)
      .digest(),
  };
}

/** Removes expired answers, oldest first, a bounded number at a time. @returns how many */
export function forgetAnswers(db: Knex, clock: Clock): Promise<number> {
  const expired = db("kit.idempotency")
    .where("expires_at", "<", clock.now())
    .orderBy("expires_at")
    .limit(limits.tidyRowsMax)
    .select("key");
  return db("kit.idempotency").whereIn("key", expired).delete();
}
