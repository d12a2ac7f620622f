/**
 * Takes pairs of answers to where they are compared (control), in batches, and reads both sides again where the comparison
 * asks for it. State machine of a pair:
 *
 *   observed --sent--> done                        equal, or nothing more to learn
 *               '--recheck--> waiting --at +2, +15, +120 s--> legacy, service, legacy read --sent--> done, or waiting again
 *
 * Everything is bounded and dropped, counted, when it does not fit: control away costs pairs, never memory or an answer.
 */

import type { Clock } from "@banyan/kernel";
import { Agent, request } from "undici";
import { z } from "zod";
import { limits } from "../limits.ts";
import type { ShadowAnswer } from "./answer.ts";

export type Observation = {
  readonly id: string;
  readonly module: string;
  readonly rule: string;
  readonly template: string;
  readonly method: string;
  readonly effect: "read" | "write";
  /** When the primary's request came, ISO 8601. */
  readonly at: string;
  readonly revision: number;
  readonly served: "legacy" | "service";
  /** Age of the service's data when the service was asked, in milliseconds; null: not known. */
  readonly watermarkAgeMs: number | null;
  /** From the primary's request to asking the other side, in milliseconds. */
  readonly sinceMs: number;
  readonly parked: boolean;
  readonly role: string;
  readonly site: string;
  /** Path and query: patient data. Control keeps it inside the encrypted sample only. */
  readonly path: string;
  readonly legacy: ShadowAnswer;
  readonly service: ShadowAnswer;
};

/** Both sides once more. `watermarkPassed`: what the legacy side had when the request came is in the service's store. */
export type Reread = {
  readonly watermarkPassed: boolean;
  readonly before: ShadowAnswer;
  readonly service: ShadowAnswer;
  readonly after: ShadowAnswer;
};

export type Pair = {
  readonly observation: Observation;
  /** Undefined: it cannot be read again (a write, a caller without a session of ours). */
  readonly reread: (() => Promise<Reread | undefined>) | undefined;
  /** Bytes that a wait for a re-read keeps. */
  readonly keptBytes: number;
};

export type ObserverOptions = {
  readonly url: string;
  readonly token: string | undefined;
  readonly replica: string;
  readonly counts: () => { eligible: Record<string, number>; dropped: Record<string, Record<string, number>> };
  readonly clock: Clock;
  /** Waits before re-reads, in milliseconds after the observation. */
  readonly recheckMs?: readonly number[];
};

const observationAnswer = z.object({ results: z.array(z.object({ id: z.string(), recheck: z.boolean() })) });
const recheckAnswer = z.object({ results: z.array(z.object({ id: z.string(), again: z.boolean() })) });

export class Observer {
  readonly lost = { queueFull: 0, controlAway: 0, rechecksFull: 0, reread: 0 };
  readonly #options: ObserverOptions;
  readonly #agent = new Agent({ connections: 2, connect: { timeout: limits.connectMsMax } });
  readonly #rounds: readonly number[];
  readonly #waiting = new Map<string, { pair: Pair; timer: NodeJS.Timeout }>();
  #queue: Pair[] = [];
  #queuedBytes = 0;
  #keptBytes = 0;
  #sending: Promise<void> | undefined;
  #timer: NodeJS.Timeout;
  #closed = false;

