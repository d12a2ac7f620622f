/**
 * The open streams to the replicas. A stream holds at most one unsent line of each kind: a replica that reads slowly gets the
 * newest state when it is ready, never the history. One that reads nothing for long is cut and connects anew.
 *
 *   open -> [due lines written when the socket takes them] -> cut (replica gone, stalled, evicted, replaced) -> closed
 */

import type { ServerResponse } from "node:http";
import type { Clock } from "@banyan/kernel";
import { limits } from "../limits.ts";

type Stream = {
  readonly response: ServerResponse;
  revisionDue: boolean;
  conditionsDue: boolean;
  /** Monotonic time since which the socket takes nothing; undefined while it does. */
  stalledSinceMs: number | undefined;
};

export class ReplicaStreams {
  readonly #clock: Clock;
  readonly #streams = new Map<string, Stream>();
  readonly #timer: NodeJS.Timeout;
  readonly #onStalled: (id: string) => void;
  #revisionLine: ((fences: readonly string[]) => string) | undefined;
  #fences: readonly string[] = [];
  #conditionsLine = "";

  constructor(clock: Clock, onStalled: (id: string) => void) {
    this.#clock = clock;
    this.#onStalled = onStalled;
    this.#timer = setInterval(() => this.#keepAlive(), limits.keepAliveMs);
  }

  get count(): number {
    return this.#streams.size;
  }

  isConnected(id: string): boolean {
    return this.#streams.has(id);
  }

  /** Sends the whole state at once. An earlier stream of the same replica is cut. `onClosed` is not called for that one. */
  open(id: string, response: ServerResponse, onClosed: () => void): void {
    this.cut(id);
    const stream: Stream = { response, revisionDue: true, conditionsDue: true, stalledSinceMs: undefined };
    this.#streams.set(id, stream);
    response.writeHead(200, { "content-type": "application/x-ndjson", "cache-control": "no-store" });
    response.on("drain", () => this.#flush(stream));
    response.once("close", () => {
      if (this.#streams.get(id) !== stream) return;
      this.#streams.delete(id);
      onClosed();
    });
    this.#flush(stream);
  }

  /** @param line makes the line for the fences of the moment it is sent. */
  publishRevision(line: (fences: readonly string[]) => string): void {
    this.#revisionLine = line;
    for (const stream of this.#streams.values()) {
      stream.revisionDue = true;
      this.#flush(stream);
    }
  }

  publishConditions(line: string, fences: readonly string[]): void {
    this.#conditionsLine = line;
    this.#fences = fences;
    for (const stream of this.#streams.values()) {
      stream.conditionsDue = true;
      this.#flush(stream);
    }
  }

  /** For a replica that should have acknowledged the revision long ago: its acknowledgement may have been lost. */
  resendRevision(id: string): void {
    const stream = this.#streams.get(id);
    if (!stream) return;
    stream.revisionDue = true;
    this.#flush(stream);
  }

  cut(id: string): void {
    const stream = this.#streams.get(id);
    if (!stream) return;
    this.#streams.delete(id);
    stream.response.destroy();
  }

  close(): void {
    clearInterval(this.#timer);
    for (const [id, stream] of this.#streams) {
      this.#streams.delete(id);
      stream.response.end();
      stream.response.socket?.destroySoon();
    }
  }

  /** The revision goes before the conditions: a fence ends only after the new owner is known. */
  #flush(stream: Stream): void {
    if (stream.response.writableNeedDrain || stream.response.destroyed) return;
    stream.stalledSinceMs = undefined;
    if (stream.revisionDue && this.#revisionLine) {
      stream.revisionDue = false;
      stream.response.write(this.#revisionLine(this.#fences));
    }
    // Not after a line the socket did not take: it might be out of date before it leaves.
    if (stream.conditionsDue && this.#conditionsLine !== "" && !stream.response.writableNeedDrain) {
      stream.conditionsDue = false;
      stream.response.write(this.#conditionsLine);
    }
  }

  #keepAlive(): void {
    const now = this.#clock.monotonicMs();
    for (const [id, stream] of this.#streams) {
      if (!stream.response.writableNeedDrain) {
        stream.response.write("\n");
        continue;
      }
      stream.stalledSinceMs ??= now;
      if (now - stream.stalledSinceMs < limits.streamStallMsMax) continue;
      this.#onStalled(id);
      this.cut(id);
    }
  }
}
