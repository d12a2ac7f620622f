/**
 * A page asked for on both sides: of the legacy web directly, and of the service through the proxy, on the same data and under a
 * standing clock. What may differ is what the specification lets differ (section 3.1): view state, event validation, version stamps.
 */

import { expect } from "vitest";
import type { ClinicWithServices } from "../clinic/services-side.ts";
import { type Answered, type Browser, openBrowser } from "../contract/browser.ts";
import { demoPassword } from "../contract/target.ts";

export type Sides = { readonly legacy: Browser; readonly service: Browser };

/** One log-in on each side: what a page does to the session must be the same too. */
export async function logIn(clinic: ClinicWithServices, user: string): Promise<Sides> {
  const sides = { legacy: openBrowser(clinic.legacy.url), service: openBrowser(clinic.url) };
  for (const browser of [sides.legacy, sides.service]) {
    const form = await browser.get("/Login.aspx");
    const answer = await browser.submit(form, { fields: { txtUser: user, txtPwd: demoPassword }, press: "btnLogin" });
    expect(answer.location).toBe("/Default.aspx");
  }
  return sides;
}

/** The last one: a web service's description names the address it was asked at. */
const masks: readonly (readonly [RegExp, string])[] = [
  [/(name="__VIEWSTATE" value=")[^"]*/g, "$1"],
  [/(name="__EVENTVALIDATION" value=")[^"]*/g, "$1"],
  [/(name="ctl00\$cph\$hdnTS"[^>]*value=")[^"]*/g, "$1"],
  [/http:\/\/127\.0\.0\.1:\d+/g, "http://here"],
];

export type Seen = {
  readonly status: number;
  readonly location: string;
  readonly contentType: string;
  readonly body: string;
};

export function seen({ status, location, contentType, bytes }: Answered): Seen {
  const body = masks.reduce((text, [pattern, instead]) => text.replaceAll(pattern, instead), bytes.toString("latin1"));
  return { status, location, contentType, body };
}

/** Same answer, and the same current patient afterwards. */
export async function expectSame(
  sides: Sides,
  what: string,
  ask: (browser: Browser) => Promise<Answered>,
): Promise<void> {
  const [legacy, service] = [await ask(sides.legacy), await ask(sides.service)];
  expect(seen(service), what).toEqual(seen(legacy));
  expect(legacy.location, what).not.toContain("Login.aspx");
  expect(sides.service.cookies.get("EHRCtx"), what).toBe(sides.legacy.cookies.get("EHRCtx"));
}

export const sameGet = (sides: Sides, path: string): Promise<void> =>
  expectSame(sides, path, (browser) => browser.get(path));
