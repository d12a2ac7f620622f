/**
 * PostgreSQL refuses to run as root; started by root, it runs as the account "postgres", which is made when it is missing.
 * A checkout in a folder that only root may enter (/root, a folder of mktemp) would be out of that account's reach, so
 * there the server keeps one capability, to pass through folders: see docs/decisions/0001-embedded-postgresql.md.
 */

import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { dirname } from "node:path";

export type ServerAccount = {
  /** Undefined when this process is not root. */
  readonly ids: { readonly uid: number; readonly gid: number } | undefined;
  /** The program and arguments that run `program` so that the server may run. */
  command(program: string, args: readonly string[]): readonly [string, readonly string[]];
};

/** @param paths what the server must reach: its programs and its data folder's parent. */
export function serverAccount(paths: readonly string[]): ServerAccount {
  if (process.getuid?.() !== 0) return { ids: undefined, command: (program, args) => [program, args] };
  const ids = postgresIds();
  const reachable = paths.every((path) => isOpenToAll(path));
  const capability = reachable ? [] : ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"];
  return {
    ids,
    command: (program, args) => [
      "setpriv",
      [`--reuid=${ids.uid}`, `--regid=${ids.gid}`, "--clear-groups", ...capability, "--", program, ...args],
    ],
  };
}

function isOpenToAll(path: string): boolean {
  for (let folder = path; ; folder = dirname(folder)) {
    if ((statSync(folder).mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}

function postgresIds(): { uid: number; gid: number } {
  const id = (flag: string): number =>
    Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  try {
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    execFileSync("groupadd", ["-f", "--system", "postgres"]);
    execFileSync("useradd", ["--system", "-g", "postgres", "--no-create-home", "postgres"]);
    return { uid: id("-u"), gid: id("-g") };
  }
}
