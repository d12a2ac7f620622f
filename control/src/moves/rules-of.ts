/** The rules of a module in a revision. */

import type { RuleFileConfig } from "@banyan/routing-rules";
import type { Head } from "../head-state.ts";

export function rulesOf(head: Head, module: string): RuleFileConfig | undefined {
  return head.files.find((file) => file.module === module);
}
