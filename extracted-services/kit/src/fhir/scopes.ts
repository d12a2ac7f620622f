/**
 * SMART App Launch 2 scopes: `context/Type.cruds?param=value`. Parsing, and the question a scope answers: may this caller do this
 * to that type, and if only to some resources, to which. Version 1 forms (`.read`, `.write`, `.*`) are read as their meaning in
 * version 2. Source: https://hl7.org/fhir/smart-app-launch/STU2/scopes-and-launch-context.html
 */

import { limits } from "./limits.ts";

export type ScopeContext = "patient" | "user" | "system";
export type Permission = "c" | "r" | "u" | "d" | "s";

export type Scope = {
  readonly context: ScopeContext;
  /** A resource type, or `*`. */
  readonly type: string;
  readonly permissions: ReadonlySet<Permission>;
  /** Search parameters a resource must match; empty for all. */
  readonly filter: readonly (readonly [name: string, value: string])[];
};

const permissionsOf: Readonly<Record<string, readonly Permission[]>> = {
  read: ["r", "s"],
  write: ["c", "u", "d"],
  "*": ["c", "r", "u", "d", "s"],
};

const form = /^(patient|user|system)\/([A-Z][A-Za-z]{1,63}|\*)\.([a-z]+|\*)(?:\?([^\s#]{1,512}))?$/;

/** @returns undefined for what is no resource scope (`openid`, `launch/patient`) or is malformed: it grants nothing. */
function parseScope(text: string): Scope | undefined {
  const found = form.exec(text);
  if (!found) return undefined;
  const [, context, type, letters = "", query] = found;
  const permissions = permissionsOf[letters] ?? lettersOf(letters);
  if (!permissions) return undefined;
  return {
    context: context as ScopeContext,
    type: String(type),
    permissions: new Set(permissions),
    filter: query === undefined ? [] : [...new URLSearchParams(query)],
  };
}

/** SMART 2 asks for the letters in the order c, r, u, d, s, each once. */
function lettersOf(letters: string): readonly Permission[] | undefined {
  return /^c?r?u?d?s?$/.test(letters) && letters !== "" ? ([...letters] as Permission[]) : undefined;
}

/** Reads a space-separated list. */
export function parseScopes(text: string): readonly Scope[] {
  return text
    .split(/\s+/)
    .slice(0, limits.scopesMax)
    .map(parseScope)
    .filter((scope) => scope !== undefined);
}

/** The scopes that bear on one permission for one type; none means it is not granted. */
export function scopesFor(scopes: readonly Scope[], type: string, permission: Permission): readonly Scope[] {
  return scopes.filter((scope) => (scope.type === type || scope.type === "*") && scope.permissions.has(permission));
}
