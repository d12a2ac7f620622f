/** The cost of one decision with 10,000 rules: it must not grow with their number, and stay under 2 microseconds. */

import { compile, decide, type RevisionModel, type RoutingRequest } from "@banyan/routing-rules";

const runs = 400_000;

export function measureDecide(): void {
  for (const count of [10, 10_000]) {
    const revision = revisionOf(count);
    const requests = Array.from({ length: 256 }, (_, index) =>
      requestOf(`/M${(index * 39) % count}/Page${index % 7}.aspx`),
    );
    const input = { caller: { user: "BENCH1", site: "MAIN" }, revision, conditions: new Map(), pins: new Map() };
    const once = (request: RoutingRequest): boolean => decide({ ...input, request }).rule !== undefined;
    for (let run = 0; run < runs / 4; run += 1) once(requests[run & 255] as RoutingRequest);
    const startedMs = performance.now();
    let found = 0;
    for (let run = 0; run < runs; run += 1) if (once(requests[run & 255] as RoutingRequest)) found += 1;
    const microseconds = ((performance.now() - startedMs) * 1_000) / runs;
    if (found !== runs) throw new Error("a request found no rule");
    console.log(`decide() with ${count} rules: ${microseconds.toFixed(2)} microseconds (goal: under 2)`);
  }
}

function revisionOf(count: number): RevisionModel {
  const routes = Array.from({ length: count }, (_, index) => ({
    id: `bench.r${index}`,
    path: { prefix: `/M${index}` },
    effect: "read" as const,
    dryRun: false,
    shadow: "never" as const,
    serve: "stage" as const,
    audit: true,
  }));
  return compile([
    {
      module: "bench",
      service: "bench",
      tables: [],
      foldCase: true,
      watermarkAgeMsMax: 10_000,
      defaults: { timeoutMs: 30_000, bodyBytesMax: 4_194_304, fallback: "none" },
      routes,
    },
  ]);
}

function requestOf(path: string): RoutingRequest {
  return { method: "GET", path, query: [], header: () => undefined };
}
