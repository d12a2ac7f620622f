/** The comparison as the rest of control sees it: made at start, tidied by the minute, stopped with the process. */

import { comparerPool, compileRules, readComparisonRules, type RuleModel } from "@banyan/comparer";
import type { Clock, Logger } from "@banyan/kernel";
import type { RevisionModel } from "@banyan/routing-rules";
import type { Knex } from "knex";
import { events } from "../events.ts";
import { limits } from "../limits.ts";
import { type Compare, Comparison } from "./comparison.ts";
import { forgetOldShadows } from "./shadow-store.ts";
import { Vault } from "./vault.ts";

export type ShadowOptions = {
  /** Folder or file of comparison rules. */
  readonly rulesPath: string;
  /** Under which samples are sealed; undefined: none are kept. */
  readonly sampleKey: string | undefined;
};

export type Shadow = {
  readonly comparison: Comparison;
  readonly vault: Vault | undefined;
  readonly rules: () => RuleModel;
  readonly compare: Compare;
  stop(): Promise<void>;
};

/** @throws AppError COMPARISON_RULES_UNREADABLE, COMPARISON_RULES_INVALID */
export function startShadow(
  parts: {
    readonly db: Knex;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly model: () => RevisionModel;
  },
  options: ShadowOptions,
): Shadow {
  const { db, clock, logger, model } = parts;
  const rules = dailyRules(options.rulesPath, clock);
  const vault = options.sampleKey === undefined ? undefined : new Vault(options.sampleKey);
  const pool = comparerPool();
  const compare: Compare = (left, right, options) => pool.compare(left, right, options);
  const comparison = new Comparison({
    db,
    clock,
    rules,
    vault,
    compare,
    random: Math.random,
    moduleOf: (rule) => model().rules.find((one) => one.id === rule)?.module,
  });
  let tidying: Promise<unknown> = Promise.resolve();
  const timer = setInterval(() => {
    tidying = forgetOldShadows(db, clock.now()).catch(() => logger.warn({ event: events.shadowTidyFailed }));
  }, limits.shadowTidyMs);
  timer.unref();
  return {
    comparison,
    vault,
    rules,
    compare,
    stop: async () => {
      clearInterval(timer);
      await pool.close();
      await tidying;
    },
  };
}

/** Rules expire by the day, so they are compiled anew when the day changes. */
function dailyRules(path: string, clock: Clock): () => RuleModel {
  const set = readComparisonRules(path);
  const today = (): string => clock.now().toISOString().slice(0, 10);
  let model = compileRules(set, today());
  return () => {
    if (model.asOf !== today()) model = compileRules(set, today());
    return model;
  };
}
