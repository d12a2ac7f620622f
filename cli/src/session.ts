/**
 * What every command of one run shares: the options that stand before or after any command, the configuration, and the two
 * ways of answering (for a person, for a script). A command gives back an Outcome and prints nothing itself.
 */

import type { Config } from "@banyan/kernel";
import { ControlClient } from "./control-client.ts";
import { findControl } from "./find-control.ts";

export type Outcome = {
  /** What `--json` prints, whole. */
  readonly data: unknown;
  /** What a person reads, without a last line feed. */
  readonly text: string;
  /** The question was answered and the answer is bad (lint found something, the chain is broken): exit code 1. */
  readonly failed?: boolean;
};

export type Terminal = {
  config(): Config;
  out(text: string): void;
  error(text: string): void;
};

export type GlobalOptions = { readonly json?: boolean; readonly control?: string; readonly token?: string };

export class Session {
  readonly #terminal: Terminal;
  readonly #options: () => GlobalOptions;
  #config: Config | undefined;
  /** 0 done, 1 refused or failed. */
  exitCode = 0;

  constructor(terminal: Terminal, options: () => GlobalOptions) {
    this.#terminal = terminal;
    this.#options = options;
  }

  get json(): boolean {
    return this.#options().json === true;
  }

  /** @throws AppError CONFIG_INVALID */
  get config(): Config {
    this.#config ??= this.#terminal.config();
    return this.#config;
  }

  /** @throws AppError CONTROL_UNKNOWN, CONNECTIONS_UNREADABLE */
  control(): ControlClient {
    return new ControlClient(findControl(this.config, this.#options()));
  }

  answer(outcome: Outcome): void {
    const text = this.json ? JSON.stringify(outcome.data, undefined, 2) : outcome.text;
    this.#terminal.out(`${text}\n`);
    if (outcome.failed) this.exitCode = 1;
  }

  /** One line of a command that goes on running; `--json` prints one object a line. */
  tell(data: Readonly<Record<string, unknown>>, text: string): void {
    this.#terminal.out(`${this.json ? JSON.stringify(data) : text}\n`);
  }
}
