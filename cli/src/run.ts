/**
 * One run of the command: parse, act, and turn whatever happens into text and an exit code. 0 done, 1 refused or failed,
 * 2 usage. With `--json` standard output holds exactly one document, for an error too.
 */

import { AppError } from "@banyan/kernel";
import { CommanderError } from "commander";
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

function report({ code, op, message, hint }: AppError, json: boolean, terminal: Terminal): void {
  if (json) terminal.out(`${JSON.stringify({ error: { code, op, message, hint } }, undefined, 2)}\n`);
  else terminal.error(`${op}: ${message}\n  ${hint} [${code}]\n`);
}
