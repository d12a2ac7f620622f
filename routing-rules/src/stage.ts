/**
 * The stages of a module and who owns its data in each. State machine:
 *
 *   legacy <-> shadow <-> canary p% <-> live <-> retired
 *
 * Only neighbours are reached; canary to canary changes the percentage. Between canary and live the owner changes, which is
 * a fenced flip and not a plain move.
 */

import { z } from "zod";

export const stageNames = ["legacy", "shadow", "canary", "live", "retired"] as const;
export type StageName = (typeof stageNames)[number];

/** `percent` of the cohort keys, 0 < percent <= 100, at most two decimals (10,000 buckets). */
export const stageSchema = z.discriminatedUnion("name", [
  z.object({ name: z.literal("legacy") }),
  z.object({ name: z.literal("shadow") }),
  z.object({ name: z.literal("canary"), percent: z.number().min(0.01).max(100).multipleOf(0.01) }),
  z.object({ name: z.literal("live") }),
  z.object({ name: z.literal("retired") }),
]);
export type Stage = z.infer<typeof stageSchema>;

export type Owner = "legacy" | "service";

/** The side whose store takes the module's writes. */
export function ownerOf(stage: Stage): Owner {
  return stage.name === "live" || stage.name === "retired" ? "service" : "legacy";
}

export type MoveCheck =
  | { readonly kind: "plain" }
  /** The owner changes: only the flip protocol may do this. */
  | { readonly kind: "fenced" }
  | { readonly kind: "unchanged" }
  | { readonly kind: "notAdjacent"; readonly via: StageName };

/** What a move from one stage to another needs. */
export function checkMove(from: Stage, to: Stage): MoveCheck {
  const distance = stageNames.indexOf(to.name) - stageNames.indexOf(from.name);
  if (distance === 0) {
    const samePercent = from.name !== "canary" || to.name !== "canary" || from.percent === to.percent;
    return samePercent ? { kind: "unchanged" } : { kind: "plain" };
  }
  if (Math.abs(distance) > 1) {
    const via = stageNames[stageNames.indexOf(from.name) + Math.sign(distance)];
    if (via === undefined) throw new RangeError("a stage between two stages exists");
    return { kind: "notAdjacent", via };
  }
  return ownerOf(from) === ownerOf(to) ? { kind: "plain" } : { kind: "fenced" };
}

/** `canary 10%`, `live`. */
export function describeStage(stage: Stage): string {
  return stage.name === "canary" ? `canary ${stage.percent}%` : stage.name;
}
