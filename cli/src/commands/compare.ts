/**
 * `banyan compare LEFT RIGHT`: two answers in files, compared as shadows are, without control and without network. A file
 * holds a body, or a whole answer with status line and headers.
 */

import { readFileSync } from "node:fs";
import type { Answer, Difference, RuleHit, Verdict } from "@banyan/comparer";
import type { Command } from "commander";
import { renderDifferences } from "../output/side-by-side.ts";
import { bad, counted, doubtful, faint, good } from "../output/table.ts";
import type { Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";

type CompareCommandOptions = { readonly rules?: string; readonly type?: string; readonly route: string };

/** 0 equal or equal by rule, 1 different, 3 incomparable. */
const exitCodes: Readonly<Record<Verdict["verdict"], number>> = {
  match: 0,
  "match-by-rule": 0,
  different: 1,
  incomparable: 3,
};

/** Where a terminal does not say how wide it is. */
const defaultWidth = 120;

export function addCompare(program: Command, session: Session): void {
  program
    .command("compare")
    .argument("<left>", "file with a body, or with a whole HTTP answer (status line, headers, body)")
    .argument("<right>", "the other one")
    .option("--rules <path>", "comparison rules, a file or a folder of them; without, every difference counts")
    .option("--route <id>", "id of the routing rule the answers belong to: which comparison rules apply", "offline")
    .option(
      "--type <type>",
      "of bodies alone: json, html, xml, csv, ics, hl7, pdf … or a media type (default: by extension)",
    )
    .description("compare two answers in files, offline")
    .addHelpText("after", "\nExit codes: 0 equal or equal by rule, 1 different, 3 incomparable, 2 usage.")
    .action(async (left: string, right: string, options: CompareCommandOptions) => {
      // The parsers of all types are loaded by this command only: the others start at once.
      const comparer = await import("@banyan/comparer");
      const verdict = await compareFiles(comparer, { left, right }, options);
      const text = textOf(verdict, { left, right }, comparer.incomparableReasons);
      session.answer({ data: dataOf(verdict), text });
      session.exitCode = exitCodes[verdict.verdict];
    });
}

type Comparer = typeof import("@banyan/comparer");
type Files = { readonly left: string; readonly right: string };

function compareFiles(comparer: Comparer, { left, right }: Files, options: CompareCommandOptions): Promise<Verdict> {
  const type = options.type === undefined ? undefined : mediaTypeOption(comparer, options.type);
  const read = (file: string): Answer => comparer.answerOfFile(file, readBytes(file), type);
  const [one, other] = [read(left), read(right)];
  if (options.rules === undefined) return comparer.compareAnswers(one, other, { route: options.route });
  const today = new Date().toISOString().slice(0, 10);
  const rules = comparer.compileRules(comparer.readComparisonRules(options.rules), today);
  return comparer.compareAnswers(one, other, { route: options.route, rules });
}

function mediaTypeOption({ mediaTypes }: Comparer, written: string): string {
  const type = written.includes("/") ? written : mediaTypes[written.toLowerCase()];
  if (type !== undefined) return type;
  throw new UsageError(
    "compare",
    `"${written}" is no type that can be compared`,
    `Use a media type such as text/html, or one of ${Object.keys(mediaTypes).join(", ")}.`,
  );
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause)) throw cause;
    throw new UsageError("compare", `${file} cannot be read (${String(cause.code)})`, "Name two files.");
  }
}

function dataOf(verdict: Verdict): unknown {
  if (verdict.verdict !== "different") return verdict;
  const { differences, ...rest } = verdict;
  return { ...rest, differences: differences.map(flat) };
}

function flat({ finding, values }: Difference) {
  const { path: exactPath, left, right } = values;
  return { ...finding, exactPath, left: left ?? null, right: right ?? null };
}

type Reasons = Comparer["incomparableReasons"];

function textOf(verdict: Verdict, names: Files, reasons: Reasons): string {
  switch (verdict.verdict) {
    case "match":
      return `${good("equal")}  nothing that matters differs`;
    case "match-by-rule":
      return [`${good("equal by rule")}`, ...hitLines(verdict.hits)].join("\n");
    case "incomparable":
      return `${doubtful("incomparable")}  ${reasons[verdict.why]} [${verdict.why}]`;
    case "different": {
      const { differences, more, hits, level, incomplete } = verdict;
      const width = process.stdout.columns ?? defaultWidth;
      const count = counted(differences.length + more, "difference");
      return [
        `${bad(level === "similar" ? "similar" : "different")}  ${count}${more > 0 ? `, the first ${differences.length} below` : ""}`,
        ...(incomplete ? [doubtful(`not compared to the end: ${reasons[incomplete]}`)] : []),
        "",
        renderDifferences(differences, names, width),
        ...(hits.length > 0 ? ["", faint("covered by rules"), ...hitLines(hits)] : []),
      ].join("\n");
    }
  }
}

function hitLines(hits: readonly RuleHit[]): string[] {
  return hits.map(({ rule, count }) => `  ${rule}  ${faint(counted(count, "time"))}`);
}
