/** Commands that the design names and that are not made yet. They are in the help, so that nobody looks for them in vain. */

import type { Command } from "commander";
import { UsageError } from "../usage-error.ts";

const later = [
  ["diffs [module]", "differences between legacy and service, by signature", "the comparison of shadowed answers"],
  ["conflicts [action]", "fields changed on both sides: list, resolve", "the synchronisation of the databases"],
] as const;

export function addLaterCommands(program: Command): void {
  for (const [usage, description, part] of later) {
    const name = usage.split(" ", 1)[0] ?? usage;
    program
      .command(usage)
      .description(`(not there yet) ${description}`)
      .allowUnknownOption()
      .allowExcessArguments()
      .action(() => {
        throw new UsageError(
          `banyan ${name}`,
          `this command is not there yet: it comes with ${part}`,
          "Nothing was done. `banyan --help` lists what works today.",
          "NOT_THERE_YET",
        );
      });
  }
}
