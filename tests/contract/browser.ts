/**
 * A browser of 2008 for contract tests: a cookie jar, forms filled in by control name, no scripts. It follows no redirect by
 * itself, because where a page sends the user is part of the contract.
 */

import { parseForms, type PageForm } from "./page-form.ts";

export type Answered = {
  readonly status: number;
  readonly headers: Headers;
  /** Location header, "" when there is none. */
  readonly location: string;
  readonly contentType: string;
  readonly bytes: Buffer;
  /** The body as UTF-8. */
  readonly text: string;
  /** Path and query that were asked for. */
  readonly path: string;
  /** The red error label's text, "" when it is empty. */
  readonly error: string;
};

type Submission = {
  /** Element id of the form; the page's first one by default. */
  readonly form?: string;
  /** Control values by name without `ctl00$cph$`; null leaves a control out (an unticked box). */
  readonly fields?: Readonly<Record<string, string | null>>;
  /** The button pressed. */
  readonly press?: string;
  /** A post-back link: `["gv", "Page$2"]`. */
  readonly postBack?: readonly [target: string, argument: string];
};

export type Browser = {
  readonly cookies: ReadonlyMap<string, string>;
  /** Cookie header as the browser would send it now. */
  cookieHeader(): string;
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answered>;
  post(path: string, body: string | Buffer, headers?: Readonly<Record<string, string>>): Promise<Answered>;
  /** Posts a form of a page as rendered, with the fields changed. */
  submit(page: Answered, submission?: Submission): Promise<Answered>;
  /** Calls `…/Service.asmx/Method` with JSON. */
  call(path: string, args: object): Promise<Answered>;
  /** Goes where a redirect points. */
  follow(answer: Answered): Promise<Answered>;
};

const prefix = "ctl00$cph$";

/** @param settle waited for after every POST that was not refused: what it wrote is then everywhere. */
export function openBrowser(url: string, settle?: (path: string) => Promise<void>): Browser {
  const jar = new Map<string, string>();
  const cookieHeader = (): string => [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
  const send = async (path: string, init: RequestInit): Promise<Answered> => {
    const headers = new Headers(init.headers);
    if (jar.size > 0) headers.set("cookie", cookieHeader());
    const response = await fetch(url + path, { ...init, headers, redirect: "manual" });
    keepCookies(jar, response.headers.getSetCookie());
    const bytes = Buffer.from(await response.arrayBuffer());
    const text = bytes.toString("utf8");
    return {
      status: response.status,
      headers: response.headers,
      location: response.headers.get("location") ?? "",
      contentType: response.headers.get("content-type") ?? "",
      bytes,
      text,
      path,
      error: /<span id="ctl00_cph_lblErr"[^>]*>([^<]*)</.exec(text)?.[1] ?? "",
    };
  };
  const browser: Browser = {
    cookies: jar,
    cookieHeader,
    get: (path, headers = {}) => send(path, { headers }),
    async post(path, body, headers = {}) {
      const bytes = typeof body === "string" ? body : new Uint8Array(body);
      const answer = await send(path, { method: "POST", body: bytes, headers });
      if (answer.status < 400) await settle?.(path);
      return answer;
    },
    submit(page, submission = {}) {
      const form = findForm(page, submission.form);
      return browser.post(form.action || page.path, filledIn(form, submission).toString(), {
        "content-type": "application/x-www-form-urlencoded",
      });
    },
    call: (path, args) =>
      browser.post(path, JSON.stringify(args), { "content-type": "application/json; charset=utf-8" }),
    follow: (answer) => browser.get(answer.location),
  };
  return browser;
}

function findForm(page: Answered, id: string | undefined): PageForm {
  const forms = parseForms(page.text);
  const form = id === undefined ? forms[0] : forms.find((one) => one.id === id);
  if (!form) throw new Error(`no form ${id ?? ""} in the answer (status ${page.status})`);
  return form;
}

function filledIn(form: PageForm, submission: Submission): URLSearchParams {
  const values = new Map(form.values);
  for (const [name, value] of Object.entries(submission.fields ?? {})) {
    if (value === null) values.delete(prefix + name);
    else values.set(prefix + name, value);
  }
  if (submission.press !== undefined) {
    const label = form.buttons.get(prefix + submission.press);
    if (label === undefined) throw new Error(`no button ${submission.press} in the form`);
    values.set(prefix + submission.press, label);
  }
  if (submission.postBack) {
    values.set("__EVENTTARGET", prefix + submission.postBack[0]);
    values.set("__EVENTARGUMENT", submission.postBack[1]);
  }
  return new URLSearchParams([...values]);
}

/** An expired or empty cookie leaves the jar. Paths are kept to: what is for /Portal is sent everywhere, which harms nothing here. */
function keepCookies(jar: Map<string, string>, setCookies: readonly string[]): void {
  for (const line of setCookies) {
    const [pair = "", ...attributes] = line.split(";");
    const at = pair.indexOf("=");
    const name = pair.slice(0, at).trim();
    const value = pair.slice(at + 1).trim();
    const expires = attributes.map((one) => /^\s*expires=(.*)$/i.exec(one)?.[1]).find((one) => one !== undefined);
    const gone = expires !== undefined && Date.parse(expires.replaceAll("-", " ")) < Date.now();
    if (gone || value === "") jar.delete(name);
    else jar.set(name, value);
  }
}
