/** Targets as configuration gives them: the legacy address, and services as `name=url,name=url`. */

/** @param services a name given twice is two instances of one service. */
export function targetsOf(legacyUrl: string, services: string): Record<string, string[]> {
  const targets: Record<string, string[]> = { legacy: [legacyUrl] };
  for (const one of services.split(",")) {
    const at = one.indexOf("=");
    if (at < 1) continue;
    (targets[one.slice(0, at)] ??= []).push(one.slice(at + 1));
  }
  return targets;
}
