/** What parent and workers of one fleet say to each other over IPC. */

import type { ProxySettings } from "./settings.ts";

export type ToWorker =
  | { readonly type: "settings"; readonly settings: ProxySettings }
  | { readonly type: "metrics"; readonly id: number };

export type FromWorker =
  /** Loaded and waiting for its settings. */
  | { readonly type: "hello" }
  /** Serves; the form that kernel's process shell sends. */
  | { readonly type: "ready"; readonly details: Readonly<Record<string, string | number>> }
  /** Its event loop turns. */
  | { readonly type: "alive" }
  | { readonly type: "load"; readonly problems: readonly string[] }
  /** prom-client's JSON form of a registry. */
  | { readonly type: "metrics"; readonly id: number; readonly metrics: readonly object[] };
