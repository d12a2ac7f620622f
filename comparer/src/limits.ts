/** Every bound of the comparer, each with its reason. A comparison that meets one says so in its verdict. */

export type Budget = {
  /** Longest time one comparison may take, in milliseconds. */
  readonly timeMsMax: number;
  /** Tree nodes built and compared on both sides together. */
  readonly nodesMax: number;
  /** Bytes of one body, after its content encoding is taken off. */
  readonly bytesMax: number;
};

/** The largest page of the EHR has about 6,000 nodes and 400 KB; a report of 5,000 rows about 100,000 nodes. */
export const defaultBudget: Budget = { timeMsMax: 2_000, nodesMax: 2_000_000, bytesMax: 8 * 1024 * 1024 };

/** Differences kept of one comparison; further ones are only counted. Two unlike pages differ everywhere, and one look tells. */
export const differencesMax = 200;

/** Characters kept of a differing value: enough for a person to see what differs, not a second copy of a note. */
export const valueCharsMax = 2_000;

/** JSON and XML nesting. Deeper documents are no documents of this system, and recursion has a stack. */
export const depthMax = 200;

/** Unmatched items of two lists that are paired by similarity: the product of both counts. Beyond it they are paired by place. */
export const similarityPairsMax = 40_000;

/** Pages of a PDF whose text is read. A printed chart has some dozens. */
export const pdfPagesMax = 500;

/** Characters of a regular expression in a rule: rules are read by people. */
export const patternCharsMax = 300;

/** Jobs that wait for a worker; past it a comparison is refused as not run, because a shadow never queues without end. */
export const poolQueueMax = 256;

/** Bytes of the bodies that wait for a worker. */
export const poolQueuedBytesMax = 64 * 1024 * 1024;

/** What a worker may take beyond the time budget before it is ended: parsers do not look at the clock. */
export const poolGraceMs = 1_000;

/** Loading the parsers takes a second on a busy machine; a worker that is not there after this never will be. */
export const workerStartMsMax = 30_000;

/** Megabytes of heap of one worker: a document within the budget needs a tenth of it. */
export const workerHeapMbMax = 512;
