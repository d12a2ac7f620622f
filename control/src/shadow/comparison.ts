/**
 * Takes pairs of answers from the replicas, has them compared off this process's event loop, and records what was found. The
 * path of a pair:
 *
 *   observe --failed, stale, parked--> counted as not-run or incomparable
 *      '--compared--> equal: counted
 *                '--> different: signatures, encrypted sample, diff-unconfirmed; read again where it can be
 *   reread  --decided--> transient, unstable or confirmed: the count moves to it, in the minute of the request
 *
 * Values never leave memory but in samples. Whatever fails here costs a pair, counted as not run, and nothing else.
 */

import type { Answer, CompareOptions, PoolVerdict, RuleModel, Verdict } from "@banyan/comparer";
import type { Clock } from "@banyan/kernel";
import type { Knex } from "knex";
import type { Observation, Observations, Received, Recheck } from "./frame.ts";
import { isEqual, judgeBefore, judgeCompared, type Judgement, judgeReread } from "./judge.ts";
import {
  addCounts,
  type Count,
  keepSample,
  minuteOf,
  seeFindings,
  settleSignatures,
  signatureId,
} from "./shadow-store.ts";
import { encodeSample } from "./sample.ts";
import type { Vault } from "./vault.ts";

export type Compare = (
  left: Answer,
  right: Answer,
  options: Pick<CompareOptions, "route" | "rules">,
) => Promise<PoolVerdict>;

export type ComparisonParts = {
  readonly db: Knex;
  readonly clock: Clock;
  readonly compare: Compare;
  readonly rules: () => RuleModel;
  /** Undefined: no key is configured, and no sample is kept. */
  readonly vault: Vault | undefined;
  readonly random: () => number;
  /** Module of a routing rule, and its bound on the watermark's age, in milliseconds. */
  readonly moduleOf: (rule: string) => { readonly name: string; readonly watermarkAgeMsMax: number } | undefined;
};

export type ObserveResult = { readonly id: string; readonly recheck: boolean };
export type RereadResult = { readonly id: string; readonly again: boolean };

type Pending = { observation: string; module: string; rule: string; minute: Date; signatures: string[] };

export class Comparison {
  readonly #parts: ComparisonParts;
  readonly #compare: Compare;

  constructor(parts: ComparisonParts) {
    this.#parts = parts;
    this.#compare = parts.compare;
  }

