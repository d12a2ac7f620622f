/**
 * Rules from a folder or a file, without control: `banyan proxy --rules FILE`. A bad first load stops the start; a bad change
 * keeps the last good rules and says why, once for each change.
 */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { AppError, describeError, type Logger } from "@banyan/kernel";
import { compile, lint, type ModuleState, type Problem, readRuleSet, type RevisionModel } from "@banyan/routing-rules";
import { events } from "../events.ts";
import { limits } from "../limits.ts";
import type { RevisionSource } from "./model-state.ts";

export type FileRulesOptions = {
  readonly path: string;
  /** Stages by module; a module that is not named is at `legacy`. */
  readonly states?: ReadonlyMap<string, ModuleState>;
  readonly logger: Logger;
  /** Told of each load, for a person at a terminal. */
  readonly onLoad?: (result: { readonly problems: readonly string[] }) => void;
};

/** @throws AppError RULES_INVALID, RULES_UNREADABLE from `start`. */
export function fileRules(options: FileRulesOptions): RevisionSource {
  const { path, states, logger, onLoad } = options;
  return {
    async start(state) {
      let seen = stampOf(path);
      let number = 1;
      state.swap(load(path, states, number));
      logger.info({ event: events.rulesLoaded, count: state.model?.rules.length ?? 0 });
      const timer = setInterval(() => {
        const stamp = stampOf(path);
        if (stamp === seen) return;
        seen = stamp;
        try {
          state.swap(load(path, states, number + 1));
          number += 1;
          logger.info({ event: events.rulesLoaded, count: state.model?.rules.length ?? 0 });
          onLoad?.({ problems: [] });
        } catch (error) {
          logger.error({ event: events.rulesRefused, hint: describeError(error) });
          onLoad?.({ problems: [describeError(error)] });
        }
      }, limits.rulesPollMs);
      timer.unref();
      return { stop: async () => clearInterval(timer) };
    },
  };
}

function load(path: string, states: ReadonlyMap<string, ModuleState> | undefined, number: number): RevisionModel {
  const set = readRuleSet(path);
  const problems = lint(set);
  if (problems.length > 0) throw invalid(problems);
  const configs = set.files.map(({ config }) => config);
  return compile(configs, states, number);
}

function invalid(problems: readonly Problem[]): AppError {
  const lines = problems.map((one) => `${one.file}:${one.line}: ${one.message}. ${one.suggestion}`);
  return new AppError({
    code: "RULES_INVALID",
    op: "load rules",
    message: `${problems.length} problem${problems.length === 1 ? "" : "s"}\n  ${lines.join("\n  ")}`,
    hint: "Correct them; `banyan lint` checks a folder of rules at any time.",
  });
}

/** Changes whenever a file is written, added or removed. */
function stampOf(path: string): string {
  try {
    const stat = statSync(path);
    if (!stat.isDirectory()) return `${stat.mtimeMs} ${stat.size} ${stat.ino}`;
    return readdirSync(path)
      .filter((name) => /\.ya?ml$/.test(name))
      .sort()
      .map((name) => `${name} ${stampOf(join(path, name))}`)
      .join("\n");
  } catch {
    // A file that is just being replaced: looked at again next time; what is served stays as it is.
    return "unreadable";
  }
}
