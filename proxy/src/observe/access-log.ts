/**
 * One line a request. It holds the path's template, never the path: legacy URLs carry names and numbers of patients. The
 * line is put together by hand from a closed list of fields and written in batches, because this is the hot path.
 */

import { limits } from "../limits.ts";

export type AccessEntry = {
  readonly requestId: string;
  readonly method: string;
  /** Id of the rule; "none" when the request was not admitted. */
  readonly rule: string;
  readonly template: string;
  readonly module: string;
  readonly by: "legacy" | "service" | "proxy";
  readonly revision: number;
  readonly status: number;
  readonly bytes: number;
  readonly durationMs: number;
  /** Code of the reason that decided, or of the refusal or failure. */
  readonly reason: string;
};

export type AccessLog = { write(entry: AccessEntry): void; close(): void };

export const noAccessLog: AccessLog = { write: () => {}, close: () => {} };

/** @param out where lines go, for example standard output. */
export function createAccessLog(out: { write(text: string): unknown }, now: () => Date): AccessLog {
  let lines = "";
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (lines !== "") out.write(lines);
    lines = "";
  };
  return {
    write(entry) {
      lines += `{"time":${now().getTime()},"event":"proxy.access","requestId":"${entry.requestId}","method":"${entry.method}","route":"${entry.rule}","template":${JSON.stringify(entry.template)},"module":"${entry.module}","by":"${entry.by}","revision":${entry.revision},"status":${entry.status},"bytes":${entry.bytes},"durationMs":${entry.durationMs.toFixed(2)},"reason":"${entry.reason}"}\n`;
      if (lines.length >= limits.accessLogBytesMax) flush();
      else timer ??= setTimeout(flush, limits.accessLogMs).unref();
    },
    close: flush,
  };
}
