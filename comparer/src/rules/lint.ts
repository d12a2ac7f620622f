/**
 * What is wrong with comparison rules although every file reads well. A set with a problem is never loaded: a rule that hides
 * too much is worse than no comparison, because people believe it.
 */

import type { Channel } from "../verdict.ts";
import { globsIntersect } from "./glob.ts";
import type { RuleConfig } from "./rule-file.ts";
import type { ComparisonRuleSet, RuleProblem, SourcedRules } from "./rule-set.ts";

export function lintComparisonRules(set: ComparisonRuleSet): RuleProblem[] {
  const clinical = set.files.flatMap((file) => file.config.clinical);
  const problems = set.files.flatMap((file) =>
    file.config.rules.flatMap((rule, index) =>
      [...conditions(rule), ...tooWide(rule), ...hidesClinical(rule, clinical)].map(
        (problem): RuleProblem => ({ file: file.file, line: file.lineOf(["rules", index]), ...problem }),
      ),
    ),
  );
  return [...set.problems, ...duplicateIds(set.files), ...problems].sort(
    (a, b) => a.file.localeCompare(b.file) || a.line - b.line,
  );
}

type Complaint = Pick<RuleProblem, "message" | "suggestion">;

function conditions(rule: RuleConfig): Complaint[] {
  const given = [rule.both, rule.mask, rule.transforms, rule.oneToOne].filter((one) => one !== undefined).length;
  const complaints: Complaint[] = [];
  if (rule.kind === "value" && given !== 1) {
    complaints.push({
      message: `rule "${rule.id}" must say in exactly one way how the values may differ`,
      suggestion: "Give it one of both, mask, transforms, oneToOne.",
    });
  }
  if (rule.kind === "order" && given > 0) {
    complaints.push({
      message: `rule "${rule.id}" is about order and has a condition on values`,
      suggestion: "Remove both, mask, transforms and oneToOne, or make it a rule of kind value.",
    });
  }
  if (rule.skewSecondsMax !== undefined && rule.mask === undefined) {
    complaints.push({
      message: `rule "${rule.id}" has skewSecondsMax without mask`,
      suggestion: "skewSecondsMax bounds masked moments: add the mask, or remove it.",
    });
  }
  return complaints;
}

/** What no rule may touch: these say whether the same thing was answered at all. */
const untouchable: ReadonlySet<Channel> = new Set(["status", "content-type", "charset"]);
/** Texts nobody would accept as noise: an expression that takes them takes everything. */
const probes = ["", "CODEINE: nausea – vomiting", "98.6"];

function tooWide(rule: RuleConfig): Complaint[] {
  const complaints: Complaint[] = [];
  const say = (message: string, suggestion: string): void =>
    void complaints.push({ message: `rule "${rule.id}" ${message}`, suggestion });
  if (untouchable.has(rule.channel))
    say(`covers ${rule.channel}`, "A changed status, content type or charset is never noise.");
  if (!/[\w@$]/.test(rule.path.split(/[/.\]]/).findLast((step) => step !== "") ?? "")) {
    say("ends in a wildcard", "Name the last step of the path: what is to be covered, not everything below something.");
  }
  if (rule.both !== undefined && probes.some((probe) => new RegExp(`^(?:${rule.both})$`, "su").test(probe))) {
    say("takes any value", "Describe the tokens the values consist of, so that a lost or foreign value is still seen.");
  }
  if (
    rule.mask !== undefined &&
    probes.some(
      (probe) =>
        probe.replaceAll(new RegExp(rule.mask ?? "", "gsu"), "") !== probe ||
        new RegExp(`^(?:${rule.mask})$`, "su").test(""),
    )
  ) {
    say("masks any text", "Describe what changes, a time or a counter, and leave the words around it out.");
  }
  if (rule.transforms?.some((one) => one === "other" || one === "none" || one === "blanked")) {
    say("covers a class that names no cause", "Only a class that says what happened to the value can be noise.");
  }
  return complaints;
}

type Clinical = {
  readonly routes: readonly string[];
  readonly channel: Channel;
  readonly paths: readonly string[];
  readonly why: string;
};

function hidesClinical(rule: RuleConfig, clinical: readonly Clinical[]): Complaint[] {
  if (rule.kind === "order") return [];
  const hidden = clinical.find(
    (one) =>
      one.channel === rule.channel &&
      one.paths.some((path) => globsIntersect(path, rule.path)) &&
      one.routes.some((route) => rule.routes.some((other) => globsIntersect(route, other))),
  );
  if (!hidden) return [];
  return [
    {
      message: `rule "${rule.id}" can hide a clinical value: ${hidden.channel}, ${hidden.why}`,
      suggestion: "Narrow its path or its routes; a clinical value that differs is a defect, whatever the cause.",
    },
  ];
}

function duplicateIds(files: readonly SourcedRules[]): RuleProblem[] {
  const seen = new Map<string, string>();
  return files.flatMap((file) =>
    file.config.rules.flatMap(({ id }, index): RuleProblem[] => {
      const place = `${file.file} line ${file.lineOf(["rules", index])}`;
      const earlier = seen.get(id);
      if (earlier === undefined) {
        seen.set(id, place);
        return [];
      }
      return [
        {
          file: file.file,
          line: file.lineOf(["rules", index]),
          message: `rule "${id}" is already defined in ${earlier}`,
          suggestion: "Hits are counted by id: give this rule one of its own.",
        },
      ];
    }),
  );
}
