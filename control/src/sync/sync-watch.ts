/**
 * Looks at the legacy adapters twice a second and tells the replicas what they must know of each module's sync. Of several
 * adapters one leads, and only its word counts. An adapter that is not heard of is believed for a short while; then nothing is
 * known any more, and reads of canary modules go to the owner.
 *
 * Each look names the highest heartbeat number taken before, and so gives the adapter leave to write it: see
 * docs/decisions/0008-pins.md.
 */

import { randomUUID } from "node:crypto";
import type { Clock, Logger } from "@banyan/kernel";
import { events } from "../events.ts";
import { limits } from "../limits.ts";
import type { ModuleConditions } from "../push/module-conditions.ts";
import { Refusal } from "../refusal.ts";
import type { AdapterClient } from "./adapter-client.ts";
import { type AdapterStatus, adapterStatusSchema } from "./adapter-status.ts";

export type AdapterView = {
  readonly url: string;
  readonly status: AdapterStatus | undefined;
  readonly failure: string | undefined;
};

export type SyncWatchOptions = {
  /** Base URLs; empty: there is no sync. */
  readonly urls: readonly string[];
  readonly client: AdapterClient;
  readonly conditions: ModuleConditions;
  readonly clock: Clock;
  readonly logger: Logger;
};

type Heard = { status: AdapterStatus; atMs: number };

export class SyncWatch {
  readonly #options: SyncWatchOptions;
  readonly #heard = new Map<string, Heard>();
  readonly #failures = new Map<string, string>();
  readonly #reported = new Set<string>();
  readonly #name = randomUUID();
  #taken = 0;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<unknown> | undefined;

  constructor(options: SyncWatchOptions) {
    this.#options = options;
  }

  get views(): readonly AdapterView[] {
    return this.#options.urls.map((url) => ({ url, status: this.#fresh(url), failure: this.#failures.get(url) }));
  }

  /** The adapter that leads, as far as is known now. */
  get leading(): { readonly url: string; readonly status: AdapterStatus } | undefined {
    for (const url of this.#options.urls) {
      const status = this.#fresh(url);
      if (status?.standing === "leading") return { url, status };
    }
    return undefined;
  }

  start(): void {
    if (this.#options.urls.length === 0) return;
    this.#timer = setInterval(() => this.#tick(), limits.syncLookMs);
    this.#tick();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  #tick(): void {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
  }

  async #look(): Promise<void> {
    await Promise.all(this.#options.urls.map((url) => this.#ask(url)));
    this.#report();
  }

  async #ask(url: string): Promise<void> {
    const { client, clock, logger } = this.#options;
    const sentMs = clock.monotonicMs();
    try {
      const request = {
        method: "GET",
        path: `/status?by=${this.#name}&taken=${this.#taken}`,
        msMax: limits.syncLookMsMax,
      } as const;
      const status = await client.call(url, request, adapterStatusSchema);
      // An age was true when it was sent at the latest; the whole round trip is added, so that it is never too young.
      this.#heard.set(url, { status, atMs: sentMs });
      if (this.#failures.delete(url)) logger.info({ event: events.adapterHeard, url });
    } catch (error) {
      const why = error instanceof Refusal ? error.why : "an unforeseen failure";
      if (!this.#failures.has(url)) logger.warn({ event: events.adapterAway, url });
      this.#failures.set(url, why);
    }
  }

  #fresh(url: string): AdapterStatus | undefined {
    const heard = this.#heard.get(url);
    return heard && this.#options.clock.monotonicMs() - heard.atMs < limits.syncForgetMs ? heard.status : undefined;
  }

  #report(): void {
    const { conditions, clock } = this.#options;
    const leading = this.leading;
    const told = new Set<string>();
    if (leading) {
      const ageMs = clock.monotonicMs() - (this.#heard.get(leading.url)?.atMs ?? 0);
      this.#taken = Math.max(this.#taken, leading.status.announced);
      for (const { module, watermarkAgeMs, heartbeat, hasParkedKey } of leading.status.services) {
        told.add(module);
        conditions.report(module, {
          watermarkAgeMs: watermarkAgeMs === null ? null : watermarkAgeMs + Math.round(ageMs),
          heartbeat,
          hasParkedKey,
          announced: this.#taken,
        });
      }
    }
    for (const module of this.#reported) if (!told.has(module)) conditions.report(module, undefined);
    this.#reported.clear();
    for (const module of told) this.#reported.add(module);
  }
}
