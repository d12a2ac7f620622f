/** Reads comparison rules from a folder or a file and reports every problem of every file at once, with file and line. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { AppError } from "@banyan/kernel";
import { isNode, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { type ComparisonConfig, ruleFileSchema } from "./rule-file.ts";

export type RuleProblem = {
  readonly file: string;
  /** 1-based. */
  readonly line: number;
  readonly message: string;
  readonly suggestion: string;
};

export type SourcedRules = {
  readonly file: string;
  readonly config: ComparisonConfig;
  /** Line of a part of the file by its path: `["rules", 3]`. */
  lineOf(path: readonly PropertyKey[]): number;
};

export type ComparisonRuleSet = { readonly files: readonly SourcedRules[]; readonly problems: readonly RuleProblem[] };

/** @throws AppError COMPARISON_RULES_UNREADABLE when the folder or file cannot be read at all. */
export function readComparisonRules(path: string): ComparisonRuleSet {
  return parseComparisonRules(filesOf(path).map((file) => ({ file: basename(file), text: readText(file) })));
}

export function parseComparisonRules(
  sources: readonly { readonly file: string; readonly text: string }[],
): ComparisonRuleSet {
  const files: SourcedRules[] = [];
  const problems: RuleProblem[] = [];
  for (const { file, text } of sources) {
    const parsed = parseOne(file, text);
    if (Array.isArray(parsed)) problems.push(...parsed);
    else files.push(parsed);
  }
  return { files, problems };
}

function filesOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path];
    const names = readdirSync(path).filter((name) => /\.ya?ml$/.test(name));
    if (names.length > 0) return names.sort().map((name) => join(path, name));
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
    code: "COMPARISON_RULES_UNREADABLE",
    op: "read comparison rules",
    message: `${path}: ${why}`,
    hint: "Name a file of comparison rules or a folder of them.",
    cause,
  });
}

function parseOne(file: string, text: string): SourcedRules | RuleProblem[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const problem = (line: number, message: string, suggestion: string): RuleProblem => ({
    file,
    line,
    message,
    suggestion,
  });
  if (document.errors.length > 0) {
    return document.errors.map((error) =>
      problem(
        lines.linePos(error.pos[0]).line,
        `not valid YAML: ${error.message}`,
        "Check indentation, quotes and colons near this line.",
      ),
    );
  }
  const lineOf = (path: readonly PropertyKey[]): number => {
    for (let depth = path.length; depth > 0; depth -= 1) {
      const node = document.getIn(path.slice(0, depth), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  const parsed = ruleFileSchema.safeParse(document.toJS() ?? {});
  if (parsed.success) return { file, config: parsed.data, lineOf };
  return parsed.error.issues.map((issue) =>
    problem(lineOf(issue.path), describeIssue(issue), "comparer/schema.json describes every field."),
  );
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const place = issue.path.map(String).join(".");
  return place === "" ? issue.message : `${place}: ${issue.message}`;
}
