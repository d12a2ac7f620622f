/**
 * A replica's tie to the control plane, over HTTP alone. State machine:
 *
 *   start --saved revision on disk?--> serve it --.
 *     '--none: rules from the folder--> serve it --+--> connecting <--silence, end, error (retry, 0.1 to 2 s)--.
 *                                                       '--connected: lines are applied as they come ----------'
 *
 * A revision is applied in this order: compile, force to disk, swap, acknowledge. One that does not compile is refused with a
 * reason and the last good one stays. Revisions never go back, unless control says it means it. Beside the stream a heartbeat
 * renews the lease and tells how many writes are under way; both can fail for as long as they like without a request noticing,
 * but for writes of modules at canary, which are refused once the lease has lapsed.
 */

import { setTimeout as wait } from "node:timers/promises";
import { describeError, type Clock, type Logger } from "@banyan/kernel";
import { Agent, request } from "undici";
import { z } from "zod";
import { events } from "../events.ts";
import { limits } from "../limits.ts";
import { linesOf } from "./lines.ts";
import type { ModelState, RevisionSource, TrafficCounts } from "./model-state.ts";
import {
  type ConditionsMessage,
  conditionsOf,
  controlMessage,
  modelOf,
  type RevisionMessage,
} from "./revision-message.ts";
import { loadRevision, saveRevision } from "./saved-revision.ts";

export type ControlLinkOptions = {
  readonly url: string;
  readonly token: string | undefined;
  /** Letters, digits and hyphens, at most 64. */
  readonly id: string;
  /** Where the last good revision is kept. */
  readonly savedFile: string;
  /** What to serve when there is nothing saved and control is away. */
  readonly first?: RevisionSource;
  readonly build?: string;
  readonly logger: Logger;
  readonly clock: Clock;
};

const heartbeatAnswer = z.object({
  leaseMs: z.number().int().min(0).max(600_000),
  /** By module: the newest heartbeat number the sync has announced. */
  announced: z.record(z.string(), z.number().int().min(0)).default({}),
});

export function controlLink(options: ControlLinkOptions): RevisionSource {
  return {
    async start(state, traffic) {
      const link = new ControlLink(options, state, traffic);
      await link.start();
      return link;
    },
  };
}

