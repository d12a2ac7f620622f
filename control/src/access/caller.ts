/**
 * Who asks, from the bearer token: the configured admin token, a token of the table, or an OIDC token. Nothing about a token
 * that was not accepted is told, stored or logged.
 */

import { timingSafeEqual } from "node:crypto";
import type { Clock } from "@banyan/kernel";
import type { Knex } from "knex";
import { limits } from "../limits.ts";
import { Refusal } from "../refusal.ts";
import { findToken, tokenHash } from "../store/tokens.ts";
import type { OidcVerifier } from "./oidc.ts";
import type { Role } from "./role.ts";

export type Caller = {
  readonly who: string;
  readonly role: Role;
  readonly via: "adminToken" | "token" | "oidc" | "process";
};

/** The control plane itself, for what it does unasked. */
export const processCaller: Caller = { who: "control", role: "admin", via: "process" };

export type CallerOptions = {
  readonly db: Knex;
  readonly clock: Clock;
  readonly adminToken: string;
  readonly oidc: OidcVerifier | undefined;
};

/** @param authorization the header's value @throws Refusal UNAUTHENTICATED, FORBIDDEN, OIDC_AWAY */
export async function identifyCaller(authorization: string | undefined, options: CallerOptions): Promise<Caller> {
  const token = bearerToken(authorization);
  if (token === undefined) throw unauthenticated("the request has no bearer token");
  if (isSameSecret(token, options.adminToken)) return { who: "admin", role: "admin", via: "adminToken" };
  if (options.oidc && token.split(".").length === 3) return options.oidc.verify(token);
  const entry = await findToken(options.db, token, options.clock.now());
  if (!entry) throw unauthenticated("the token is unknown, expired or revoked");
  return { who: entry.name, role: entry.role, via: "token" };
}

/** @throws Refusal UNAUTHENTICATED */
export function requireReplica(authorization: string | undefined, replicaToken: string): void {
  const token = bearerToken(authorization);
  if (token !== undefined && isSameSecret(token, replicaToken)) return;
  throw unauthenticated("the replica token is missing or not the one of this control plane");
}

export function unauthenticated(why: string): Refusal {
  return new Refusal({
    code: "UNAUTHENTICATED",
    message: "not let in",
    why,
    hint: "Send Authorization: Bearer <token>. An admin makes tokens with POST /api/v1/tokens; the first one is CONTROL_ADMIN_TOKEN (adminToken in .data/connections.json). A proxy replica sends BANYAN_REPLICA_TOKEN.",
  });
}

function bearerToken(authorization: string | undefined): string | undefined {
  const match = /^Bearer +(\S+)$/i.exec(authorization ?? "");
  return match?.[1]?.slice(0, limits.urlCharsMax);
}

/** Compares hashes, so that neither length nor content shows in the time it takes. */
function isSameSecret(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(tokenHash(a)), Buffer.from(tokenHash(b)));
}
