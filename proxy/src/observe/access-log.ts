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

/** Longest line: every field but the template is short and of our own making. */
const lineCharsMax = 4_096;

/** @param out where lines go, for example standard output. */
export function createAccessLog(out: { write(text: string): unknown }, now: () => Date): AccessLog {
  // Lines go into one flat buffer at once: kept as strings they would be thousands of little pieces for the collector.
  const buffer = Buffer.allocUnsafe(limits.accessLogBytesMax);
  let length = 0;
  let timer: NodeJS.Timeout | undefined;
  const flush = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (length > 0) out.write(buffer.toString("latin1", 0, length));
    length = 0;
  };
  return {
    write(entry) {
      if (length + lineCharsMax > buffer.length) flush();
      length += buffer.write(lineOf(entry, now().getTime()), length, "latin1");
      timer ??= setTimeout(flush, limits.accessLogMs).unref();
    },
    close: flush,
  };
}

function lineOf(entry: AccessEntry, time: number): string {
  const line = `{"time":${time},"event":"proxy.access","requestId":"${entry.requestId}","method":"${entry.method}","route":"${entry.rule}","template":"${asciiOf(entry.template)}","module":"${entry.module}","by":"${entry.by}","revision":${entry.revision},"status":${entry.status},"bytes":${entry.bytes},"durationMs":${Math.round(entry.durationMs * 100) / 100},"reason":"${entry.reason}"}\n`;
  // Only a template of absurd length gets here; half a line would not be JSON.
  return line.length <= lineCharsMax ? line : "";
}

const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/** A template as it can stand in a JSON string of single bytes. */
function asciiOf(template: string): string {
  return plain.test(template)
    ? template
    : template
        .slice(0, 500)
        .replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
