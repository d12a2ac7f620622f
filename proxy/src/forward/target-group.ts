/**
 * The places that serve one side: the legacy web farm, or the instances of one service. A request goes to the instance with
 * the fewest requests under way whose circuit lets it; an instance whose circuit is open is thereby out of the group until a
 * check or a probe finds it well again.
 */

import type { Clock } from "@banyan/kernel";
import { TargetState } from "./target.ts";

export type Taken =
  | { readonly kind: "taken"; readonly target: TargetState }
  | { readonly kind: "none"; readonly failure: "queueFull" | "circuitOpen" };

export class TargetGroup {
  readonly name: string;
  readonly targets: readonly TargetState[];
  /** Host and port of every instance, lower case, for rewriting what they say of themselves. */
  readonly hosts: readonly string[];

  constructor(options: { name: string; origins: readonly string[]; clock: Clock; connectionsMax?: number }) {
    const { name, origins, clock, connectionsMax } = options;
    this.name = name;
    this.hosts = origins.map((origin) => new URL(origin).host.toLowerCase());
    this.targets = origins.map(
      (origin) =>
        new TargetState({
          name,
          origin: new URL(origin).origin,
          clock,
          ...(connectionsMax === undefined ? {} : { connectionsMax }),
        }),
    );
  }

  /** @param not an instance that has just failed: taken again only when there is no other. */
  take(not?: TargetState): Taken {
    if (this.targets.length === 1) return takeOf(this.targets[0] as TargetState);
    const byLoad = this.targets.toSorted((a, b) => Number(a === not) - Number(b === not) || a.inFlight - b.inFlight);
    let last: Taken = { kind: "none", failure: "circuitOpen" };
    for (const target of byLoad) {
      last = takeOf(target);
      if (last.kind === "taken") return last;
    }
    return last;
  }

  async close(): Promise<void> {
    await Promise.all(this.targets.map((target) => target.close()));
  }
}

function takeOf(target: TargetState): Taken {
  const place = target.take();
  return place === "taken" ? { kind: "taken", target } : { kind: "none", failure: place };
}
