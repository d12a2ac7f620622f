/**
 * Where the control plane is and what lets us in, each from the first place that says so: the command line, the environment,
 * the file that `npm start` writes.
 */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { AppError, type Config } from "@banyan/kernel";
import { z } from "zod";

const connectionsSchema = z.object({
  controlUrl: z.url().optional(),
  adminToken: z.string().optional(),
  auditKey: z.string().optional(),
});
type Connections = z.infer<typeof connectionsSchema>;

export type ControlAddress = {
  readonly url: string;
  readonly token: string | undefined;
  /** The place that named it, for messages. */
  readonly source: string;
};

/** @throws AppError CONTROL_UNKNOWN, CONNECTIONS_UNREADABLE */
export function findControl(
  config: Config,
  options: { readonly control?: string | undefined; readonly token?: string | undefined },
): ControlAddress {
  const file = join(config.BANYAN_DATA_DIR, "connections.json");
  const named = options.control ?? config.BANYAN_CONTROL_URL;
  const token = options.token ?? config.BANYAN_TOKEN;
  if (named !== undefined) {
    checkUrl(named);
    const source = options.control === undefined ? "BANYAN_CONTROL_URL" : "--control";
    // A token is for the control plane it was made for: the file's one is not sent to an address from elsewhere.
    const saved = token === undefined ? connectionsIn(file) : undefined;
    const own = saved?.controlUrl !== undefined && sameOrigin(saved.controlUrl, named) ? saved.adminToken : undefined;
    return { url: named, token: token ?? own, source };
  }
  const saved = connectionsIn(file);
  if (saved?.controlUrl === undefined) throw unknownControl(file, saved);
  return { url: saved.controlUrl, token: token ?? saved.adminToken, source: file };
}

/** The key patients are named with in audit events: BANYAN_AUDIT_KEY, or the one `npm start` made. */
export function findAuditKey(config: Config): string | undefined {
  return config.BANYAN_AUDIT_KEY ?? connectionsIn(join(config.BANYAN_DATA_DIR, "connections.json"))?.auditKey;
}

function checkUrl(url: string): void {
  if (/^https?:\/\//.test(url) && URL.canParse(url)) return;
  throw new AppError({
    code: "CONTROL_UNKNOWN",
    op: "find control",
    message: "the address of the control plane is not a URL",
    hint: "Give it as http://host:port.",
  });
}

function sameOrigin(left: string, right: string): boolean {
  return new URL(left).origin === new URL(right).origin;
}

function connectionsIn(file: string): Connections | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unreadable(file, "it cannot be read by this user", cause);
  }
  try {
    return connectionsSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw unreadable(file, "it is not what `npm start` writes", cause);
  }
}

function unreadable(file: string, why: string, cause: unknown): AppError {
  return new AppError({
    code: "CONNECTIONS_UNREADABLE",
    op: "find control",
    message: `${file}: ${why}`,
    hint: "Run as the user that started Banyan, or name the control plane: --control URL --token TOKEN.",
    cause,
  });
}

function unknownControl(file: string, saved: Connections | undefined): AppError {
  return new AppError({
    code: "CONTROL_UNKNOWN",
    op: "find control",
    message: saved === undefined ? `there is no ${file} here` : `${file} names no control plane`,
    hint: "Run `npm start` in the checkout first, or name the control plane: --control URL or BANYAN_CONTROL_URL, and --token or BANYAN_TOKEN.",
  });
}
