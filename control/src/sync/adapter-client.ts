/**
 * How control speaks to the legacy adapter: JSON over HTTP with the token they share. What the adapter refuses is passed on as
 * a refusal with its own words, which hold nothing of a row; anything else is "the adapter is away".
 */

import { z } from "zod";
import { limits } from "../limits.ts";
import { Refusal } from "../refusal.ts";

const refusalSchema = z.object({
  code: z.string().regex(/^[A-Z_]{3,40}$/),
  message: z.string(),
  hint: z.string().default(""),
});

export type AdapterRequest = {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: object;
  readonly msMax?: number;
};

export class AdapterClient {
  readonly #token: string;

  constructor(token: string) {
    this.#token = token;
  }

  /** @throws Refusal ADAPTER_AWAY, ADAPTER_REFUSED */
  async call<T extends z.ZodType>(url: string, request: AdapterRequest, schema: T): Promise<z.infer<T>> {
    const { status, text } = await this.#send(url, request);
    const body = jsonOf(text);
    if (status >= 200 && status < 300) {
      const parsed = schema.safeParse(body);
      if (parsed.success) return parsed.data;
      throw away("its answer is not of the agreed form: adapter and control are of different versions");
    }
    const refusal = refusalSchema.safeParse(body);
    if (!refusal.success) throw away(`it answered ${status}`);
    throw new Refusal({
      code: status >= 500 ? "ADAPTER_AWAY" : "ADAPTER_REFUSED",
      message: "the adapter refused",
      why: `${refusal.data.message} [${refusal.data.code}]`,
      hint: refusal.data.hint,
    });
  }

  async #send(url: string, { method, path, body, msMax }: AdapterRequest): Promise<{ status: number; text: string }> {
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${this.#token}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(msMax ?? limits.adapterMsMax),
      });
      return { status: response.status, text: await response.text() };
    } catch (cause) {
      throw away("it did not answer", cause);
    }
  }
}

function away(why: string, cause?: unknown): Refusal {
  return new Refusal({
    code: "ADAPTER_AWAY",
    message: "the legacy adapter cannot be asked",
    why,
    hint: "Traffic goes on; reads of canary modules go to legacy until the sync is known again. Look at the adapter's log, and at ADAPTER_URL.",
    ...(cause === undefined ? {} : { cause }),
  });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