class ControlLink {
  readonly #options: ControlLinkOptions;
  readonly #state: ModelState;
  readonly #traffic: TrafficCounts;
  readonly #agent = new Agent({ connections: 4, connect: { timeout: limits.connectMsMax } });
  readonly #stopping = new AbortController();
  /** Ends the present stream. */
  #breaking = new AbortController();
  readonly #startedAt: string;
  /** What control last said, as far as it was applied; undefined while serving the first rules. */
  #revision: RevisionMessage | undefined;
  #fences: readonly string[] = [];
  /** The fences that are on disk: what control is told. */
  #keptFences: readonly string[] = [];
  #preparing: Readonly<Record<string, number>> = {};
  #connected: boolean | undefined;
  #heartbeat: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: ControlLinkOptions, state: ModelState, traffic: TrafficCounts) {
    this.#options = options;
    this.#state = state;
    this.#traffic = traffic;
    this.#startedAt = options.clock.now().toISOString();
  }

  async start(): Promise<void> {
    const { savedFile, logger, first, clock } = this.#options;
    const saved = await loadRevision(savedFile);
    if (saved === "unreadable")
      logger.error({ event: events.revisionRefused, file: savedFile, code: "SAVED_UNREADABLE" });
    if (saved !== undefined && saved !== "unreadable") {
      this.#revision = saved.revision;
      this.#fences = saved.fences;
      this.#keptFences = saved.fences;
      this.#state.setConditions(
        conditionsOf({ type: "conditions", conditions: {}, fences: [...saved.fences], preparing: {} }),
      );
      this.#state.swap(modelOf(saved.revision));
    } else if (first) {
      // Read once: from the first revision of control on the folder plays no part.
      await (await first.start(this.#state, this.#traffic)).stop();
    }
    // No lease yet: until control has granted one, writes of modules at canary are refused.
    this.#state.lease(clock.monotonicMs(), 0);
    this.#traffic.onDrained(() => this.#beat());
    this.#loop = this.#follow();
    this.#beat();
    this.#timer = setInterval(() => this.#beat(), limits.heartbeatMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stopping.abort();
    await Promise.all([this.#loop, this.#heartbeat]);
    // Control then need not wait for the lease of a replica that is gone.
    await this.#call("DELETE", "", undefined).catch(() => undefined);
    await this.#agent.destroy();
  }

  async #follow(): Promise<void> {
    let delayMs: number = limits.controlRetryMs;
    while (!this.#stopping.signal.aborted) {
      try {
        await this.#stream(() => {
          delayMs = limits.controlRetryMs;
        });
      } catch (error) {
        // Control away is not a failure of this process: it is told once, and tried again for as long as it takes.
        this.#setConnected(false, error);
      }
      await wait(delayMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
      delayMs = Math.min(delayMs * 2, limits.controlRetryMsMax);
    }
  }

  async #stream(onFirst: () => void): Promise<void> {
    const { url, id, build } = this.#options;
    this.#breaking = new AbortController();
    const at = new URL(`${url.replace(/\/$/, "")}/api/v1/replicas/${id}/stream`);
    at.searchParams.set("build", build ?? "0");
    at.searchParams.set("have", String(this.#revision?.revision ?? 0));
    const answer = await request(at, {
      dispatcher: this.#agent,
      headers: this.#headers(),
      headersTimeout: limits.connectMsMax,
      bodyTimeout: limits.controlSilenceMsMax,
      signal: AbortSignal.any([this.#stopping.signal, this.#breaking.signal]),
    });
    if (answer.statusCode !== 200) {
      await answer.body.dump();
      throw new Error(`control answered ${answer.statusCode}`);
    }
    this.#setConnected(true);
    onFirst();
    for await (const line of linesOf(answer.body, limits.controlLineBytesMax)) {
      if (line !== "") await this.#apply(line);
    }
    throw new Error("control ended the stream");
  }

  async #apply(line: string): Promise<void> {
    const parsed = controlMessage.safeParse(jsonOf(line));
    if (!parsed.success) {
      const why = parsed.error.issues
        .slice(0, 3)
        .map((issue) => `${issue.path.join(".")}: ${issue.message}`)
        .join("; ");
      this.#options.logger.error({ event: events.revisionRefused, hint: why });
      const number = (jsonOf(line) as { revision?: unknown } | undefined)?.revision;
      if (typeof number === "number") await this.#acknowledge({ revision: number, refused: why });
      return;
    }
    if (parsed.data.type === "revision") await this.#applyRevision(parsed.data);
    else await this.#applyConditions(parsed.data);
  }

  async #applyRevision(message: RevisionMessage): Promise<void> {
    const { logger, savedFile } = this.#options;
    const present = this.#revision?.revision;
    if (present !== undefined && message.revision < present && !message.force) {
      const refused = `revision went back from ${present} to ${message.revision}`;
      logger.error({ event: events.revisionRefused, hint: refused });
      await this.#acknowledge({ revision: message.revision, refused });
      return;
    }
    try {
      const model = modelOf(message);
      if (message.revision !== present || message.force)
        await saveRevision(savedFile, { revision: message, fences: this.#fences });
      this.#keptFences = this.#fences;
      this.#revision = message;
      this.#state.swap(model);
    } catch (error) {
      logger.error({ event: events.revisionRefused, hint: describeError(error) });
      await this.#acknowledge({ revision: message.revision, refused: describeError(error) });
      return;
    }
    logger.info({ event: events.revisionApplied, version: String(message.revision) });
    await this.#acknowledge({ revision: message.revision });
  }

  async #applyConditions(message: ConditionsMessage): Promise<void> {
    const fencesChanged = message.fences.toSorted().join() !== this.#fences.toSorted().join();
    const preparingChanged = JSON.stringify(message.preparing) !== JSON.stringify(this.#preparing);
    this.#fences = message.fences;
    this.#preparing = message.preparing;
    // A fence is taken before it is on disk (it only ever holds more), and told to control when it is on disk.
    this.#state.setConditions(conditionsOf(message));
    if (fencesChanged && this.#revision)
      await saveRevision(this.#options.savedFile, { revision: this.#revision, fences: message.fences });
    this.#keptFences = message.fences;
    if (fencesChanged || preparingChanged) this.#beat();
  }

  /** Not acknowledged is seen by control as not applied: it waits, which is the safe side. */
  async #acknowledge(body: { revision: number; refused?: string }): Promise<void> {
    await this.#call("POST", "/ack", body).catch((error: unknown) => this.#setConnected(false, error));
  }

  #beat(): void {
    this.#heartbeat = this.#heartbeat.then(() => this.#sendHeartbeat());
  }

  async #sendHeartbeat(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    const sentMs = this.#options.clock.monotonicMs();
    const requests = this.#traffic.takeAsked();
    try {
      const answer = await this.#call("POST", "/heartbeat", {
        build: this.#options.build ?? "0",
        revision: this.#revision?.revision ?? 0,
        fences: this.#keptFences,
        prepared: this.#preparing,
        inFlight: this.#traffic.inFlight(),
        held: this.#traffic.held(),
        startedAt: this.#startedAt,
        requests,
      });
      const parsed = heartbeatAnswer.safeParse(answer);
      if (!parsed.success) return;
      this.#state.lease(sentMs, parsed.data.leaseMs);
      this.#traffic.announced(parsed.data.announced, sentMs);
    } catch {
      this.#traffic.returnAsked(requests);
      // The stream tells whether control is away; a lease that is not renewed lapses by itself.
    }
  }

  async #call(method: "POST" | "DELETE", path: string, body: object | undefined): Promise<unknown> {
    const { url, id } = this.#options;
    const answer = await request(`${url.replace(/\/$/, "")}/api/v1/replicas/${id}${path}`, {
      dispatcher: this.#agent,
      method,
      headers: { ...this.#headers(), ...(body ? { "content-type": "application/json" } : {}) },
      body: body ? JSON.stringify(body) : null,
      signal: AbortSignal.timeout(limits.connectMsMax),
    });
    const text = await answer.body.text();
    // Evicted by an operator: let in again by opening the stream anew and acknowledging what it brings.
    if (answer.statusCode === 409 && path === "/heartbeat") this.#breaking.abort();
    if (answer.statusCode >= 300) throw new Error(`control answered ${answer.statusCode}`);
    return jsonOf(text);
  }

  #headers(): Record<string, string> {
    const { token } = this.#options;
    return token === undefined ? {} : { authorization: `Bearer ${token}` };
  }

  #setConnected(connected: boolean, error?: unknown): void {
    if (this.#connected === connected || this.#stopping.signal.aborted) return;
    this.#connected = connected;
    const { logger } = this.#options;
    if (connected) logger.info({ event: events.controlFound });
    else logger.warn({ event: events.controlLost, hint: error instanceof Error ? error.message : "unknown" });
  }
}

/** @returns undefined for what is not JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
