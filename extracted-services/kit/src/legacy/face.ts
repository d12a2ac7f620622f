/**
 * The legacy face of a service: the module's old addresses, answered as the monolith answered them. The web forms are those of
 * `@banyan/webforms`; this file is their host: the identity token says who asks, the session's values come with the token and
 * go back in response headers, and no answer goes out about which the policy was not asked.
 */

import { AppError } from "@banyan/kernel";
import {
  type Answer,
  announcedBodyBytesMax,
  bodyBytesMax,
  type Crash,
  createApplication,
  createViewStates,
  type Host,
  iisPage,
  type PatientBanner,
  sendAnswer,
} from "@banyan/webforms";
import { isDatabaseAway } from "../database.ts";
import { events } from "../events.ts";
import type { Face } from "../face.ts";
import { RefusedError, refusal } from "../refusal.ts";
import { requestContext } from "../request-context.ts";
import type { ServiceContext } from "../service-context.ts";
import { PageDenied } from "./denial.ts";
import type { LegacyContext, LegacyPage } from "./page.ts";
import { checkPages } from "./page-policy.ts";
import { refusalAnswer } from "./refusal-answer.ts";
import { openVisit } from "./visit.ts";

export type LegacyFaceOptions<Store> = {
  readonly pages: readonly LegacyPage<Store>[];
  /** The monolith's machine key: forms of either side post to the other. */
  readonly machineKey: string;
  /** Makes what pages read from, once. */
  store(service: ServiceContext): Store;
  /** What the banner shows of the session's current patient; undefined (no such patient, deleted) shows none. */
  banner(store: Store, patNo: number): Promise<PatientBanner | undefined>;
};

/** @throws AppError PAGE_TWICE, PAGES_WITHOUT_POLICY when it is opened */
export function legacyFace<Store>(options: LegacyFaceOptions<Store>): Face {
  return {
    name: "legacy",
    bodyBytesMax,
    open(service) {
      checkPages(options.pages, service.policy);
      const application = createApplication(hostOf(options, service));
      return (request, response, next) => {
        if (application.knows(request.url)) return application.respond(request, response);
        next();
        return undefined;
      };
    },
    refuse(refused, request, response) {
      const tooLong = Number(request.headers["content-length"]) > announcedBodyBytesMax;
      const json = /^application\/json\b/i.test(request.headers["content-type"] ?? "");
      sendAnswer(request, response, tooLong ? unreadAnswer : refusalAnswer(refused, json), []);
    },
  };
}

/** IIS did not read what was announced to be longer than it takes. */
const unreadAnswer = iisPage(
  404,
  "File or directory not found.",
  "The request filtering module is configured to deny a request that exceeds the request content length (404.13).",
);

function hostOf<Store>(options: LegacyFaceOptions<Store>, service: ServiceContext): Host<LegacyContext<Store>> {
  const store = options.store(service);
  const actions = new Map(options.pages.map((page) => [page.path, page.does]));
  const methods = new WeakMap<object, string>();
  return {
    pages: options.pages.map((page) => noteMethods(page, methods)),
    clock: service.clock,
    viewStates: createViewStates(options.machineKey),
    // The shell has taken the client's address from the proxy already, for the audit.
    trustedProxies: [],
    visit: (control, request) =>
      openVisit(control, requestContext(request), {
        store,
        does: actions.get(control.ctx.self.path) ?? {},
        method: (ctx) => methods.get(ctx),
        banner: (patNo) => options.banner(store, patNo),
      }),
    crashed: (crash) => endOf(service, crash),
  };
}

/** Which web method runs is known only inside the web service's own dispatch. */
function noteMethods<Store>(page: LegacyPage<Store>, running: WeakMap<object, string>): LegacyPage<Store> {
  if (!page.service) return page;
  const methods: Record<string, (typeof page.service.methods)[string]> = {};
  for (const [name, method] of Object.entries(page.service.methods)) {
    methods[name] = {
      ...method,
      run(ctx, call) {
        running.set(ctx, name);
        return method.run(ctx, call);
      },
    };
  }
  return { ...page, service: { ...page.service, methods } };
}

/** The answer for what a page threw; undefined is the crash page of the old system, and a log line that names no data. */
function endOf(service: ServiceContext, { error, json, route, method }: Crash): Answer | undefined {
  if (error instanceof PageDenied) return json ? error.script : error.page;
  const refused =
    error instanceof RefusedError ? error.refusal : isDatabaseAway(error) ? refusal("database-away") : undefined;
  if (refused && refused.code !== "failed") {
    service.metrics.refusals.inc({ code: refused.code });
    return refusalAnswer(refused, json);
  }
  const code = error instanceof AppError ? error.code : error instanceof Error ? error.name : "UNKNOWN";
  service.logger.error({ event: events.requestFailed, route, method, code });
  return undefined;
}
