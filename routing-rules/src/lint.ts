/**
 * What is wrong with a rule set although every file reads well: ids used twice, rules nothing can reach, one path claimed by
 * two modules, a table owned twice, no catch-all or several. All problems are reported at once.
 */

import { compile, type RevisionModel, type RuleModel } from "./compile.ts";
import { matchRule } from "./match.ts";
import type { Problem, RuleSet, SourcedRuleFile } from "./rule-set.ts";
import { witnessesOf } from "./witness.ts";

export function lint(set: RuleSet): Problem[] {
  const problems = [...set.problems, ...duplicateModules(set.files)];
  if (problems.length > 0) return sorted(problems);
  const revision = compile(set.files.map((file) => file.config));
  const places = placesOf(set.files);
  return sorted([
    ...duplicateIds(set.files),
    ...tablesOwnedTwice(set.files),
    ...unnamedPatients(set.files),
    ...catchAlls(set.files, revision, places),
    ...contestedPaths(revision, places),
    ...unreachable(revision, places),
    ...pointless(revision, places),
  ]);
}

type Place = { readonly file: string; readonly line: number };
type Places = ReadonlyMap<RuleModel["order"], Place>;

function placesOf(files: readonly SourcedRuleFile[]): Places {
  const places = files.flatMap((file) =>
    file.config.routes.map((_, index) => ({ file: file.file, line: file.lineOf(["routes", index]) })),
  );
  return new Map(places.map((place, order) => [order, place]));
}

function at(places: Places, rule: RuleModel): Place {
  return places.get(rule.order) ?? { file: "?", line: 1 };
}

function duplicateModules(files: readonly SourcedRuleFile[]): Problem[] {
  const seen = new Map<string, string>();
  return files.flatMap((file) => {
    const earlier = seen.get(file.config.module);
    seen.set(file.config.module, earlier ?? file.file);
    if (earlier === undefined) return [];
    return [
      {
        file: file.file,
        line: file.lineOf(["module"]),
        message: `module "${file.config.module}" is already defined in ${earlier}`,
        suggestion: "One file a module: join them or rename one.",
      },
    ];
  });
}

function duplicateIds(files: readonly SourcedRuleFile[]): Problem[] {
  const seen = new Map<string, Place>();
  return files.flatMap((file) =>
    file.config.routes.flatMap((route, index) => {
      const line = file.lineOf(["routes", index, "id"]);
      const earlier = seen.get(route.id);
      if (!earlier) {
        seen.set(route.id, { file: file.file, line });
        return [];
      }
      return [
        {
          file: file.file,
          line,
          message: `id "${route.id}" is already used in ${earlier.file} line ${earlier.line}`,
          suggestion: "Give this rule an id of its own.",
        },
      ];
    }),
  );
}

function tablesOwnedTwice(files: readonly SourcedRuleFile[]): Problem[] {
  const owners = new Map<string, string>();
  return files.flatMap((file) =>
    file.config.tables.flatMap((table, index) => {
      const key = table.toLowerCase();
      const owner = owners.get(key);
      owners.set(key, owner ?? file.config.module);
      if (owner === undefined) return [];
      return [
        {
          file: file.file,
          line: file.lineOf(["tables", index]),
          message: `table ${table} is already owned by module "${owner}"`,
          suggestion: "A table has one owner: remove it from one of the two.",
        },
      ];
    }),
  );
}

function unnamedPatients(files: readonly SourcedRuleFile[]): Problem[] {
  return files.flatMap((file) =>
    file.config.routes.flatMap((route, index) => {
      const { patient } = route;
      if (patient === undefined || !("path" in patient)) return [];
      if ("template" in route.path && route.path.template.split("/").includes(`{${patient.path}}`)) return [];
      return [
        {
          file: file.file,
          line: file.lineOf(["routes", index, "patient"]),
          message: `rule "${route.id}": its path has no parameter {${patient.path}} that could name the patient`,
          suggestion: "Name a parameter of the path's template, or use query or json.",
        },
      ];
    }),
  );
}

