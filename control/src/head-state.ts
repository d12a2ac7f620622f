/**
 * The newest revision, compiled, as this process knows it. Read from the database after every change made here, and every
 * second for those made by another control process; readers between two reads get the last good one.
 */

import { AppError, type Logger } from "@banyan/kernel";
import { compile, parseRuleSet, type RevisionModel, type RuleFileConfig } from "@banyan/routing-rules";
import type { Knex } from "knex";
import { events } from "./events.ts";
import { limits } from "./limits.ts";
import { headNumber, readRevision, type RuleFileText, type StoredRevision } from "./store/revisions.ts";

export type Head = {
  readonly revision: StoredRevision;
  readonly files: readonly RuleFileConfig[];
  readonly model: RevisionModel;
};

export class HeadState {
  readonly #db: Knex;
  readonly #logger: Logger;
  readonly #onChange: (head: Head) => void;
  #current: Head | undefined;
  #reading: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(db: Knex, logger: Logger, onChange: (head: Head) => void) {
    this.#db = db;
    this.#logger = logger;
    this.#onChange = onChange;
  }

  /** @throws AppError NO_REVISION before the first `refresh`. */
  get current(): Head {
    if (this.#current) return this.#current;
    throw new AppError({
      code: "NO_REVISION",
      op: "read the newest revision",
      message: "no revision was read yet",
      hint: "The control plane is still starting.",
      retryable: true,
    });
  }

  /** One read after the other, so that an older answer never replaces a newer one. */
  refresh(): Promise<void> {
    const read = this.#reading.then(() => this.#read());
    this.#reading = read.catch(() => undefined);
    return read;
  }

  poll(): void {
    this.#timer = setInterval(() => {
      this.refresh().catch(() => this.#logger.warn({ event: events.headReadFailed }));
    }, limits.headPollMs);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#reading;
  }

  async #read(): Promise<void> {
    const number = await headNumber(this.#db);
    if (number === 0 || number === this.#current?.revision.number) return;
    const revision = await readRevision(this.#db, number);
    if (!revision) return;
    const sameRules = this.#current?.revision.digest === revision.digest;
    const files = sameRules && this.#current ? this.#current.files : filesOf(revision.files);
    const states = new Map(Object.entries(revision.modules));
    this.#current = { revision, files, model: compile(files, states, revision.number) };
    this.#onChange(this.#current);
  }
}

/** @throws AppError REVISION_UNREADABLE when a stored rule file no longer reads. */
function filesOf(texts: readonly RuleFileText[]): RuleFileConfig[] {
  const set = parseRuleSet(texts);
  const problem = set.problems[0];
  if (!problem) return set.files.map((file) => file.config);
  throw new AppError({
    code: "REVISION_UNREADABLE",
    op: "read the newest revision",
    message: `its rules do not read with this build: ${problem.file} line ${problem.line}: ${problem.message}`,
    hint: "Start the version of Banyan that wrote the revision and publish rules that both versions read.",
  });
}
