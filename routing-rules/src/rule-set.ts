/**
 * Reads a folder of rule files (or one file) and reports every problem of every file at once, each with file, line and a
 * suggestion. Nothing is compiled from a set that has a problem.
 */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { AppError } from "@banyan/kernel";
import { isMap, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { closest } from "./closest.ts";
import { type RuleFileConfig, routeSchema, ruleFileSchema } from "./rule-file.ts";

export type Problem = {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly message: string;
  readonly suggestion: string;
};

export type SourcedRuleFile = {
  readonly file: string;
  readonly config: RuleFileConfig;
  /** Line of a part of the file, by its path: `["routes", 3, "id"]`. */
  lineOf(path: readonly PropertyKey[]): number;
};

export type RuleSet = { readonly files: readonly SourcedRuleFile[]; readonly problems: readonly Problem[] };

/** @throws AppError RULES_UNREADABLE when the folder or file cannot be read at all. */
export function readRuleSet(path: string): RuleSet {
  const sources = ruleFilesOf(path).map((file) => ({ file: basename(file), text: readText(file) }));
  return parseRuleSet(sources);
}

export function parseRuleSet(sources: readonly { readonly file: string; readonly text: string }[]): RuleSet {
  const files: SourcedRuleFile[] = [];
  const problems: Problem[] = [];
  for (const { file, text } of sources) {
    const parsed = parseRuleFile(file, text);
    if (Array.isArray(parsed)) problems.push(...parsed);
    else files.push(parsed);
  }
  return { files, problems };
}

function ruleFilesOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path)
      .filter((name) => /\.ya?ml$/.test(name))
      .sort();
    if (names.length > 0) return names.map((name) => join(path, name));
  } catch (cause) {
    throw unreadable(path, "it does not exist or cannot be read", cause);
  }
  throw unreadable(path, "the folder holds no .yaml file", undefined);
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw unreadable(file, "it cannot be read", cause);
  }
}

function unreadable(path: string, why: string, cause: unknown): AppError {
  return new AppError({
    code: "RULES_UNREADABLE",
    op: "read rules",
    message: `${path}: ${why}`,
    hint: "Name a rule file or a folder of them.",
    cause,
  });
}

function parseRuleFile(file: string, text: string): SourcedRuleFile | Problem[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    return document.errors.map((error) => ({
      file,
      line: lines.linePos(error.pos[0]).line,
      message: `not valid YAML: ${error.message}`,
      suggestion: "Check indentation, quotes and colons near this line.",
    }));
  }
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let depth = path.length; depth >= 0; depth -= 1) {
      const node = document.getIn(path.slice(0, depth), true) as { range?: [number, number, number] } | undefined;
      if (node?.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  const keyLine = (path: readonly PropertyKey[], key: string): number => {
    const map = document.getIn([...path], true);
    const pair = isMap(map)
      ? map.items.find((item) => String((item.key as { value?: unknown }).value) === key)
      : undefined;
    const range = (pair?.key as { range?: [number, number, number] } | undefined)?.range;
    return range ? lines.linePos(range[0]).line : lineOf(path);
  };
  const result = ruleFileSchema.safeParse(document.toJS() ?? {});
  if (result.success) return { file, config: result.data, lineOf };
  return result.error.issues.flatMap((issue) => problemsOf(file, issue, lineOf, keyLine));
}

function problemsOf(
  file: string,
  issue: z.core.$ZodIssue,
  lineOf: (path: readonly PropertyKey[]) => number,
  keyLine: (path: readonly PropertyKey[], key: string) => number,
): Problem[] {
  const where = issue.path.map(String).join(".") || "the file";
  if (issue.code === "unrecognized_keys") {
    const known = issue.path.length === 0 ? Object.keys(ruleFileSchema.shape) : Object.keys(routeSchema.shape);
    return issue.keys.map((key) => {
      const near = closest(key, known);
      return {
        file,
        line: keyLine(issue.path, key),
        message: `${where}: there is no field "${key}"`,
        suggestion: near ? `Did you mean "${near}"?` : `Fields are: ${known.join(", ")}.`,
      };
    });
  }
  return [
    {
      file,
      line: lineOf(issue.path),
      message: `${where}: ${issue.message}`,
      suggestion: "routing-rules/schema.json describes every field.",
    },
  ];
}
