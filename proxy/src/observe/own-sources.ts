/** Metrics of what the proxy keeps itself: every bound, how full it is, how often it was reached. */

import type { PathParts } from "../pipeline/path-parts.ts";
import type { Reading, Source } from "./metrics.ts";

export function ownSources(parts: PathParts): Source[] {
  const { identities, gates, pins, streams, shadow, budget, state } = parts;
  return [
    {
      ...gauge("banyan_proxy_revision", "Number of the revision that serves; the oldest one of several workers.", () =>
        Number(state.model?.number ?? 0),
      ),
      across: "min",
    },
    {
      ...gauge("banyan_proxy_lease_valid", "1 while this replica may take writes of modules at canary.", () =>
        Number(state.leaseIsValid),
      ),
      across: "min",
    },
    gauge("banyan_proxy_identities", "Identities kept.", () => identities.size),
    by("banyan_proxy_identity_total", "Identities by how they were found.", "result", () => identities.counts),
    by("banyan_proxy_held_writes", "Writes held, by module.", "module", () => gates.held(), "gauge"),
    {
      name: "banyan_proxy_writes_in_flight",
      help: "Writes under way, by module and epoch.",
      kind: "gauge",
      labels: ["module", "epoch"],
      *read() {
        for (const [module, epochs] of Object.entries(gates.inFlight()))
          for (const [epoch, value] of Object.entries(epochs)) yield { labels: { module, epoch }, value };
      },
    },
    by("banyan_proxy_hold_refused_total", "Held writes that were given up, by reason.", "reason", () => gates.refused),
    gauge("banyan_proxy_pins", "Sessions kept on the owner's side.", () => pins.size),
    counter("banyan_proxy_pins_overflowed_total", "Times there were too many pins.", () => pins.overflowed),
    gauge("banyan_proxy_streams", "Open WebSockets and event streams.", () => streams.size),
    by("banyan_proxy_streams_total", "Streams closed by a flip, or refused.", "result", () => streams.counts),
    counter("banyan_proxy_retries_refused_total", "Retries the budget did not allow.", () => budget.refused),
    by("banyan_proxy_shadow_lost_total", "Pairs of answers not compared, by reason.", "reason", () => ({
      ...parts.observer?.lost,
    })),
    gauge("banyan_proxy_rechecks", "Requests waiting to be read again.", () => parts.observer?.waiting ?? 0),
    counter(
      "banyan_proxy_shadow_sessions_refused_total",
      "Legacy sessions of shadow accounts that could not be had.",
      () => Number(parts.readers?.refused ?? 0),
    ),
    by("banyan_proxy_audit_total", "Audit events by what became of them.", "result", () => parts.audit?.counts ?? {}),
    by("banyan_proxy_shadow_dropped_total", "Shadows not sent, by reason.", "reason", () => shadow.dropped),
    {
      name: "banyan_proxy_shadow_total",
      help: "Shadows sent, by module and class of answer.",
      kind: "counter",
      labels: ["module", "result"],
      *read() {
        for (const [module, results] of shadow.answers)
          for (const [result, value] of results) yield { labels: { module, result }, value };
      },
    },
  ];
}

function gauge(name: string, help: string, value: () => number): Source {
  return { name, help, kind: "gauge", read: () => [{ labels: {}, value: value() }] };
}

function counter(name: string, help: string, value: () => number): Source {
  return { name, help, kind: "counter", read: () => [{ labels: {}, value: value() }] };
}

function by(
  name: string,
  help: string,
  label: string,
  values: () => Readonly<Record<string, number>>,
  kind: "counter" | "gauge" = "counter",
): Source {
  const read = (): Reading[] => Object.entries(values()).map(([key, value]) => ({ labels: { [label]: key }, value }));
  return { name, help, kind, labels: [label], read };
}
