/**
 * Calls the admin API of control. What control refuses comes back as its own words: code, message, why and hint of its
 * problem document become the error a person reads.
 */

import { AppError } from "@banyan/kernel";
import { z } from "zod";
import { ControlRefusal } from "./control-refusal.ts";
import type { ControlAddress } from "./find-control.ts";
import { limits } from "./limits.ts";

const problemSchema = z.looseObject({
  code: z.string(),
  message: z.string(),
  why: z.string().optional(),
  hint: z.string().optional(),
});

export type ControlCall = {
  /** What is being done, for messages: `stage scheduling`. */
  readonly op: string;
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  /** Below `/api/v1`, with a leading slash; variable parts already encoded. */
  readonly path: string;
  readonly body?: unknown;
  /** The revision this change is based on. */
  readonly ifMatch?: number;
};

export class ControlClient {
  readonly #address: ControlAddress;

  constructor(address: ControlAddress) {
    this.#address = address;
  }

  get url(): string {
    return this.#address.url;
  }

  /** @throws AppError CONTROL_UNREACHABLE, CONTROL_STRANGE, and with control's own code when it refuses. */
  async call<Shape extends z.ZodType>(call: ControlCall, shape: Shape): Promise<z.infer<Shape>> {
    const response = await this.#send(call);
    const body = await jsonOf(response);
    if (!response.ok) throw refused(call.op, response.status, body, this.#address);
    const parsed = shape.safeParse(body);
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    throw strange(call.op, this.#address, `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`);
  }

  /**
   * The newest revision, for changes that nobody named another basis for.
   * @throws as `call`
   */
  async newestRevision(op: string): Promise<number> {
    const response = await this.#send({ op, path: "/status" });
    const revision = Number(/^"(\d+)"$/.exec(response.headers.get("etag") ?? "")?.[1] ?? Number.NaN);
    const body = await jsonOf(response);
    if (!response.ok) throw refused(op, response.status, body, this.#address);
    if (Number.isInteger(revision)) return revision;
    throw strange(op, this.#address, "it names no revision");
  }

  async #send(call: ControlCall): Promise<Response> {
    const { url, token } = this.#address;
    const headers: Record<string, string> = { accept: "application/json" };
    if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
    if (call.ifMatch !== undefined) headers["if-match"] = `"${call.ifMatch}"`;
    if (call.body !== undefined) headers["content-type"] = "application/json";
    try {
      return await fetch(new URL(`/api/v1${call.path}`, url), {
        method: call.method ?? "GET",
        headers,
        redirect: "error",
        signal: AbortSignal.timeout(limits.controlMsMax),
        ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      });
    } catch (cause) {
      throw unreachable(call.op, this.#address, cause);
    }
  }
}

async function jsonOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return {};
  try {
    return JSON.parse(text);
  } catch {
    // Something that is not control stands there; the shape check or the status says so.
    return undefined;
  }
}

function unreachable(op: string, { url, source }: ControlAddress, cause: unknown): AppError {
  const late = cause instanceof Error && cause.name === "TimeoutError";
  return new AppError({
    code: "CONTROL_UNREACHABLE",
    op,
    message: late
      ? `control at ${url} did not answer within ${limits.controlMsMax / 1000} s`
      : `nothing answers at ${url} (named by ${source})`,
    hint: "Is it running (`npm start`)? The proxy goes on serving with its last revision meanwhile. Another address: --control URL.",
    retryable: true,
    cause,
  });
}

function refused(op: string, status: number, body: unknown, address: ControlAddress): AppError {
  const problem = problemSchema.safeParse(body);
  if (!problem.success) return strange(op, address, `status ${status} without saying why`);
  const { code, message, why, hint, ...details } = problem.data;
  return new ControlRefusal({
    code,
    op,
    message,
    why,
    hint: status === 401 ? tokenHint : (hint ?? "`banyan status` shows where things stand."),
    retryable: status >= 500,
    details,
  });
}

const tokenHint =
  "Show a token that control knows: --token TOKEN, BANYAN_TOKEN, or run where `npm start` wrote its file.";

function strange(op: string, { url }: ControlAddress, what: string): AppError {
  return new AppError({
    code: "CONTROL_STRANGE",
    op,
    message: `${url} answered in a form this command does not know (${what})`,
    hint: "Does Banyan's control plane of this version stand at this address? Another one: --control URL.",
  });
}
