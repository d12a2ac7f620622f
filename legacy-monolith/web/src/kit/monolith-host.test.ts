import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ApplicationUnderTest, machineKey, startApplication } from "./application-under-test.ts";
import { html, redirect } from "./index.ts";
import type { Page } from "./page.ts";

const canary = "CANARY-PATIENT-NAME";

const pages: readonly Page[] = [
  {
    path: "/Default.aspx",
    module: "shell",
    kind: "html",
    access: "staff",
    get: async (ctx) => {
      const seen = ctx.session.bag.get("seen") ?? "";
      ctx.session.bag.set("seen", `${seen}+`);
      return ctx.page({ title: "Home", body: html`hello ${ctx.user.name} ${ctx.user.locCd} seen:${seen}` });
    },
  },
  {
    path: "/Patient/Form.aspx",
    module: "patient",
    kind: "html",
    access: "staff",
    get: async (ctx) => ctx.page({ title: "Form", body: ctx.form(html``) }),
    post: async () => redirect("/Default.aspx"),
  },
  {
    path: "/Patient/Crash.aspx",
    module: "patient",
    kind: "html",
    access: "anonymous",
    get: () => Promise.reject(new Error(canary)),
  },
];

let app: ApplicationUnderTest;
let staff: { cookie: string };

beforeAll(async () => {
  app = await startApplication(pages);
  staff = { cookie: app.cookie("FRONT1") };
});
afterAll(() => app.close());

describe("the monolith", () => {
  test("knows the user of a ticket and starts a session for the rest of the visit", async () => {
    const first = await app.get("/", staff);
    expect(first.text).toContain("hello DESK, ANNA MAIN seen:\n");
    const [made = ""] = first.headers.getSetCookie();
    expect(made).toMatch(/^ASP\.NET_SessionId=[a-z0-5]{24}; path=\/; HttpOnly$/);
    const second = await app.get("/", { cookie: `${staff.cookie}; ${made.split(";")[0]}` });
    expect(second.text).toContain("seen:+\n");
    expect(second.headers.getSetCookie()).toEqual([]);
  });

  test("empties a session that comes with another user's ticket", async () => {
    const [made = ""] = (await app.get("/", staff)).headers.getSetCookie();
    const other = await app.get("/", { cookie: `${app.cookie("ADMIN1")}; ${made.split(";")[0]}` });
    expect(other.text).toContain("hello ADMIN, BO EAST seen:\n");
  });

  test("knows nobody behind a ticket whose user is gone, nor behind odd cookies", async () => {
    expect((await app.get("/", { cookie: app.cookie("GONE") })).status).toBe(302);
    for (const cookie of [";;=;", ".EHRAUTH=00", "ASP.NET_SessionId=../..; .EHRAUTH", `.EHRAUTH=${"A".repeat(3000)}`]) {
      expect((await app.get("/", { cookie })).status, cookie.slice(0, 20)).toBe(302);
    }
  });

  test("renews a ticket in the second half of its life", async () => {
    const own = await startApplication(pages);
    const cookie = own.cookie("FRONT1");
    own.clock.advance(9 * 60_000);
    const renewed = (reply: { headers: Headers }) =>
      reply.headers.getSetCookie().some((one) => one.startsWith(".EHRAUTH="));
    expect(renewed(await own.get("/", { cookie }))).toBe(false);
    own.clock.advance(2 * 60_000);
    expect(renewed(await own.get("/", { cookie }))).toBe(true);
    own.clock.advance(10 * 60_000);
    expect((await own.get("/", { cookie })).status).toBe(302);
    await own.close();
  });

  test("takes tickets and forms of another process with the same machine key", async () => {
    const other = await startApplication(pages, machineKey);
    const page = (await other.get("/Patient/Form.aspx", staff)).text;
    await other.close();
    const viewState = /name="__VIEWSTATE" value="([^"]*)"/.exec(page)?.[1] ?? "";
    const reply = await app.post(
      "/Patient/Form.aspx",
      new URLSearchParams({ __VIEWSTATE: viewState }).toString(),
      staff,
    );
    expect(reply.status).toBe(302);
  });

  test("logs a crash by page and kind, never with what the error said", async () => {
    expect((await app.get("/Patient/Crash.aspx")).status).toBe(500);
    expect(app.log()).toContain('"route":"/Patient/Crash.aspx"');
    expect(app.log()).not.toContain(canary);
  });
});
