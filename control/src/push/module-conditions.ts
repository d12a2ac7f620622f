/**
 * What replicas must know of a module besides its stage: how far its sync is, whether a key is parked, and whether its writes
 * are fenced. Held in memory and sent whole. The sync and the flip protocol, which are not here yet, are its writers; until
 * they are, nothing is known and nothing is fenced, and canary reads go to the owner.
 */

export type ModuleConditionReport = {
  /** Null: not known. */
  readonly watermarkAgeMs: number | null;
  readonly heartbeat: number;
  readonly hasParkedKey: boolean;
};

export class ModuleConditions {
  readonly #reports = new Map<string, ModuleConditionReport>();
  readonly #fences = new Set<string>();
  readonly #onChange: (line: string) => void;

  constructor(onChange: (line: string) => void) {
    this.#onChange = onChange;
  }

  report(module: string, report: ModuleConditionReport | undefined): void {
    if (report) this.#reports.set(module, report);
    else this.#reports.delete(module);
    this.#onChange(this.line);
  }

  fence(module: string, isFenced: boolean): void {
    if (isFenced) this.#fences.add(module);
    else this.#fences.delete(module);
    this.#onChange(this.line);
  }

  of(module: string): ModuleConditionReport | undefined {
    return this.#reports.get(module);
  }

  isFenced(module: string): boolean {
    return this.#fences.has(module);
  }

  /** Line of the replica stream. */
  get line(): string {
    return `${JSON.stringify({
      type: "conditions",
      conditions: Object.fromEntries(this.#reports),
      fences: [...this.#fences].sort(),
    })}\n`;
  }
}
