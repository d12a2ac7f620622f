/**
 * Audit events on disk until control has them. Events gather in memory for a moment, become a numbered segment (written to a
 * temporary name and renamed, so that a segment is whole or not there), and a segment is removed when control has stored it.
 * What a crash can lose is that moment; what a control plane that is away can lose is nothing until the folder is full, and
 * then the number of events that found no room stands in the first line of the next segment.
 */

import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Logger } from "@banyan/kernel";
import { events } from "../events.ts";
import { limits } from "../limits.ts";
import type { AuditSink } from "./audit-trail.ts";

export type Segment = { readonly number: number; readonly bytes: number };

export class AuditSpool implements AuditSink {
  readonly counts = { spoolFull: 0, diskFailed: 0, refused: 0 };
  /** Stands for this folder: segment numbers are unique within it. */
  readonly id: string;
  readonly #folder: string;
  readonly #logger: Logger;
  readonly #bytesMax: number;
  readonly #segments: Segment[];
  #next: number;
  #bytes: number;
  readonly #gathered = Buffer.allocUnsafe(limits.auditSegmentBytesMax);
  #length = 0;
  #lines = 0;
  #droppedSince = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #onSegment: () => void = () => {};

  /** @throws the file system's error */
  static async open(options: { folder: string; logger: Logger; bytesMax?: number }): Promise<AuditSpool> {
    const { folder, logger, bytesMax = limits.auditSpoolBytesMax } = options;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const segments: Segment[] = [];
    let highest = 0;
    for (const name of await readdir(folder)) {
      const [, number = "", ending] = /^(\d{12})\.(jsonl|refused)$/.exec(name) ?? [];
      if (ending === undefined) continue;
      highest = Math.max(highest, Number(number));
      if (ending === "jsonl") segments.push({ number: Number(number), bytes: (await stat(join(folder, name))).size });
    }
    const id = await idOf(folder);
    return new AuditSpool({ folder, logger, bytesMax, segments: segments.toSorted(byNumber), next: highest + 1, id });
  }

  private constructor(options: {
    folder: string;
    logger: Logger;
    bytesMax: number;
    segments: Segment[];
    next: number;
    id: string;
  }) {
    this.#folder = options.folder;
    this.#logger = options.logger;
    this.#bytesMax = options.bytesMax;
    this.#segments = options.segments;
    this.#next = options.next;
    this.id = options.id;
    this.#bytes = options.segments.reduce((sum, one) => sum + one.bytes, 0);
  }

  /** Bytes that wait for control. */
  get bytes(): number {
    return this.#bytes;
  }

  onSegment(listener: () => void): void {
    this.#onSegment = listener;
  }

  /** Takes a line or counts it as dropped; never waits, never throws. */
  write(line: string): void {
    if (this.#length + line.length * 3 > this.#gathered.length) this.#seal();
    if (line.length * 3 > this.#gathered.length || this.#bytes + this.#length + line.length > this.#bytesMax) {
      this.counts.spoolFull += 1;
      this.#droppedSince += 1;
      return;
    }
    this.#length += this.#gathered.write(line, this.#length, "utf8");
    this.#lines += 1;
    this.#timer ??= setTimeout(() => this.#seal(), limits.auditSegmentMs);
  }

  /** The oldest segment there is. */
  get oldest(): Segment | undefined {
    return this.#segments[0];
  }

  /** Undefined when the file cannot be read any more; that is logged and counted as lost. */
  async read(segment: Segment): Promise<Buffer | undefined> {
    try {
      return await readFile(this.#fileOf(segment));
    } catch (error) {
      this.counts.diskFailed += 1;
      this.#logger.error({ event: events.auditNotKept, count: segment.number, code: codeOf(error) });
      return undefined;
    }
  }

  /** Control has it. One whose file stays is sent again after the next start, which control notices. */
  async remove(segment: Segment): Promise<void> {
    this.#forget(segment);
    await unlink(this.#fileOf(segment)).catch((error: unknown) =>
      this.#logger.warn({ event: events.auditNotRemoved, count: segment.number, code: codeOf(error) }),
    );
  }

  /** Control will never take it: put aside for a person, out of the way of the others. */
  async setAside(segment: Segment): Promise<void> {
    this.counts.refused += 1;
    this.#forget(segment);
    await rename(this.#fileOf(segment), join(this.#folder, `${nameOf(segment.number)}.refused`)).catch(
      (error: unknown) =>
        this.#logger.warn({ event: events.auditNotRemoved, count: segment.number, code: codeOf(error) }),
    );
  }

  /** Writes what is gathered and waits until it is on disk. */
  async flush(): Promise<void> {
    this.#seal();
    await this.#writing;
  }

  #forget(segment: Segment): void {
    const at = this.#segments.indexOf(segment);
    if (at < 0) return;
    this.#segments.splice(at, 1);
    this.#bytes -= segment.bytes;
  }

  #seal(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#lines === 0) return;
    const head = `{"dropped":${this.#droppedSince}}\n`;
    const bytes = Buffer.concat([Buffer.from(head), this.#gathered.subarray(0, this.#length)]);
    const segment = { number: this.#next, bytes: bytes.length };
    const [lines, dropped] = [this.#lines, this.#droppedSince];
    this.#next += 1;
    this.#length = 0;
    this.#lines = 0;
    this.#droppedSince = 0;
    // Counted before it is written: what is under way is part of the bound too.
    this.#bytes += bytes.length;
    this.#writing = this.#store(this.#writing, segment, bytes, { lines, dropped });
  }

  async #store(
    before: Promise<void>,
    segment: Segment,
    bytes: Buffer,
    counts: { readonly lines: number; readonly dropped: number },
  ): Promise<void> {
    await before;
    try {
      await writeFile(`${this.#fileOf(segment)}.new`, bytes, { mode: 0o600 });
      await rename(`${this.#fileOf(segment)}.new`, this.#fileOf(segment));
    } catch (error) {
      this.#bytes -= bytes.length;
      this.counts.diskFailed += counts.lines;
      this.#droppedSince += counts.lines + counts.dropped;
      this.#logger.error({ event: events.auditNotKept, count: counts.lines, code: codeOf(error) });
      return;
    }
    this.#segments.push(segment);
    this.#onSegment();
  }

  #fileOf(segment: Segment): string {
    return join(this.#folder, `${nameOf(segment.number)}.jsonl`);
  }
}

const nameOf = (number: number): string => String(number).padStart(12, "0");
const byNumber = (a: Segment, b: Segment): number => a.number - b.number;
const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? "UNKNOWN";

async function idOf(folder: string): Promise<string> {
  const file = join(folder, "id");
  try {
    const id = (await readFile(file, "utf8")).trim();
    if (/^[0-9a-f-]{36}$/.test(id)) return id;
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
  // A folder that lost its id gets a new one; its segments are then others to control, counted twice at worst, never lost.
  const id = randomUUID();
  await writeFile(file, id, { mode: 0o600 });
  return id;
}
