/** Who asks, as the proxy signed it. Nothing else a request says about its sender is believed. */

/** Role codes of the legacy system. */
export const staffRoles = ["FDSK", "NURS", "PHYS", "LABT", "BILL", "RPTS", "ADMN"] as const;
export type StaffRole = (typeof staffRoles)[number];

/** `shadow`: the proxy repeats somebody's request to compare answers; nothing of it may have an effect. */
export type Purpose = "care" | "shadow";

type Identified = {
  readonly purpose: Purpose;
  /** Epoch of the module under which the proxy sent the request. */
  readonly epoch: number;
  /** Hash of the legacy session. */
  readonly session: string;
  /** `jti`: this one write. Absent on reads. */
  readonly tokenId: string | undefined;
};

export type StaffPrincipal = Identified & {
  readonly kind: "staff";
  readonly user: string;
  readonly name: string;
  readonly role: StaffRole;
  readonly site: string;
  readonly provider: boolean;
  readonly currentPatient: number | undefined;
  readonly currentEncounter: number | undefined;
  /** The patient opened by break-glass in this session. */
  readonly breakGlassPatient: number | undefined;
};

export type PortalPrincipal = Identified & {
  readonly kind: "portal";
  readonly user: string;
  readonly patient: number;
  /** A patient this one may act for. */
  readonly proxyFor: number | undefined;
};

export type InterfacePrincipal = Identified & { readonly kind: "interface"; readonly user: string };

/** No token at all. A token that is not good is a refusal, not an anonymous caller: see `identity.ts`. */
export type AnonymousPrincipal = { readonly kind: "anonymous"; readonly purpose: "care" };

export type Principal = StaffPrincipal | PortalPrincipal | InterfacePrincipal | AnonymousPrincipal;

export const anonymous: AnonymousPrincipal = { kind: "anonymous", purpose: "care" };
