import { expect, test } from "vitest";
import { banyan } from "./test-command.ts";

test("help names every command, those of later issues as not there yet", async () => {
  const { code, out } = await banyan(["--help"]);
  expect(code).toBe(0);
  for (const name of ["lint", "explain", "proxy", "completion", "sync", "parked", "reconcile"])
    expect(out).toMatch(new RegExp(`^  ${name} `, "m"));
  for (const name of ["diffs", "conflicts"]) expect(out).toMatch(new RegExp(`^  ${name} .*\\(not there yet\\)`, "m"));
});

test.each([["diffs"], ["conflicts"]])("%s is a sentence and exit code 2", async (...args) => {
  const { code, out, error } = await banyan(args);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(error).toMatch(/^banyan \w+: this command is not there yet: it comes with .+\n {2}Nothing was done\./);
});

test("a misspelt command is answered with the near one, exit code 2", async () => {
  const { code, error } = await banyan(["explaim", "GET", "/"]);
  expect(code).toBe(2);
  expect(error).toContain("Did you mean explain?");
});

test("no command at all is a usage error that shows the help", async () => {
  const { code, out, error } = await banyan([]);
  expect({ code, out }).toEqual({ code: 2, out: "" });
  expect(error).toContain("Usage: banyan");
});

test("with --json an error is a document on standard output", async () => {
  const { code, out, error } = await banyan(["--json", "lint", "--strictly"]);
  expect({ code, error }).toEqual({ code: 2, error: "" });
  expect(JSON.parse(out)).toEqual({
    error: {
      code: "USAGE",
      op: "banyan",
      message: "unknown option '--strictly'",
      hint: expect.stringContaining("--help"),
    },
  });
});

test("a wrong setting of the environment is named", async () => {
  const { code, error } = await banyan(["lint"], { BANYAN_PROXY_PORT: "eighty" });
  expect(code).toBe(1);
  expect(error).toContain("BANYAN_PROXY_PORT");
});
