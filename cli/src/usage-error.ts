/** A command line that cannot be meant: exit code 2, never sent anywhere. */

import { AppError } from "@banyan/kernel";

export class UsageError extends AppError {
  constructor(op: string, message: string, hint: string, code = "USAGE") {
    super({ code, op, message, hint });
  }
}
