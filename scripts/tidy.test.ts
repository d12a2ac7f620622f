/** House rules that no linter knows, as tests: see docs/HACKING.md for each rule's reason. */

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file && existsSync(join(root, file)));
const read = (file: string): string => readFileSync(join(root, file), "utf8");
const sources = tracked.filter((file) => file.endsWith(".ts"));

describe("source files", () => {
  test("are named in kebab-case nouns", () => {
    const odd = sources.filter(
      (file) => !/^[a-z0-9_]+(-[a-z0-9_]+)*(\.(test|contract\.test|config|d))*\.ts$/.test(basename(file)),
    );
    expect(odd).toEqual([]);
  });

  test("are not named after nothing in particular", () => {
    const vague = sources.filter((file) => /(^|\/)(utils?|helpers?|common|misc|manager)(\/|\.|-)/.test(file));
    expect(vague).toEqual([]);
  });

  test("open with a paragraph that says what they are for", () => {
    const silent = sources.filter((file) => !file.endsWith(".test.ts") && !/^(#!.*\n)?\s*\/\*\*/.test(read(file)));
    expect(silent).toEqual([]);
  });

  test("stay under 500 lines unless they say why at the top", () => {
    const long = sources.filter((file) => {
      const text = read(file);
      return text.split("\n").length > 500 && !/long because/i.test(text.slice(0, 1500));
    });
    expect(long).toEqual([]);
  });

  test("hold no TODO, no focused test and no type escape", () => {
    const marks = /\b(TODO|FIXME|XXX)\b|\.only\(|@ts-ignore|@ts-nocheck|oxlint-disable(?!-(next-)?line [a-z/-]+ --)/;
    const marked = sources.filter((file) => file !== "scripts/tidy.test.ts" && marks.test(read(file)));
    expect(marked).toEqual([]);
  });
});

describe("the repository", () => {
  test("names no path of a developer's machine", () => {
    const text = tracked.filter(
      (file) => /\.(ts|md|json|yaml|yml|sql|sh)$|^\.ci\//.test(file) && file !== "package-lock.json",
    );
    const leaking = text.filter(
      (file) => file !== "scripts/tidy.test.ts" && /\/work\/|\/tmp\/banyan|\/home\/[a-z]/.test(read(file)),
    );
    expect(leaking).toEqual([]);
  });

  test("has docs that name only files that exist", () => {
    const missing: string[] = [];
    for (const doc of tracked.filter((file) => file.endsWith(".md"))) {
      for (const [, target] of read(doc).matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (!existsSync(join(root, dirname(doc), target ?? ""))) missing.push(`${doc} -> ${target}`);
      }
      for (const [, target] of read(doc).matchAll(
        /`((?:kernel|embedded-database|legacy-monolith|migrations|scripts|tests|bench|docs|routing-rules|proxy|control|cli)\/[\w./-]+)`/g,
      )) {
        if (!existsSync(join(root, target ?? ""))) missing.push(`${doc} -> ${target}`);
      }
    }
    expect(missing).toEqual([]);
  });

  test("keeps public data sets out", () => {
    const copied = tracked.filter((file) => /\.(csv|hl7)$/.test(file) && !file.startsWith("tests/"));
    expect(copied).toEqual([]);
  });
});