function isCatchAll(rule: RuleModel): boolean {
  return (
    rule.pattern.kind === "prefix" &&
    rule.pattern.segments.length === 0 &&
    !rule.methods &&
    rule.headers.length + rule.query.length === 0
  );
}

function catchAlls(files: readonly SourcedRuleFile[], revision: RevisionModel, places: Places): Problem[] {
  const found = revision.rules.filter(isCatchAll);
  if (found.length === 0) {
    return [
      {
        file: files[0]?.file ?? "?",
        line: 1,
        message: "there is no catch-all rule",
        suggestion: "Add one rule with path { prefix: / }, without methods, with serve: legacy.",
      },
    ];
  }
  const surplus = found.slice(1).map((rule) => ({
    ...at(places, rule),
    message: `rule "${rule.id}" is a second catch-all`,
    suggestion: `Keep only "${found[0]?.id}".`,
  }));
  const elsewhere = found
    .filter((rule) => rule.serve !== "legacy")
    .map((rule) => ({
      ...at(places, rule),
      message: `catch-all "${rule.id}" does not lead to legacy`,
      suggestion: "Add serve: legacy: what nobody thought of belongs to the legacy system.",
    }));
  return [...surplus, ...elsewhere];
}

function contestedPaths(revision: RevisionModel, places: Places): Problem[] {
  const byPattern = Map.groupBy(
    revision.rules,
    (rule) =>
      `${rule.pattern.kind} ${rule.pattern.segments.map((segment) => (segment.kind === "text" ? segment.text : "{}")).join("/")}`,
  );
  return [...byPattern.values()].flatMap((rules) =>
    rules.flatMap((rule, index) => {
      const rival = rules
        .slice(0, index)
        .find((other) => other.module !== rule.module && sharesMethod(other, rule) && !isCatchAll(rule));
      if (!rival) return [];
      return [
        {
          ...at(places, rule),
          message: `"${rule.id}" (module ${rule.module.name}) and "${rival.id}" (module ${rival.module.name}) claim the same path`,
          suggestion: "A path has one owner: move the rule or narrow its path or methods.",
        },
      ];
    }),
  );
}

function sharesMethod(a: RuleModel, b: RuleModel): boolean {
  return !a.methods || !b.methods || [...a.methods].some((method) => b.methods?.has(method));
}

function unreachable(revision: RevisionModel, places: Places): Problem[] {
  return revision.rules.flatMap((rule) => {
    const winners = witnessesOf(rule).map((request) => matchRule(revision, request));
    if (winners.includes(rule)) return [];
    const winner = winners.find((other) => other !== undefined);
    return [
      {
        ...at(places, rule),
        message: `rule "${rule.id}" can never be reached`,
        suggestion: winner
          ? `"${winner.id}" takes every request of it first: remove one, or make this one more specific.`
          : "Check its path and matches.",
      },
    ];
  });
}

function pointless(revision: RevisionModel, places: Places): Problem[] {
  return revision.rules.flatMap((rule): Problem[] => {
    const here = at(places, rule);
    if (rule.effect === "read" && rule.dryRun)
      return [
        {
          ...here,
          message: `rule "${rule.id}": a read has no dry run`,
          suggestion: "Use shadow: safe for reads; dryRun is for writes.",
        },
      ];
    if (rule.effect === "write" && rule.shadow === "safe")
      return [
        {
          ...here,
          message: `rule "${rule.id}": a write is never safe to repeat`,
          suggestion: "Use dryRun: true if the service can roll it back.",
        },
      ];
    if (rule.effect === "write" && rule.fallback === "owner")
      return [
        {
          ...here,
          message: `rule "${rule.id}": a write never falls back`,
          suggestion: "Remove fallback, or set it to none.",
        },
      ];
    return [];
  });
}

function sorted(problems: Problem[]): Problem[] {
  return problems.sort((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
}
