/**
 * People of an identity provider (OpenID Connect): a JWT of the configured issuer for the configured audience, its signature
 * checked with the issuer's published keys, its role read from one claim.
 */

import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { z } from "zod";
import { limits } from "../limits.ts";
import { Refusal } from "../refusal.ts";
import { type Caller, unauthenticated } from "./caller.ts";
import { highestRole } from "./role.ts";

export type OidcOptions = {
  readonly issuer: string;
  readonly audience: string;
  /** Undefined: taken from the issuer's discovery document (OpenID Connect Discovery 1.0, section 4). */
  readonly jwksUrl: string | undefined;
  /** Claim that holds a role name or a list of them. */
  readonly roleClaim: string;
};

const discoverySchema = z.object({ jwks_uri: z.url() });

/** Asymmetric algorithms only: a shared secret would let everyone who checks tokens make them. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

export class OidcVerifier {
  readonly #options: OidcOptions;
  #keys: JWTVerifyGetKey | undefined;

  constructor(options: OidcOptions) {
    this.#options = options;
  }

  /** @throws Refusal UNAUTHENTICATED, FORBIDDEN (no role in the token), OIDC_AWAY */
  async verify(token: string): Promise<Caller> {
    const payload = await this.#payloadOf(token);
    const claim = payload[this.#options.roleClaim];
    const names = (Array.isArray(claim) ? claim : [claim]).filter((name) => typeof name === "string");
    const role = highestRole(names);
    if (!role) {
      throw new Refusal({
        code: "FORBIDDEN",
        message: "not let in",
        why: `the token's claim "${this.#options.roleClaim}" names none of viewer, operator, admin`,
        hint: "Ask whoever runs the identity provider for one of these roles, or set OIDC_ROLE_CLAIM to the claim that holds it.",
      });
    }
    return { who: nameOf(payload), role, via: "oidc" };
  }

  async #payloadOf(token: string): Promise<JWTPayload> {
    try {
      this.#keys ??= await this.#findKeys();
      const { payload } = await jwtVerify(token, this.#keys, {
        issuer: this.#options.issuer,
        audience: this.#options.audience,
        algorithms,
        requiredClaims: ["sub", "exp"],
      });
      return payload;
    } catch (cause) {
      if (cause instanceof Refusal) throw cause;
      if (cause instanceof errors.JWTExpired) throw unauthenticated("the OIDC token has expired");
      if (cause instanceof errors.JWTClaimValidationFailed)
        throw unauthenticated(`the OIDC token's "${cause.claim}" is not what is expected here`);
      if (cause instanceof errors.JOSEError && !isAway(cause))
        throw unauthenticated("the OIDC token is not one of the configured issuer");
      throw away(this.#options.issuer, cause);
    }
  }

  async #findKeys(): Promise<JWTVerifyGetKey> {
    const url = this.#options.jwksUrl ?? (await this.#discover());
    return createRemoteJWKSet(new URL(url), { timeoutDuration: limits.oidcMsMax });
  }

  async #discover(): Promise<string> {
    const url = `${this.#options.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
    const response = await fetch(url, { signal: AbortSignal.timeout(limits.oidcMsMax), redirect: "error" });
    const document = discoverySchema.safeParse(response.ok ? await response.json() : undefined);
    if (document.success) return document.data.jwks_uri;
    throw away(this.#options.issuer, undefined);
  }
}

function isAway(error: errors.JOSEError): boolean {
  return (
    error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid || error.code === "ERR_JOSE_GENERIC"
  );
}

function away(issuer: string, cause: unknown): Refusal {
  return new Refusal({
    code: "OIDC_AWAY",
    message: "not let in",
    why: `the keys of ${issuer} cannot be had`,
    hint: "Check that the identity provider is up and OIDC_ISSUER or OIDC_JWKS_URL is right; meanwhile use a token of the control plane.",
    cause,
  });
}

/** `sub` is the only name an issuer promises never to give to another person. */
function nameOf(payload: JWTPayload): string {
  const shown = payload["preferred_username"] ?? payload["email"];
  const name = typeof shown === "string" ? `${shown} (${payload.sub})` : String(payload.sub);
  return name.slice(0, limits.nameCharsMax);
}
