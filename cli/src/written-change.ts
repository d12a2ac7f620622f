/** Parts of a change as a person writes them: a stage with its share, a revision, a list of names. */

import { type Stage, stageSchema } from "@banyan/routing-rules";
import type { Command } from "commander";
import { UsageError } from "./usage-error.ts";

export type ChangeOptions = { readonly reason: string; readonly ifRevision?: number };

/** The options of every command that changes something. */
export function withReason(command: Command): Command {
  return command
    .requiredOption("--reason <text>", "why; kept in the audit trail")
    .option("--if-revision <n>", "refuse if the newest revision is not this one", countOption);
}

/** @throws UsageError when the share is missing, superfluous or out of range. */
export function stageOf(name: string, percent: string | undefined): Stage {
  if (name !== "canary" && percent !== undefined) {
    throw new UsageError("banyan", `${name} takes no --percent`, "Only canary has a share of the cohort.");
  }
  if (name === "canary" && percent === undefined) {
    throw new UsageError(
      "banyan",
      "canary needs --percent",
      "For example: banyan stage lab canary --percent 10 --reason TEXT",
    );
  }
  const stage = stageSchema.safeParse({ name, ...(percent === undefined ? {} : { percent: Number(percent) }) });
  if (stage.success) return stage.data;
  throw new UsageError(
    "banyan",
    `"${percent}" is not a share of the cohort`,
    "A share is a number from 0.01 to 100 with at most two decimals.",
  );
}

/** @throws UsageError */
export function countOption(written: string): number {
  const count = Number(written);
  if (Number.isInteger(count) && count > 0) return count;
  throw new UsageError(
    "banyan",
    `"${written}" is not a whole number above 0`,
    "`banyan COMMAND --help` explains each option.",
  );
}

/** @returns ISO 8601 in UTC; a time without offset is this machine's. @throws UsageError */
export function instantOption(written: string): string {
  const date = new Date(written);
  if (/^\d{4}-\d{2}-\d{2}/.test(written) && !Number.isNaN(date.getTime())) return date.toISOString();
  throw new UsageError(
    "banyan",
    `"${written}" is not a time`,
    "Write it as 2026-12-24T18:00, with Z or an offset for another zone.",
  );
}

export function listOption(written: string): string[] {
  return written
    .split(",")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}
