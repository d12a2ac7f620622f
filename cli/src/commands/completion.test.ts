import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { banyan } from "../test-command.ts";

async function completed(...words: string[]): Promise<string[]> {
  const { code, out } = await banyan(["completion", "bash"]);
  expect(code).toBe(0);
  const ask = `COMP_WORDS=(banyan ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; _banyan; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", `${out}\n${ask}`], { encoding: "utf8" })
    .trim()
    .split("\n");
}

test("bash completes commands and their options", async () => {
  expect(await completed("ex")).toEqual(["explain"]);
  expect(await completed("explain", "--us")).toEqual(["--user"]);
  expect(await completed("explain", "--js")).toEqual(["--json"]);
  expect(await completed("completion", "f")).toEqual(["fish"]);
});

test.each(["zsh", "fish"])("%s has a script that names every command", async (shell) => {
  const { code, out } = await banyan(["completion", shell]);
  expect(code).toBe(0);
  for (const name of ["status", "stage", "explain", "freeze"]) expect(out).toContain(name);
});

test("another shell is a usage error that names those there are", async () => {
  const { code, error } = await banyan(["completion", "tcsh"]);
  expect(code).toBe(2);
  expect(error).toContain("Allowed choices are bash, zsh, fish");
});
