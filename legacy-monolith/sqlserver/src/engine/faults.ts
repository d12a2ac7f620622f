/**
 * Faults on demand: what a test needs a SQL Server to do and a healthy one will not. A fault waits for the nth statement
 * that contains a piece of text, strikes a given number of times and is gone. With none waiting a statement pays one
 * comparison.
 */

import { SqlError } from "../contract.ts";
import { engineLimits as limits } from "../limits.ts";

const faultKinds = ["latency", "drop-connection", "error", "deadlock", "lock-timeout"] as const;
export type FaultKind = (typeof faultKinds)[number];

export type Fault = {
  readonly kind: FaultKind;
  /** Strikes only statements that contain this text, without regard to case; empty strikes every one. */
  readonly pattern: string;
  /** The first matching statement it strikes, 1 = the next one. */
  readonly nth: number;
  /** How many matching statements it strikes from then on; 0 = until the faults are reset. */
  readonly times: number;
  /** `latency`: how long the statement waits before it runs. */
  readonly ms: number;
  /** `error`: what is raised. */
  readonly number: number;
  readonly severity: number;
  readonly message: string;
};

type Waiting = { readonly fault: Fault; readonly pattern: string; seen: number; struck: number };

const millisecondsMax = 600_000;

export class Faults {
  private waiting: Waiting[] = [];

  get size(): number {
    return this.waiting.length;
  }

  /** Faults with how often each has struck. */
  list(): readonly (Fault & { readonly struck: number })[] {
    return this.waiting.map(({ fault, struck }) => ({ ...fault, struck }));
  }

  /** @throws SqlError 40000 when as many wait already as may */
  add(fault: Fault): void {
    if (this.waiting.length >= limits.faultsMax) {
      throw new SqlError(40000, 16, `more than ${limits.faultsMax} faults are waiting; EXEC sp_sim_fault_reset first`);
    }
    this.waiting.push({ fault, pattern: fault.pattern.toLowerCase(), seen: 0, struck: 0 });
  }

  reset(): void {
    this.waiting = [];
  }

  /** Faults that this statement meets, counted as met. */
  strike(statement: string): readonly Fault[] {
    if (this.waiting.length === 0) return [];
    const text = statement.toLowerCase();
    if (text.includes("sp_sim_fault")) return [];
    const struck: Fault[] = [];
    for (const entry of this.waiting) {
      if (!text.includes(entry.pattern)) continue;
      entry.seen += 1;
      if (entry.seen < entry.fault.nth) continue;
      entry.struck += 1;
      struck.push(entry.fault);
    }
    this.waiting = this.waiting.filter(({ fault, struck: times }) => fault.times === 0 || times < fault.times);
    return struck;
  }
}

/** What a person gave, as a procedure's arguments or a JSON object: names without @, values as text. @throws SqlError 40000 */
export function parseFault(
  input: ReadonlyMap<string, string | null | undefined>,
  otherKinds: readonly string[] = [],
): Fault {
  const kind = faultKinds.find((known) => known === input.get("kind")?.trim().toLowerCase());
  if (!kind) throw new SqlError(40000, 16, `@kind must be one of ${[...faultKinds, ...otherKinds].join(", ")}`);
  const whole = (name: string, fallback: number, max: number): number => {
    const text = input.get(name);
    if (text === undefined || text === null) return fallback;
    const value = Number(text);
    if (!Number.isInteger(value) || value < 0 || value > max) {
      throw new SqlError(40000, 16, `@${name} must be a whole number from 0 to ${max}`);
    }
    return value;
  };
  const number = whole("number", 50000, 2_147_483_647);
  return {
    kind,
    pattern: input.get("pattern") ?? "",
    nth: Math.max(1, whole("nth", 1, 1_000_000)),
    times: whole("times", 1, 1_000_000),
    ms: whole("ms", kind === "latency" ? 1_000 : 0, millisecondsMax),
    number,
    severity: whole("severity", 16, 19),
    message: input.get("message") ?? `Error ${number} injected by the simulator.`,
  };
}
