/**
 * Makes the data plane of its parts and opens its two addresses: the clinicians' one (Express as the HTTP shell, the request
 * path behind it) and the one for operations. It holds no database credential; it goes on serving with everything but the
 * targets away.
 */

import { createServer, type IncomingMessage, STATUS_CODES, type Server, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { AppError, bindPort, type Clock, type Logger, pseudonymWith, seededRandom } from "@banyan/kernel";
import express, { type ErrorRequestHandler } from "express";
import { type AuditSink, AuditTrail } from "./audit/audit-trail.ts";
import { events } from "./events.ts";
import { createFhirMetadata } from "./fhir/fhir-metadata.ts";
import { errorAnswer } from "./forward/error-page.ts";
import { startHealthChecks } from "./forward/health-checks.ts";
import { OpenStreams } from "./forward/open-streams.ts";
import { RetryBudget } from "./forward/retry-budget.ts";
import { TargetGroup } from "./forward/target-group.ts";
import { createTransport } from "./forward/transport.ts";
import { createUpgrader } from "./forward/upgrader.ts";
import { Identities } from "./identity/identities.ts";
import { createSessionEndPoint } from "./identity/legacy-session.ts";
import { createTokenIssuer } from "./identity/tokens.ts";
import { limits } from "./limits.ts";
import { type AccessLog, noAccessLog } from "./observe/access-log.ts";
import { startAdminListener } from "./observe/admin-listener.ts";
import { createRegistry, type Source } from "./observe/metrics.ts";
import { ownSources } from "./observe/own-sources.ts";
import { CounterBook } from "./observe/rule-counters.ts";
import { ModuleGates } from "./pipeline/module-gates.ts";
import type { PathParts } from "./pipeline/path-parts.ts";
import { PinStore } from "./pipeline/pins.ts";
import { createRequestPath, type RequestPath } from "./pipeline/request-path.ts";
import { createUpgradePath } from "./pipeline/upgrade-path.ts";
import { ModelState, type RevisionSource } from "./replica/model-state.ts";
import { LegacyReaders } from "./shadow/legacy-readers.ts";
import { Observer, type ObserverOptions } from "./shadow/observer.ts";
import { ShadowClient } from "./shadow/shadow-client.ts";
import { ShadowTee } from "./shadow/shadow-tee.ts";

export type ProxyOptions = {
  /** Where rules and stages come from: `fileRules` or `controlLink`. */
  readonly rules: RevisionSource;
  /** Origins by name: `legacy`, and one entry a service; several origins are instances of one thing. */
  readonly targets: Readonly<Record<string, string | readonly string[]>>;
  /** Key of the legacy session end point; without it nobody is ever known. At least 16 characters. */
  readonly sessionKey?: string | undefined;
  /** Path of the session end point on the legacy system. */
  readonly sessionPath?: string;
  /** Key interface partners show in `X-Ifc-Key`. */
  readonly interfaceKey?: string | undefined;
  /** Ed25519 private key (PKCS #8 PEM) that signs identity tokens; a new one a start when absent. */
  readonly identityKey?: string | undefined;
  /** Addresses of proxies in front of this one. */
  readonly trustedHops?: readonly string[];
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Undefined: no address for operations; whoever started this proxy asks `metrics` and has the keys. */
  readonly adminPort: number | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly accessLog?: AccessLog;
  /** Where audit events go; without it there are none. */
  readonly audit?: {
    readonly sink: AuditSink;
    /** Key of the pseudonyms of patients; without it the events name none. */
    readonly key: string | undefined;
    /** Its metrics. */
    readonly sources: readonly Source[];
  };
  readonly holdMsMax?: number;
  readonly drainMsMax?: number;
  /** Where pairs of answers are compared. Absent: shadows are sent and counted, and nothing is compared. */
  readonly observations?: Pick<ObserverOptions, "url" | "token" | "replica" | "recheckMs">;
};

export type Proxy = {
  readonly url: string;
  readonly port: number;
  /** "" without an `adminPort`. */
  readonly adminUrl: string;
  /** prom-client's JSON form of all metrics. */
  metricsAsJson(): Promise<object[]>;
  /** What the tie to control and the tests look at. */
  readonly state: ModelState;
  readonly gates: ModuleGates;
  /** Stops taking requests, lets running answers end (bounded), closes everything. */
  close(): Promise<void>;
};

/** @throws AppError NO_LEGACY_TARGET, BAD_TARGET, RULES_INVALID, BAD_IDENTITY_KEY, PORT_TAKEN, LISTEN_FAILED */
export async function createProxy(options: ProxyOptions): Promise<Proxy> {
  const { logger, host } = options;
  const stops: (() => Promise<void> | void)[] = [];
  const stopAll = async (): Promise<void> => {
    for (const stop of stops.splice(0).toReversed()) await stop();
  };
  try {
    let draining = false;
    const parts = await partsOf(options, () => draining);
    stops.push(() => parts.log.close());
    stops.push(() => closeTargets(parts));
    const { state, gates } = parts;
    state.onSwap((model) => {
      parts.book.keepOnly(model);
      parts.streams.swapped(model);
    });
    state.onConditions((conditions) =>
      gates.setFences([...conditions].filter(([, one]) => one.fenced).map(([module]) => module)),
    );
    const source = await options.rules.start(state, {
      held: () => gates.held(),
      inFlight: () => gates.inFlight(),
      onDrained: (listener) => gates.onDrained(listener),
      announced: (numbers, sentMs) => parts.pins.announced(numbers, sentMs),
      takeAsked: () => parts.book.takeAsked(limits.templatesMax),
      returnAsked: (counts) => parts.book.returnAsked(counts),
    });
    stops.push(() => source.stop());
    stops.push(startHealthChecks([parts.legacy, ...parts.services.values()], logger));
    const sources = [...ownSources(parts), ...(options.audit?.sources ?? [])];
    const registry = createRegistry(parts.book, [parts.legacy, ...parts.services.values()], sources);
    let adminUrl = "";
    if (options.adminPort !== undefined) {
      const admin = await startAdminListener({
        host,
        port: options.adminPort,
        contentType: registry.contentType,
        metrics: () => registry.metrics(),
        keys: parts.tokens.keys,
        notReady: () => (draining ? "stopping" : state.model ? undefined : "no rules yet"),
      });
      stops.push(() => admin.close());
      adminUrl = admin.url;
    }
    const server = httpServer(parts);
    const port = await bindPort(server, {
      host,
      port: options.port,
      name: "proxy",
      portVariable: "BANYAN_PROXY_PORT",
    });
    logger.info({ event: events.started, port });
    return {
      url: `http://${host}:${port}`,
      port,
      adminUrl,
      metricsAsJson: () => registry.getMetricsAsJSON(),
      state,
      gates,
      close: async () => {
        if (draining) return;
        draining = true;
        logger.info({ event: events.draining });
        await drain(server, parts.streams, options.drainMsMax ?? limits.drainMsMax);
        await parts.audit?.settled();
        await stopAll();
        logger.info({ event: events.stopped });
      },
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
}

async function partsOf(options: ProxyOptions, isDraining: () => boolean): Promise<PathParts> {
  const { clock, logger } = options;
  const { legacy, services } = groupsOf(options);
  const random = seededRandom(process.pid);
  const endPoint =
    options.sessionKey === undefined
      ? undefined
      : createSessionEndPoint({
          group: legacy,
          path: options.sessionPath ?? "/Interfaces/Session.ashx",
          key: options.sessionKey,
        });
  const shadow = new ShadowTee();
  const identities = new Identities({ endPoint, clock, logger });
  return {
    state: new ModelState(clock),
    legacy,
    services,
    transport: createTransport(),
    budget: new RetryBudget(clock),
    streams: new OpenStreams(() => random.next()),
    identities,
    endPoint,
    tokens: await createTokenIssuer(options.identityKey, clock),
    gates: new ModuleGates(),
    pins: new PinStore(clock),
    shadow,
    shadowClient: new ShadowClient(clock),
    readers: endPoint && new LegacyReaders(endPoint, clock),
    observer:
      options.observations && new Observer({ ...options.observations, counts: () => shadow.takeCounts(), clock }),
    book: new CounterBook(),
    log: options.accessLog ?? noAccessLog,
    audit:
      options.audit &&
      new AuditTrail({
        sink: options.audit.sink,
        pseudonym: options.audit.key === undefined ? undefined : pseudonymWith(options.audit.key),
        endPoint,
        known: (session) => identities.lastKnown(session),
        interfaceKey: options.interfaceKey,
        clock,
      }),
    logger,
    clock,
    interfaceKey: options.interfaceKey,
    trustedHops: new Set(options.trustedHops),
    holdMsMax: options.holdMsMax ?? limits.holdMsMax,
    isDraining,
  };
}

function groupsOf({ targets, clock }: ProxyOptions): { legacy: TargetGroup; services: Map<string, TargetGroup> } {
  const services = new Map<string, TargetGroup>();
  let legacy: TargetGroup | undefined;
  for (const [name, value] of Object.entries(targets)) {
    const origins = typeof value === "string" ? [value] : value;
    if (origins.length === 0 || !origins.every((origin) => URL.canParse(origin))) {
      throw new AppError({
        code: "BAD_TARGET",
        op: "start proxy",
        message: `the address of ${name} is not a URL`,
        hint: "Give it as http://host:port.",
      });
    }
    const group = new TargetGroup({ name, origins, clock });
    if (name === "legacy") legacy = group;
    else services.set(name, group);
  }
  if (legacy) return { legacy, services };
  throw new AppError({
    code: "NO_LEGACY_TARGET",
    op: "start proxy",
    message: "there is no address of the legacy system",
    hint: "Set LEGACY_URL.",
  });
}

async function closeTargets(parts: PathParts): Promise<void> {
  const groups = [parts.legacy, ...parts.services.values()];
  parts.shadow.close();
  await parts.observer?.close();
  await Promise.all([parts.shadowClient.close(), ...groups.map((group) => group.close())]);
}

function httpServer(parts: PathParts): Server {
  const path = createRequestPath(parts);
  const upgrade = createUpgradePath(parts, createUpgrader(parts.logger));
  const waiting = new WeakSet<IncomingMessage>();
  const app = shell(path, parts, waiting);
  const server = createServer(
    {
      maxHeaderSize: limits.headerBytesMax,
      headersTimeout: limits.clientHeaderMsMax,
      requestTimeout: limits.clientRequestMsMax,
      keepAliveTimeout: limits.clientIdleMsMax,
      insecureHTTPParser: false,
      requireHostHeader: false,
      noDelay: true,
      optimizeEmptyRequests: true,
    },
    app,
  );
  server.maxConnections = limits.clientConnectionsMax;
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    waiting.add(request);
    app(request as Parameters<typeof app>[0], response as Parameters<typeof app>[1]);
  });
  server.on("upgrade", (request, socket, head) => void upgrade(request, socket, head));
  server.on("clientError", (error: NodeJS.ErrnoException, socket) => refuseUnread(error, socket));
  return server;
}

/** Express as it is meant to be least: no headers of its own, no query parser, nothing between it and the path. */
function shell(path: RequestPath, parts: PathParts, waiting: WeakSet<IncomingMessage>) {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("query parser", false);
  const metadata = createFhirMetadata(parts.services, parts.clock);
  app.use((request, response) => {
    const secure =
      parts.trustedHops.has(request.socket.remoteAddress ?? "") && request.headers["x-forwarded-proto"] === "https";
    return (
      metadata.answer(request, response, secure ? "https" : "http") ?? path(request, response, waiting.has(request))
    );
  });
  // Whatever the path did not foresee: Express would answer with a stack trace.
  app.use(((error, request, response, _next) => {
    parts.logger.error({ event: events.pathFailed, code: error instanceof Error ? error.name : "UNKNOWN" });
    if (response.headersSent) {
      response.destroy();
      return;
    }
    const { status, headers, body } = errorAnswer("answerCut", request.headers, "-");
    response.writeHead(status, headers).end(body);
  }) satisfies ErrorRequestHandler);
  return app;
}

/** What Node's parser could not read; nothing of it is repeated. */
function refuseUnread(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === "ECONNRESET") {
    socket.destroy();
    return;
  }
  const status = error.code === "HPE_HEADER_OVERFLOW" ? 431 : error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

async function drain(server: Server, streams: OpenStreams, msMax: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  streams.closeAll();
  server.closeIdleConnections();
  // A connection whose last answer has just ended is idle from then on.
  const sweep = setInterval(() => server.closeIdleConnections(), limits.drainSweepMs);
  const late = setTimeout(() => server.closeAllConnections(), msMax);
  await closed;
  clearTimeout(late);
  clearInterval(sweep);
}
