#!/usr/bin/env node
/** The `banyan` command as a process: `npx banyan …` in the checkout. */

import { readConfig } from "@banyan/kernel";
import { runCommand } from "./run.ts";

// `banyan status | head`: the reader has gone, nothing is left to say.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

process.exitCode = await runCommand(process.argv.slice(2), {
  config: () => readConfig(),
  out: (text) => void process.stdout.write(text),
  error: (text) => void process.stderr.write(text),
});
