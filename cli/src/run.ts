/**
 * One run of the command: parse, act, and turn whatever happens into text and an exit code. 0 done, 1 refused or failed,
 * 2 usage. With `--json` standard output holds exactly one document, for an error too.
 */

import { AppError } from "@banyan/kernel";
import { CommanderError } from "commander";
import { z } from "zod";
import { renderProblems } from "./commands/lint.ts";
import { ControlRefusal } from "./control-refusal.ts";
import { createProgram } from "./program.ts";
import type { Terminal } from "./session.ts";
import { UsageError } from "./usage-error.ts";

export async function runCommand(argv: readonly string[], terminal: Terminal): Promise<number> {
  const help: string[] = [];
  const { program, session } = createProgram(terminal, (text) => help.push(text));
  try {
    await program.parseAsync([...argv], { from: "user" });
    return session.exitCode;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (error instanceof CommanderError && error.code === "commander.help") {
      terminal.error(help.join(""));
      return 2;
    }
    report(asAppError(error), argv.includes("--json"), terminal);
    return error instanceof CommanderError || error instanceof UsageError ? 2 : 1;
  }
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof CommanderError) {
    const message = error.message.replace(/^error: /, "").replace(/\s*\n\s*/g, " ");
    return new UsageError(
      "banyan",
      message,
      "`banyan --help` lists the commands, `banyan COMMAND --help` explains one.",
    );
  }
  return new AppError({
    code: "UNEXPECTED",
    op: "banyan",
    message: error instanceof Error ? `${error.name}: ${error.message}` : String(error),
    hint: "This is a fault of the command itself; please report it.",
    cause: error,
  });
}

function report(error: AppError, json: boolean, terminal: Terminal): void {
  const { code, op, message, hint } = error;
  const refusal = error instanceof ControlRefusal ? error : undefined;
  if (json) {
    const document = { code, op, message, why: refusal?.why, hint, ...refusal?.details };
    terminal.out(`${JSON.stringify({ error: document }, undefined, 2)}\n`);
    return;
  }
  if (!refusal?.why) return terminal.error(`${op}: ${message}\n  ${hint} [${code}]\n`);
  const problems = problemsSchema.safeParse(refusal.details["problems"]);
  const lines = problems.success ? [renderProblems(problems.data), ""] : [];
  terminal.error([...lines, `${op}: ${message}`, `  why   ${refusal.why}`, `  next  ${hint} [${code}]`, ""].join("\n"));
}

const problemsSchema = z
  .array(z.object({ file: z.string(), line: z.number(), message: z.string(), suggestion: z.string() }))
  .min(1);
