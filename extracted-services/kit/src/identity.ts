/**
 * Reads the signed statement by which the proxy says who asks: header `x-banyan-identity`, a JWT signed with Ed25519 (EdDSA,
 * RFC 8037) by one of the proxies whose public keys stand at the configured addresses. Checked: signature and algorithm,
 * issuer, audience (this service), expiry and age within the allowed clock skew, and the shape of every claim. No header means an
 * anonymous caller; a header that does not hold is a refusal and never an anonymous caller. Claims: proxy/src/identity/tokens.ts.
 */

import type { Clock, Logger } from "@banyan/kernel";
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { z } from "zod";
import { events } from "./events.ts";
import { limits } from "./limits.ts";
import { anonymous, type Principal, staffRoles } from "./principal.ts";
import type { RefusalCode } from "./refusal.ts";

export const identityHeader = "x-banyan-identity";
const issuer = "banyan-proxy";

export type IdentityCheck = (token: string | undefined) => Promise<Identification>;

export type Identification =
  | { readonly kind: "principal"; readonly principal: Principal }
  | {
      readonly kind: "refused";
      readonly refusal: Extract<RefusalCode, "identity-refused" | "keys-unavailable">;
      /** Which check failed, for the audit. */
      readonly reason: "expired" | "audience" | "issuer" | "signature" | "claims" | "keys";
    };

export type IdentityOptions = {
  /** The audience tokens must name. */
  readonly service: string;
  /** `/.well-known/jwks.json` of each proxy's admin address. */
  readonly keyUrls: readonly string[];
  readonly clock: Clock;
  readonly logger: Logger;
};

const id = z.number().int().optional();
const shared = {
  sub: z.string().min(1).max(64),
  sid: z.string().max(64).default(""),
  epoch: z.number().int().min(0),
  purpose: z.enum(["care", "shadow"]).default("care"),
  jti: z.string().min(1).max(128).optional(),
};
const claims = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("staff"),
    ...shared,
    name: z.string(),
    role: z.enum(staffRoles),
    site: z.string(),
    provider: z.boolean(),
    pat: id,
    enc: id,
    btg: id,
  }),
  z.object({ kind: z.literal("portal"), ...shared, pat: z.number().int(), proxyFor: id }),
  z.object({ kind: z.literal("interface"), ...shared }),
]);

export function createIdentityCheck(options: IdentityOptions): IdentityCheck {
  const keySets = options.keyUrls.map((url) =>
    createRemoteJWKSet(new URL(url), {
      timeoutDuration: limits.keysMsMax,
      cooldownDuration: limits.keysAgainMs,
      cacheMaxAge: limits.keysKeepMs,
    }),
  );
  const keyOf = keyFromAny(keySets, options.logger);
  const verified = new Map<string, { readonly principal: Principal; readonly goodUntilMs: number }>();
  return async (token) => {
    if (token === undefined) return { kind: "principal", principal: anonymous };
    const nowMs = options.clock.now().getTime();
    const kept = verified.get(token);
    if (kept && nowMs < kept.goodUntilMs) return { kind: "principal", principal: kept.principal };
    const result = await verify(token, keyOf, options);
    if (result.kind === "refused") return result;
    keep(verified, token, { principal: result.principal, goodUntilMs: result.goodUntilMs });
    return { kind: "principal", principal: result.principal };
  };
}

type Verified =
  | { readonly kind: "verified"; readonly principal: Principal; readonly goodUntilMs: number }
  | Extract<Identification, { kind: "refused" }>;

async function verify(token: string, keyOf: JWTVerifyGetKey, options: IdentityOptions): Promise<Verified> {
  if (token.length > limits.tokenCharsMax) return refused("claims");
  let payload: JWTPayload;
  try {
    const checked = await jwtVerify(token, keyOf, {
      algorithms: ["EdDSA"],
      issuer,
      audience: options.service,
      clockTolerance: limits.clockSkewSecondsMax,
      maxTokenAge: limits.tokenSecondsMax,
      requiredClaims: ["exp", "iat", "sub"],
      currentDate: options.clock.now(),
    });
    payload = checked.payload;
  } catch (error) {
    return refused(reasonOf(error));
  }
  const parsed = claims.safeParse(payload);
  const { exp = 0, iat = 0 } = payload;
  // One audience only: a token good for two services could be carried from one to the other.
  if (!parsed.success || typeof payload.aud !== "string" || exp - iat > limits.tokenSecondsMax)
    return refused("claims");
  return { kind: "verified", principal: principalOf(parsed.data), goodUntilMs: exp * 1_000 };
}

function refused(reason: Extract<Identification, { kind: "refused" }>["reason"]): Verified {
  return { kind: "refused", refusal: reason === "keys" ? "keys-unavailable" : "identity-refused", reason };
}

function reasonOf(error: unknown): Parameters<typeof refused>[0] {
  if (error instanceof KeysUnavailable) return "keys";
  if (error instanceof errors.JWTExpired) return "expired";
  if (!(error instanceof errors.JWTClaimValidationFailed)) return "signature";
  if (error.claim === "aud") return "audience";
  return error.claim === "iss" ? "issuer" : "claims";
}

class KeysUnavailable extends Error {}

/** Any of the proxies may have signed. A key nobody names makes the token bad; keys nobody could give leave the question open. */
function keyFromAny(keySets: readonly JWTVerifyGetKey[], logger: Logger): JWTVerifyGetKey {
  return async (header, token) => {
    let unreachable = keySets.length === 0;
    for (const keySet of keySets) {
      try {
        return await keySet(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) unreachable = true;
      }
    }
    if (!unreachable) throw new errors.JWKSNoMatchingKey();
    logger.warn({ event: events.keysUnavailable });
    throw new KeysUnavailable();
  };
}

function principalOf(claim: z.infer<typeof claims>): Principal {
  const identified = { purpose: claim.purpose, epoch: claim.epoch, session: claim.sid, tokenId: claim.jti };
  switch (claim.kind) {
    case "staff":
      return {
        ...identified,
        kind: "staff",
        user: claim.sub,
        name: claim.name,
        role: claim.role,
        site: claim.site,
        provider: claim.provider,
        currentPatient: claim.pat,
        currentEncounter: claim.enc,
        breakGlassPatient: claim.btg,
      };
    case "portal":
      return { ...identified, kind: "portal", user: claim.sub, patient: claim.pat, proxyFor: claim.proxyFor };
    case "interface":
      return { ...identified, kind: "interface", user: claim.sub };
  }
}

/** Oldest out first. Good until its expiry without skew: a moment's new check costs little. */
function keep<V>(map: Map<string, V>, key: string, value: V): void {
  map.set(key, value);
  if (map.size <= limits.tokensKeptMax) return;
  const oldest = map.keys().next().value;
  if (oldest !== undefined) map.delete(oldest);
}
