/**
 * Structured logs through pino. Only fields on the allow-list leave the process: a field that nobody thought about is
 * dropped, not printed, because in this product it may be a patient's name. Values are event names, ids of requests and
 * processes, counts and durations; never a URL, a body, a cookie or a SQL parameter.
 */

import { type DestinationStream, pino } from "pino";

export const loggedFields = [
  "event",
  "process",
  "port",
  "url",
  "pid",
  "code",
  "op",
  "hint",
  "signal",
  "exitCode",
  "durationMs",
  "count",
  "bytes",
  "table",
  "database",
  "file",
  "line",
  "requestId",
  "method",
  "route",
  "status",
  "sqlErrorNumber",
  "connections",
  "captureInstance",
  "version",
  "module",
  "revision",
  "replica",
] as const;

export type LogFields = Partial<Record<(typeof loggedFields)[number], string | number | boolean>>;

export type Logger = {
  debug(fields: LogFields & { event: string }): void;
  info(fields: LogFields & { event: string }): void;
  warn(fields: LogFields & { event: string }): void;
  error(fields: LogFields & { event: string }): void;
};

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

const allowed = new Set<string>(loggedFields);

/** @param options.name the process, printed as `process`. @param options.destination where lines go; standard output by default. */
export function createLogger(options: { name: string; level?: LogLevel; destination?: DestinationStream }): Logger {
  const settings = {
    level: options.level ?? "info",
    base: { process: options.name },
    formatters: {
      level: (label: string) => ({ level: label }),
      log: (fields: Record<string, unknown>) =>
        Object.fromEntries(Object.entries(fields).filter(([key]) => allowed.has(key))),
    },
  };
  return options.destination ? pino(settings, options.destination) : pino(settings);
}
