/** What a person may do. Each role holds the ones before it. */

export const roles = ["viewer", "operator", "admin"] as const;
export type Role = (typeof roles)[number];

export function mayActAs(role: Role, needed: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(needed);
}

/** The highest role among names such as `operator` or `banyan-operator`. */
export function highestRole(names: readonly string[]): Role | undefined {
  return roles.findLast((role) => names.includes(role) || names.includes(`banyan-${role}`));
}
