/** What control refused, in its own words: why, what to do next, and whatever else its problem document holds. */

import { AppError } from "@banyan/kernel";

export class ControlRefusal extends AppError {
  readonly why: string | undefined;
  /** Further members of the problem document, such as `problems` of rules. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(init: {
    readonly code: string;
    readonly op: string;
    readonly message: string;
    readonly why: string | undefined;
    readonly hint: string;
    readonly retryable: boolean;
    readonly details: Readonly<Record<string, unknown>>;
  }) {
    super(init);
    this.why = init.why;
    this.details = init.details;
  }
}