  async observe(batch: Observations): Promise<ObserveResult[]> {
    const { db, clock } = this.#parts;
    const minute = minuteOf(clock.now());
    const counts = this.#told(batch, minute);
    const results: ObserveResult[] = [];
    for (const observation of batch.observations) {
      const { judgement, recheck } = await this.#take(observation);
      counts.push({ ...this.#keyOf(observation), outcome: judgement.verdict, amount: 1 });
      if (judgement.why !== undefined)
        counts.push({ ...this.#keyOf(observation), outcome: `${judgement.verdict}:${judgement.why}`, amount: 1 });
      const { legacy, service } = observation;
      if (!isFailed(legacy) && !isFailed(service))
        counts.push(
          { ...this.#keyOf(observation), outcome: "ms:legacy", amount: Math.round(legacy.ms) },
          { ...this.#keyOf(observation), outcome: "ms:service", amount: Math.round(service.ms) },
        );
      results.push({ id: observation.id, recheck });
    }
    await addCounts(db, counts);
    return results;
  }

  async reread(rechecks: readonly Recheck[]): Promise<RereadResult[]> {
    const results: RereadResult[] = [];
    for (const recheck of rechecks) results.push({ id: recheck.id, again: await this.#takeReread(recheck) });
    return results;
  }

  #told(batch: Observations, minute: Date): Count[] {
    const counts: Count[] = [];
    const add = (rule: string, outcome: string, amount: number): void => {
      const module = this.#parts.moduleOf(rule)?.name;
      if (module !== undefined) counts.push({ minute, module, rule, outcome, amount });
    };
    for (const [rule, amount] of Object.entries(batch.eligible)) add(rule, "eligible", amount);
    for (const [rule, reasons] of Object.entries(batch.dropped))
      for (const [reason, amount] of Object.entries(reasons)) add(rule, `not-run:${reason}`, amount);
    return counts;
  }

  #keyOf({ at, module, rule }: Observation) {
    return { minute: minuteOf(new Date(at)), module, rule };
  }

  async #take(observation: Observation): Promise<{ judgement: Judgement; recheck: boolean }> {
    const bound = this.#parts.moduleOf(observation.rule)?.watermarkAgeMsMax ?? 0;
    const before = judgeBefore(observation, bound);
    const { legacy, service, rule } = observation;
    if (before || "failed" in legacy || "failed" in service)
      return { judgement: before ?? { verdict: "not-run", why: "refused" }, recheck: false };
    const compared = await this.#compare(legacy, service, { route: rule, rules: this.#parts.rules() });
    const judgement = judgeCompared(compared);
    if (compared.verdict !== "different") return { judgement, recheck: false };
    await this.#record(observation, compared);
    return { judgement, recheck: observation.effect === "read" };
  }

  async #record(observation: Observation, compared: Extract<Verdict, { verdict: "different" }>): Promise<void> {
    const { db, vault, random, clock } = this.#parts;
    const { module, rule, id } = observation;
    const at = new Date(observation.at);
    const findings = compared.differences.map((difference) => difference.finding);
    await db.transaction(async (trx) => {
      const signatures = await seeFindings(trx, { module, rule, findings, at });
      await trx("shadow_pending")
        .insert({
          observation: id,
          module,
          rule,
          minute: minuteOf(at),
          signatures: JSON.stringify(signatures),
          at: clock.now(),
        })
        .onConflict("observation")
        .ignore();
      if (vault && signatures.length > 0)
        await keepSample(
          trx,
          vault,
          { observation: id, module, rule, at, signatures, plain: () => encodeSample(observation) },
          random,
        );
    });
  }

  async #takeReread(recheck: Recheck): Promise<boolean> {
    const { db, clock } = this.#parts;
    const pending = await db<Pending>("shadow_pending").where({ observation: recheck.id }).first();
    if (!pending) return false;
    const compared = await this.#compareAgain(recheck, pending.rule);
    const judgement = judgeReread(recheck, compared);
    if (!judgement) return true;
    const settledAs =
      judgement.verdict === "diff-confirmed"
        ? "confirmed"
        : judgement.verdict === "transient"
          ? "transient"
          : "unstable";
    await db.transaction(async (trx) => {
      // Whoever takes the row away settles it: a repeated message finds nothing.
      const taken = await trx("shadow_pending").where({ observation: recheck.id }).delete();
      if (taken !== 1) return;
      const at = clock.now();
      // Of several differences one may have been the sync's lag: only what is found again is confirmed.
      const again = new Set(
        settledAs === "confirmed" ? signaturesIn(pending.rule, compared?.sides) : pending.signatures,
      );
      const [found, gone] = [
        pending.signatures.filter((id) => again.has(id)),
        pending.signatures.filter((id) => !again.has(id)),
      ];
      await settleSignatures(trx, found, { as: settledAs, at });
      await settleSignatures(trx, gone, { as: "transient", at });
      const key = { minute: pending.minute, module: pending.module, rule: pending.rule };
      await addCounts(trx, [
        { ...key, outcome: "diff-unconfirmed", amount: -1 },
        { ...key, outcome: judgement.verdict, amount: 1 },
        ...(judgement.why === undefined
          ? []
          : [{ ...key, outcome: `${judgement.verdict}:${judgement.why}`, amount: 1 }]),
      ]);
    });
    return false;
  }

  async #compareAgain(
    recheck: Recheck,
    rule: string,
  ): Promise<{ itself: PoolVerdict; sides: PoolVerdict } | undefined> {
    const { before, service, after } = recheck;
    if (isFailed(before) || isFailed(service) || isFailed(after)) return undefined;
    const options = { route: rule, rules: this.#parts.rules() };
    const sides = await this.#compare(before, service, options);
    // Legacy may have changed between the two reads, and the service may have it from the second one already.
    const later = isEqual(sides) ? sides : await this.#compare(after, service, options);
    return { sides: isEqual(later) ? later : sides, itself: await this.#compare(before, after, options) };
  }
}

function isFailed(answer: Received): answer is Extract<Received, { failed: string }> {
  return "failed" in answer;
}

function signaturesIn(rule: string, verdict: PoolVerdict | undefined): string[] {
  return verdict?.verdict === "different" ? verdict.differences.map(({ finding }) => signatureId(rule, finding)) : [];
}
