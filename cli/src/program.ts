/** The command tree: every command, its arguments and its options. What a command does is in `commands/`. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { addApprovals } from "./commands/approvals.ts";
import { addAudit } from "./commands/audit.ts";
import { addCompare } from "./commands/compare.ts";
import { addCompletion } from "./commands/completion.ts";
import { addExplain } from "./commands/explain.ts";
import { addFreeze } from "./commands/freeze.ts";
import { addLaterCommands } from "./commands/later.ts";
import { addLint } from "./commands/lint.ts";
import { addMoves } from "./commands/moves.ts";
import { addProxy } from "./commands/proxy.ts";
import { addParked } from "./commands/parked.ts";
import { addReadiness } from "./commands/readiness.ts";
import { addReconcile } from "./commands/reconcile.ts";
import { addReplicas } from "./commands/replicas.ts";
import { addRevisions } from "./commands/revisions.ts";
import { addRulesChange } from "./commands/rules-change.ts";
import { addStatus } from "./commands/status.ts";
import { addSync } from "./commands/sync.ts";
import { addTokens } from "./commands/tokens.ts";
import { Session, type Terminal } from "./session.ts";

/** @param onHelp receives help that was not asked for (a command line without a command). */
export function createProgram(
  terminal: Terminal,
  onHelp: (text: string) => void,
): { program: Command; session: Session } {
  const program = new Command("banyan");
  const session = new Session(terminal, () => program.opts());
  program
    .description("Moves a legacy EHR module by module to new services, and shows where each request goes and why.")
    .version(versionOf(), "-V, --version", "print the version")
    .helpOption("-h, --help", "explain a command")
    .option("--json", "answer in JSON, for scripts")
    .option("--control <url>", "control plane (else BANYAN_CONTROL_URL, else .data/connections.json)")
    .option("--token <token>", "token for control (else BANYAN_TOKEN, else .data/connections.json)")
    .exitOverride()
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: onHelp })
    .configureHelp({ showGlobalOptions: true })
    .addHelpText("after", "\nExit codes: 0 done, 1 refused or failed, 2 usage.");
  addStatus(program, session);
  addMoves(program, session);
  addReadiness(program, session);
  addAudit(program, session);
  addReplicas(program, session);
  addFreeze(program, session);
  addApprovals(program, session);
  addTokens(program, session);
  addRevisions(program, session);
  addRulesChange(program, session);
  addLint(program, session);
  addExplain(program, session);
  addCompare(program, session);
  addProxy(program, session);
  addCompletion(program, session);
  addSync(program, session);
  addParked(program, session);
  addReconcile(program, session);
  addLaterCommands(program);
  return { program, session };
}

function versionOf(): string {
  const text = readFileSync(join(import.meta.dirname, "../package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
