/**
 * What replicas must know of a module besides its stage: how far its sync is, whether a key is parked, and whether its writes
 * are fenced. Held in memory and sent whole. The sync tells the one, the journal of flips the other; of a module whose sync
 * tells nothing nothing is known, and its canary reads go to the owner.
 */

export type ModuleConditionReport = {
  /** Null: not known. */
  readonly watermarkAgeMs: number | null;
  readonly heartbeat: number;
  readonly hasParkedKey: boolean;
  /**
   * Highest heartbeat number the sync may have written to the legacy database: it asks for the next one by a report before it
   * writes it. Absent: numbers are not announced, and replicas let their pins run out.
   */
  readonly announced?: number | undefined;
};

export class ModuleConditions {
  readonly #reports = new Map<string, ModuleConditionReport>();
  #fences: ReadonlySet<string> = new Set<string>();
  #preparing: Readonly<Record<string, number>> = {};
  readonly #onChange: (line: string, fences: readonly string[]) => void;

  constructor(onChange: (line: string, fences: readonly string[]) => void) {
    this.#onChange = onChange;
  }

  report(module: string, report: ModuleConditionReport | undefined): void {
    if (report) this.#reports.set(module, report);
    else this.#reports.delete(module);
    this.#onChange(this.line, this.fences);
  }

  /** @param preparing next epoch of modules whose owner is about to change; replicas acknowledge it before the fence. */
  setFlips(fences: readonly string[], preparing: Readonly<Record<string, number>>): void {
    const before = this.line;
    this.#fences = new Set(fences);
    this.#preparing = preparing;
    if (this.line !== before) this.#onChange(this.line, this.fences);
  }

  of(module: string): ModuleConditionReport | undefined {
    return this.#reports.get(module);
  }

  /** Announced heartbeat numbers by module, as of now. */
  announced(): Record<string, number> {
    return Object.fromEntries(
      [...this.#reports].flatMap(([module, { announced }]) => (announced === undefined ? [] : [[module, announced]])),
    );
  }

  isFenced(module: string): boolean {
    return this.#fences.has(module);
  }

  get fences(): string[] {
    return [...this.#fences].sort();
  }

  /** Line of the replica stream. */
  get line(): string {
    return `${JSON.stringify({
      type: "conditions",
      conditions: Object.fromEntries(
        [...this.#reports].map(([module, { announced: _announced, ...condition }]) => [module, condition]),
      ),
      fences: this.fences,
      preparing: this.#preparing,
    })}\n`;
  }
}
