/**
 * One user of two clinics that started from the same data under one clock: the monolith alone, and the one whose patient and
 * scheduling modules are services behind the proxy. Every request goes to both; the answers are compared whole.
 */

import { expect } from "vitest";
import { type Answered, type Browser, openBrowser } from "../contract/browser.ts";
import { demoPassword } from "../contract/target.ts";
import { declaredDifferences } from "./declared-differences.ts";

/** Where a user's requests go, and what to wait for after one that may have written. */
export type PairedClinics = {
  readonly monolith: { readonly url: string };
  readonly services: { readonly url: string; settleAfter(path: string): Promise<void> };
};

type Ask = (browser: Browser, side: "monolith" | "services") => Promise<Answered>;

export type Both = { readonly monolith: Answered; readonly services: Answered };

export class PairedUser {
  readonly #browsers: { readonly monolith: Browser; readonly services: Browser };

  constructor(clinics: PairedClinics) {
    this.#browsers = {
      monolith: openBrowser(clinics.monolith.url),
      services: openBrowser(clinics.services.url, (path) => clinics.services.settleAfter(path)),
    };
  }

  async logIn(user: string): Promise<this> {
    const form = await this.get("/Login.aspx");
    const answer = await this.submit(form, { fields: { txtUser: user, txtPwd: demoPassword }, press: "btnLogin" });
    expect(answer.monolith.location).toBe("/Default.aspx");
    return this;
  }

  /** Asks both sides and compares. @returns both answers, for what comes next */
  async both(what: string, ask: Ask): Promise<Both> {
    const monolith = await ask(this.#browsers.monolith, "monolith");
    const services = await ask(this.#browsers.services, "services");
    expect(comparable(services), what).toEqual(comparable(monolith));
    expect(this.#browsers.services.cookies.get("EHRCtx"), what).toBe(this.#browsers.monolith.cookies.get("EHRCtx"));
    return { monolith, services };
  }

  get(path: string): Promise<Both> {
    return this.both(`GET ${path}`, (browser) => browser.get(path));
  }

  post(path: string, body: string, headers: Readonly<Record<string, string>>): Promise<Both> {
    return this.both(`POST ${path}`, (browser) => browser.post(path, body, headers));
  }

  call(path: string, args: object): Promise<Both> {
    return this.both(`POST ${path} ${JSON.stringify(args)}`, (browser) => browser.call(path, args));
  }

  /** Posts each side's own form. */
  submit(page: Both, submission: Parameters<Browser["submit"]>[1] = {}): Promise<Both> {
    const what = `POST of the form at ${page.monolith.path} ${JSON.stringify(submission)}`;
    return this.both(what, (browser, side) => browser.submit(page[side], submission));
  }

  follow(page: Both): Promise<Both> {
    return this.get(page.monolith.location);
  }
}

/** All of an answer but what is declared to differ; connections have headers of their own. */
function comparable({ status, headers, bytes }: Answered) {
  const shown: Record<string, string> = {};
  for (const [name, value] of headers) {
    if (name === "set-cookie" || hopByHop.has(name)) continue;
    if (declaredDifferences.some((one) => one.kind === "header" && one.header === name)) continue;
    const masked = declaredDifferences.some((one) => one.kind === "header-value" && one.header === name);
    shown[name] = masked ? "(declared to differ)" : name === "content-length" ? "(of the masked body)" : value;
  }
  let body = bytes.toString("latin1");
  for (const one of declaredDifferences) if (one.kind === "body") body = body.replaceAll(one.pattern, "");
  return { status, headers: shown, cookies: cookieShapes(headers), body };
}

const hopByHop = new Set(["connection", "keep-alive", "transfer-encoding"]);

/** Names, paths and flags without values (specification 3.1); a name twice is one for the browser. */
function cookieShapes(headers: Headers): string[] {
  const shapes = headers.getSetCookie().map((line) => {
    const [pair = "", ...flags] = line.split(";").map((part) => part.trim());
    const cleared = pair.endsWith("=") ? " (cleared)" : "";
    return [pair.split("=", 1)[0] + cleared, ...flags.map((flag) => flag.toLowerCase())].join("; ");
  });
  return [...new Set(shapes)].toSorted();
}
