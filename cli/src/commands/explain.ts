/**
 * `banyan explain METHOD URL`: where a request goes and why, by the same decide() that serves traffic. With `--rules` it is
 * answered from a folder of rules and the stages on the command line, without any control plane.
 */

import { AppError } from "@banyan/kernel";
import { canonicalTarget } from "@banyan/proxy/canonical";
import {
  compile,
  type Decision,
  decide,
  describeReason,
  describeStage,
  lint,
  type ModuleCondition,
  ownerOf,
  readRuleSet,
  type RevisionModel,
  routingRequestOf,
} from "@banyan/routing-rules";
import type { Command } from "commander";
import { explanationSchema } from "../control-answers.ts";
import { bad, faint, good, renderFacts, strong } from "../output/table.ts";
import type { Outcome, Session } from "../session.ts";
import { UsageError } from "../usage-error.ts";
import { conditionsOption, stagesOption } from "../written-state.ts";

type ExplainOptions = {
  readonly user?: string;
  readonly site?: string;
  readonly header: Readonly<Record<string, string>>;
  readonly rules?: string;
  readonly stages?: string;
  readonly conditions?: string;
};

export type ExplainRequest = {
  readonly method: string;
  readonly url: string;
  readonly options: ExplainOptions;
};

export function addExplain(program: Command, session: Session): void {
  program
    .command("explain")
    .argument("<method>", "GET, POST, …")
    .argument("<url>", "path with query; a host before it is left out")
    .description("say where a request goes and why")
    .option("--user <user>", "user who asks (cohort key)")
    .option("--site <site>", "site they are at (cohort key where no user is known)")
    .option("--header <name:value>", "a header of the request, may be given several times", headerOption, {})
    .option("--rules <dir>", "offline: decide by this folder of rules")
    .option("--stages <json>", `offline: stages, as '{"patient":{"name":"canary","percent":10}}'`)
    .option("--conditions <json>", `offline: state of the sync, as '{"patient":{"watermarkAgeMs":20000}}'`)
    .action(async (method: string, url: string, options: ExplainOptions) => {
      const request = { method: method.toUpperCase(), url: canonicalOf(url), options };
      if (options.rules !== undefined) return session.answer(explainOffline(request, options.rules));
      refuseOfflineOptions(options);
      session.answer(await explainByControl(session, request));
    });
}

/** @throws AppError RULES_UNREADABLE, RULES_INVALID; UsageError */
function explainOffline({ method, url, options }: ExplainRequest, rules: string): Outcome {
  const revision = revisionOf(rules, options.stages);
  const conditions = conditionsOf(revision, options.conditions);
  const decision = decide({
    request: routingRequestOf(`${method} ${url}`, options.header),
    caller: { user: options.user, site: options.site },
    revision,
    conditions,
    pins: new Map(),
  });
  const note =
    options.conditions === undefined
      ? "offline: sync is taken to be fresh, no key parked, no fence, no pin (--conditions sets other)"
      : "offline: stages and conditions as given, no pin";
  return explained(method, decision, `${rules}, ${note}`);
}

/** What control and every replica that acknowledged its newest revision decide now. */
async function explainByControl(session: Session, { method, url, options }: ExplainRequest): Promise<Outcome> {
  const { user, site, header } = options;
  const control = session.control();
  const answer = await control.call(
    {
      op: "banyan explain",
      method: "POST",
      path: "/explain",
      body: {
        method,
        url,
        headers: header,
        ...(user === undefined ? {} : { user }),
        ...(site === undefined ? {} : { site }),
      },
    },
    explanationSchema,
  );
  return explanation({
    ...answer,
    method,
    stage: answer.stage ? describeStage(answer.stage) : null,
    owner: answer.stage ? ownerOf(answer.stage) : null,
    timeoutMs: null,
    basis: `revision ${answer.revision} at ${control.url}; a reader who has just written may be pinned to the owner`,
  });
}

function refuseOfflineOptions({ stages, conditions }: ExplainOptions): void {
  if (stages === undefined && conditions === undefined) return;
  throw new UsageError(
    "banyan explain",
    "--stages and --conditions are for explaining offline",
    "Add --rules DIR, or leave them out to ask control.",
  );
}

function revisionOf(path: string, stages: string | undefined): RevisionModel {
  const set = readRuleSet(path);
  const problems = lint(set);
  if (problems.length > 0) {
    throw new AppError({
      code: "RULES_INVALID",
      op: "explain",
      message: `the rules in ${path} have ${problems.length} problem(s), the first: ${problems[0]?.message ?? ""}`,
      hint: `\`banyan lint ${path}\` lists them all; mend them first.`,
    });
  }
  const files = set.files.map((file) => file.config);
  return compile(files, stagesOption(stages, new Set(files.map((file) => file.module))));
}

