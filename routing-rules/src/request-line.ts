/** A routing request from one line of text, for `explain`, cases and lint: `GET /Patient/PatDetail.aspx?pid=1`. */

import type { RoutingRequest } from "./match.ts";

export function routingRequestOf(line: string, headers: Readonly<Record<string, string>> = {}): RoutingRequest {
  const [method = "GET", target = "/"] = line.trim().split(/\s+/, 2);
  const [path = "/", query = ""] = target.split("?", 2);
  const byName = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  return { method, path, query: [...new URLSearchParams(query)], header: (name) => byName.get(name) };
}
