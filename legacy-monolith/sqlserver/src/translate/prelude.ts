/** The SQL applied once to the template database: schema sim, system views, information schema. Files run in the order of their names. */

import { readdirSync, readFileSync } from "node:fs";

const folder = new URL("./prelude/", import.meta.url);

/** One script for a superuser; bodies refer to functions of later files, so they are not checked on creation. */
export function preludeSql(): string {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith(".sql"))
    .sort();
  const texts = files.map((name) => readFileSync(new URL(name, folder), "utf8"));
  return ["SET check_function_bodies = off;", ...texts, "RESET check_function_bodies;"].join("\n");
}
