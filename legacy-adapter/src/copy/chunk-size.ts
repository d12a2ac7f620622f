/**
 * How many rows the next chunk of a copy reads, and how long the copy rests before: a read that took long means that the
 * legacy server is busy with clinicians, so the copy takes less and waits as long as the read took.
 */

import { limits } from "../limits.ts";

export class ChunkSize {
  readonly #rowsMax: number;
  #rows: number;
  #restMs = 0;

  constructor(rowsMax: number = limits.copyChunkRows) {
    this.#rowsMax = rowsMax;
    this.#rows = rowsMax;
  }

  get rows(): number {
    return this.#rows;
  }

  get restMs(): number {
    return this.#restMs;
  }

  /** @param readMs how long the source took for the last chunk. */
  wasRead(readMs: number): void {
    const isSlow = readMs > limits.copySourceMsMax;
    this.#restMs = isSlow ? Math.min(readMs, limits.copyRestMsMax) : 0;
    const wanted = isSlow ? this.#rows / 2 : this.#rows * 2;
    this.#rows = Math.round(
      Math.min(Math.max(wanted, Math.min(limits.copyChunkRowsMin, this.#rowsMax)), this.#rowsMax),
    );
  }
}
