/**
 * The signed statement by which a service knows the caller: a JWT (EdDSA), valid for a minute, made for one service. Header
 * `x-banyan-identity`. Services verify it with the public keys this replica's admin address gives under
 * `/.well-known/jwks.json`; they believe no other header about the caller.
 *
 * Claims: iss "banyan-proxy", aud service, sub user, kind staff|portal|interface, name, role, site, provider, sid (hash of the
 * session), pat / enc / btg (current patient, current visit, patient opened by break-glass), proxyFor, epoch of the module.
 * A write's token is its own: `jti` is the request's id, so that a service can refuse to do the same write twice. `purpose`
 * is "shadow" where nobody will see the answer; without it the request is a person's.
 */

import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { AppError, type Clock } from "@banyan/kernel";
import { exportJWK, type JWK, type JWTPayload, SignJWT } from "jose";
import { limits } from "../limits.ts";
import type { LegacySession } from "./legacy-session.ts";
import type { Principal } from "./principal.ts";

export const identityHeader = "x-banyan-identity";
export const epochHeader = "x-banyan-epoch";
/** `1`: answer as if, and roll back. Only ever sent with a token whose purpose is "shadow". */
export const dryRunHeader = "x-banyan-dry-run";

export type TokenSubject = {
  readonly principal: Exclude<Principal, { kind: "anonymous" }>;
  readonly sessionHash: string;
  /** The legacy session of now; undefined when it could not be asked. */
  readonly session: LegacySession | undefined;
  readonly service: string;
  readonly epoch: number;
  /** Id of the request when it writes; such a token is signed for it alone. */
  readonly writeId?: string | undefined;
  readonly purpose?: "shadow";
};

export type TokenIssuer = {
  /** @returns the compact JWT; for reads one signed within the last seconds for the same claims is used again. */
  issue(subject: TokenSubject): Promise<string>;
  /** JSON Web Key Set with the public key. */
  readonly keys: { readonly keys: readonly JWK[] };
};

/** @param key Ed25519 private key as PKCS #8 PEM; a new one is made when absent. @throws AppError BAD_IDENTITY_KEY */
export async function createTokenIssuer(key: string | undefined, clock: Clock): Promise<TokenIssuer> {
  const privateKey = key === undefined ? generateKeyPairSync("ed25519").privateKey : readKey(key);
  const jwk = await exportJWK(createPublicKey(privateKey));
  const kid = createHash("sha256").update(String(jwk.x)).digest("base64url").slice(0, 16);
  const issued = new Map<string, { token: Promise<string>; atMs: number }>();
  const sign = (claims: JWTPayload, service: string): Promise<string> => {
    const seconds = Math.floor(clock.now().getTime() / 1_000);
    return new SignJWT(claims)
      .setProtectedHeader({ alg: "EdDSA", kid })
      .setIssuer("banyan-proxy")
      .setAudience(service)
      .setIssuedAt(seconds)
      .setExpirationTime(seconds + limits.tokenSecondsMax)
      .sign(privateKey);
  };
  return {
    keys: { keys: [{ ...jwk, kid, alg: "EdDSA", use: "sig" }] },
    issue(subject) {
      const claims = claimsOf(subject);
      if (subject.writeId !== undefined) return sign({ ...claims, jti: subject.writeId }, subject.service);
      const name = `${subject.service}\u0000${JSON.stringify(claims)}`;
      const now = clock.monotonicMs();
      const kept = issued.get(name);
      if (kept && now - kept.atMs < limits.tokenReuseMs) return kept.token;
      const token = sign(claims, subject.service);
      issued.delete(name);
      issued.set(name, { token, atMs: now });
      if (issued.size > limits.tokensMax) {
        const oldest = issued.keys().next().value;
        if (oldest !== undefined) issued.delete(oldest);
      }
      return token;
    },
  };
}

function claimsOf({ principal, sessionHash, session, epoch, purpose }: TokenSubject): JWTPayload {
  const shared = { kind: principal.kind, sid: sessionHash, epoch, purpose };
  switch (principal.kind) {
    case "staff": {
      const now = session?.kind === "staff" ? session : undefined;
      return {
        ...shared,
        sub: principal.user,
        name: principal.name,
        role: principal.role,
        site: principal.site,
        provider: principal.provider,
        pat: now?.currentPatient ?? undefined,
        enc: now?.currentEncounter ?? undefined,
        btg: now?.breakGlassPatient ?? undefined,
      };
    }
    case "portal":
      return {
        ...shared,
        sub: principal.user,
        pat: principal.patient,
        proxyFor: principal.proxyFor ?? undefined,
      };
    case "interface":
      return { ...shared, sub: "interface" };
  }
}

function readKey(pem: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // Falls to the refusal below: why it cannot be read might quote the key.
  }
  throw new AppError({
    code: "BAD_IDENTITY_KEY",
    op: "read the identity key",
    message: "it is not an Ed25519 private key in PKCS #8 PEM form",
    hint: "Make one with: openssl genpkey -algorithm ed25519",
  });
}