/** Nobody can ask a folder of files how old the service's data are: fresh unless said otherwise. */
function conditionsOf(revision: RevisionModel, written: string | undefined): Map<string, ModuleCondition> {
  const fresh = { watermarkAgeMs: 0, heartbeat: 0, hasParkedKey: false, fenced: false };
  const known = new Set(revision.modules.keys());
  return new Map([...[...known].map((name) => [name, fresh] as const), ...conditionsOption(written, known)]);
}

function explained(method: string, decision: Decision, basis: string): Outcome {
  const { rule, target, hold, shadow, fallback } = decision;
  const reasons = decision.reasons.map((reason) => ({ ...reason, text: describeReason(reason) }));
  return explanation({
    method,
    target,
    hold,
    shadow: shadow ?? null,
    fallback: fallback ?? null,
    rule: rule?.id ?? null,
    template: rule?.template ?? null,
    effect: rule?.effect ?? null,
    module: rule?.module.name ?? null,
    stage: rule ? describeStage(rule.module.stage) : null,
    owner: rule ? ownerOf(rule.module.stage) : null,
    service: rule?.module.service ?? null,
    timeoutMs: rule?.timeoutMs ?? null,
    reasons,
    basis,
  });
}

type Explanation = {
  readonly method: string;
  readonly target: "legacy" | "service" | "refuse";
  readonly hold: boolean;
  readonly shadow: string | null;
  readonly fallback: string | null;
  readonly rule: string | null;
  readonly template: string | null;
  readonly effect: string | null;
  readonly module: string | null;
  readonly stage: string | null;
  readonly owner: string | null;
  readonly service: string | null;
  readonly timeoutMs: number | null;
  readonly reasons: readonly { readonly text: string }[];
  readonly basis: string;
};

/** The path as typed is not repeated, only its template: a legacy URL may hold a patient's name. */
function explanation(data: Explanation): Outcome {
  const target = data.target === "service" ? `service ${data.service ?? ""}` : data.target;
  const colour = data.target === "refuse" ? bad : data.target === "service" ? good : strong;
  const facts: (readonly [string, string])[] = [
    ["rule", data.rule ?? "none"],
    ["module", data.module === null ? "none" : `${data.module}, at ${data.stage}, owner ${data.owner}`],
    ["effect", data.effect ?? "not known"],
    ["shadow", data.shadow === null ? "none" : `a copy goes to ${data.shadow} after the answer`],
    ["fallback", data.fallback === null ? "none" : `${data.fallback}, should it fail`],
    ...(data.hold ? [["held", "until the fence ends, bounded"] as const] : []),
    ...(data.timeoutMs === null ? [] : [["time-out", `${data.timeoutMs / 1000} s`] as const]),
  ];
  const why = data.reasons.map((reason, index) => `    ${index + 1}. ${reason.text}`);
  return {
    data,
    text: [
      `${data.method} ${data.template ?? "(no rule)"}  ->  ${colour(target)}`,
      renderFacts(facts),
      `  ${faint("why")}`,
      ...why,
      faint(`  (${data.basis})`),
    ].join("\n"),
  };
}

/** The spelling that traffic is matched in, by the proxy's own function. @throws AppError REFUSED_TARGET, UsageError */
function canonicalOf(url: string): string {
  const written = /^https?:\/\/[^/?#]*(.*)$/i.exec(url)?.[1] ?? url;
  const local = written.split("#", 1)[0] ?? "";
  if (local !== "" && !/^[/?]/.test(local)) {
    throw new UsageError(
      "explain",
      "the URL does not begin with /",
      "Give it as clinicians see it: /Patient/Chart.aspx",
    );
  }
  const target = canonicalTarget(local.startsWith("/") ? local : `/${local}`, "");
  if (typeof target !== "string") return target.path + target.search;
  throw new AppError({
    code: "REFUSED_TARGET",
    op: "explain",
    message: `the proxy answers 400 to this URL before any rule is asked (${target})`,
    hint: "Two servers could read it in two ways. Write it without dot segments, encoded slashes and back-slashes.",
  });
}

function headerOption(written: string, earlier: Readonly<Record<string, string>>): Record<string, string> {
  const at = written.indexOf(":");
  if (at < 1) throw new UsageError("explain", "a header is written name:value", "For example --header SOAPAction:Find");
  return { ...earlier, [written.slice(0, at).trim()]: written.slice(at + 1).trim() };
}