  constructor(options: ObserverOptions) {
    this.#options = options;
    this.#rounds = options.recheckMs ?? limits.recheckMs;
    this.#timer = setInterval(() => this.#flush(), limits.observationsFlushMs);
    this.#timer.unref();
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  /** @returns false when there is no room. */
  observe(pair: Pair): boolean {
    const bytes = sizeOf(pair.observation.legacy) + sizeOf(pair.observation.service);
    if (this.#closed || this.#queuedBytes + bytes > limits.observationsBytesMax) {
      this.lost.queueFull += 1;
      return false;
    }
    this.#queue.push(pair);
    this.#queuedBytes += bytes;
    if (this.#queue.length >= limits.observationsBatchMax) this.#flush();
    return true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
    await this.#sending;
    await this.#agent.destroy();
  }

  #flush(): void {
    if (this.#sending) return;
    this.#sending = this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
  }

  async #sendAll(): Promise<void> {
    do {
      const batch = this.#queue.splice(0, limits.observationsBatchMax);
      const counts = this.#options.counts();
      if (batch.length === 0 && Object.keys(counts.eligible).length === 0 && Object.keys(counts.dropped).length === 0)
        return;
      await this.#send(batch, counts);
    } while (this.#queue.length > 0 && !this.#closed);
  }

  async #send(batch: readonly Pair[], counts: ReturnType<ObserverOptions["counts"]>): Promise<void> {
    const framed = new Frame();
    const observations = batch.map(({ observation }) => ({
      ...observation,
      legacy: framed.add(observation.legacy),
      service: framed.add(observation.service),
    }));
    for (const { observation } of batch) this.#queuedBytes -= sizeOf(observation.legacy) + sizeOf(observation.service);
    const answer = await this.#post("observations", framed.bytes({ ...counts, observations }), observationAnswer);
    if (!answer) {
      this.lost.controlAway += batch.length;
      return;
    }
    const asked = new Set(answer.results.filter((one) => one.recheck).map((one) => one.id));
    for (const pair of batch) if (asked.has(pair.observation.id)) this.#wait(pair, 0);
  }

  #wait(pair: Pair, round: number): void {
    const { id } = pair.observation;
    const due = this.#rounds[round];
    if (!pair.reread || due === undefined || this.#closed) return;
    if (round === 0) {
      if (this.#waiting.size >= limits.rechecksMax || this.#keptBytes + pair.keptBytes > limits.recheckBytesMax) {
        this.lost.rechecksFull += 1;
        return;
      }
      this.#keptBytes += pair.keptBytes;
    }
    const timer = setTimeout(() => void this.#recheck(pair, round), due - (this.#rounds[round - 1] ?? 0));
    timer.unref();
    this.#waiting.set(id, { pair, timer });
  }

  async #recheck(pair: Pair, round: number): Promise<void> {
    const { id } = pair.observation;
    const again = await this.#askAgain(pair, round);
    if (again && round + 1 < this.#rounds.length) this.#wait(pair, round + 1);
    else if (this.#waiting.delete(id)) this.#keptBytes -= pair.keptBytes;
  }

  async #askAgain(pair: Pair, round: number): Promise<boolean> {
    const read = await pair.reread?.();
    if (!read) {
      this.lost.reread += 1;
      return false;
    }
    const framed = new Frame();
    const recheck = {
      id: pair.observation.id,
      round,
      watermarkPassed: read.watermarkPassed,
      before: framed.add(read.before),
      service: framed.add(read.service),
      after: framed.add(read.after),
    };
    const answer = await this.#post("rechecks", framed.bytes({ rechecks: [recheck] }), recheckAnswer);
    if (!answer) this.lost.controlAway += 1;
    return answer?.results[0]?.again ?? false;
  }

  async #post<T extends z.ZodType>(what: string, body: Buffer, schema: T): Promise<z.infer<T> | undefined> {
    const { url, token, replica } = this.#options;
    try {
      const answer = await request(`${url.replace(/\/$/, "")}/api/v1/replicas/${replica}/${what}`, {
        dispatcher: this.#agent,
        method: "POST",
        headers: {
          "content-type": "application/x-banyan-observations",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body,
        signal: AbortSignal.timeout(limits.observationMsMax),
      });
      const text = await answer.body.text();
      const parsed = schema.safeParse(answer.statusCode === 200 ? JSON.parse(text) : undefined);
      return parsed.success ? parsed.data : undefined;
    } catch {
      // Control away: the pair is lost, which `lost` tells, and not-run is what control will count.
      return undefined;
    }
  }
}

const sizeOf = (answer: ShadowAnswer): number => (answer.kind === "answered" ? answer.body.length : 0);

/** One line of JSON, a line feed, then the bodies one behind the other; each answer tells where its own lies. */
class Frame {
  readonly #bodies: Buffer[] = [];
  #length = 0;

  add(answer: ShadowAnswer): object {
    if (answer.kind === "failed") return { failed: answer.failed };
    const { status, headers, body, ms } = answer;
    const offset = this.#length;
    this.#bodies.push(body);
    this.#length += body.length;
    return { status, headers, ms: Math.round(ms), offset, length: body.length };
  }

  bytes(head: object): Buffer {
    return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...this.#bodies]);
  }
}
