/**
 * The part of the template database that capture needs, as one text: schema `capture`, the `sys.fn_cdc_*` functions and the health
 * views. It goes in after the translator's prelude, whose schemas, catalog tables and domains it stands on.
 */

import { readFileSync } from "node:fs";

const files = [
  "1-log.sql",
  "2-scan.sql",
  "3-writer.sql",
  "4-instances.sql",
  "5-functions.sql",
  "6-jobs.sql",
  "7-schema-changes.sql",
  "8-change-tracking.sql",
] as const;

/** Functions name tables of schema `cdc`, which exist only once a database is enabled: bodies are checked when they run. */
export function captureStatements(): string {
  const texts = files.map((file) => readFileSync(new URL(file, import.meta.url), "utf8"));
  return ["SET check_function_bodies = off;", ...texts, "RESET check_function_bodies;"].join("\n");
}
