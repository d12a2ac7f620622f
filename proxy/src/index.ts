/** The data plane: decides where each request goes, sends it there, and says what became of it. */

export { type ProxySettings, settingsOf } from "./fleet/settings.ts";
export { startProxyProcess } from "./fleet/start.ts";
export { type AccessEntry, type AccessLog, createAccessLog } from "./observe/access-log.ts";
export { type CanonicalTarget, canonicalTarget, type TargetRefusal } from "./pipeline/canonical.ts";
export { type Conditions, ModelState, type RevisionSource, type TrafficCounts } from "./replica/model-state.ts";
export { createProxy, type Proxy, type ProxyOptions } from "./server.ts";
export { targetsOf } from "./target-urls.ts";
