/**
 * WebSockets and event streams outlive the revision that decided them. When a new revision sends such a request elsewhere,
 * the stream is closed, so that its browser connects again and comes to the new side; spread over a short time, so that not
 * all come at once. Streams of modules that did not move stay.
 */

import type { RevisionModel } from "@banyan/routing-rules";
import { limits } from "../limits.ts";

export type OpenStream = {
  /** Whether the request of this stream would go elsewhere now. */
  hasMoved(model: RevisionModel): boolean;
  close(): void;
};

export class OpenStreams {
  readonly counts = { closedByFlip: 0, refused: 0 };
  readonly #open = new Set<OpenStream>();
  /** @returns a number in [0, 1). */
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  get size(): number {
    return this.#open.size;
  }

  get isFull(): boolean {
    return this.#open.size >= limits.streamsMax;
  }

  /** @returns what is to be called when the stream has ended. */
  add(stream: OpenStream): () => void {
    this.#open.add(stream);
    return () => void this.#open.delete(stream);
  }

  swapped(model: RevisionModel): void {
    for (const stream of this.#open) {
      if (!stream.hasMoved(model)) continue;
      this.counts.closedByFlip += 1;
      setTimeout(() => {
        if (this.#open.delete(stream)) stream.close();
      }, this.#random() * limits.streamCloseJitterMs).unref();
    }
  }

  closeAll(): void {
    for (const stream of this.#open) {
      this.#open.delete(stream);
      stream.close();
    }
  }
}
