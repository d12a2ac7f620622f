import { connect } from "node:net";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { redirect, text } from "./answers.ts";
import { button, textBox } from "./controls.ts";
import { html } from "./html.ts";
import { bodyBytesMax } from "./limits.ts";
import type { Page } from "./page.ts";
import { as, startApplication, type TestApplication } from "./test-application.ts";

const canary = "CANARY-PATIENT-NAME";

const pages: readonly Page[] = [
  {
    path: "/Default.aspx",
    module: "shell",
    kind: "html",
    access: "staff",
    get: async (ctx) => ctx.page({ title: "Home", body: html`hello ${ctx.user.name}` }),
  },
  {
    path: "/Patient/Form.aspx",
    module: "patient",
    kind: "html",
    access: "staff",
    get: async (ctx) =>
      ctx.page({
        title: "Form",
        body: ctx.form(html`${textBox("txtName", ctx.query("n"))}${button("btnSave", "Save")}`, { state: { pg: "2" } }),
      }),
    post: async (ctx) =>
      ctx.hasField("btnSave")
        ? redirect(`/Default.aspx?msg=SAVED&n=${ctx.field("txtName")}&pg=${ctx.viewState["pg"]}`)
        : ctx.page({ title: "Form", error: "Nothing pressed", body: html`` }),
  },
  { path: "/Patient/AdminOnly.aspx", module: "patient", kind: "html", access: ["ADMN"], get: async () => text("in") },
  {
    path: "/Patient/Crash.aspx",
    module: "patient",
    kind: "html",
    access: "anonymous",
    get: async (ctx) => {
      throw new Error(`${canary} ${ctx.queryInt("pid")}`);
    },
  },
  {
    path: "/Handlers/Echo.ashx",
    module: "interface",
    kind: "ashx",
    access: "anonymous",
    post: async (ctx) => text(String(ctx.rawBody.length)),
  },
  {
    path: "/Handlers/Address.ashx",
    module: "patient",
    kind: "ashx",
    access: "staff",
    get: async (ctx) => text(ctx.ipAddress),
  },
  {
    path: "/Portal/Mine.aspx",
    module: "portal",
    kind: "html",
    access: "portal",
    get: async (ctx) => ctx.page({ title: "Mine", body: html`${ctx.portal.patNo}` }),
  },
  { path: "/Sched/PostOnly.aspx", module: "sched", kind: "html", access: "staff", post: async () => text("posted") },
];

let app: TestApplication;
const staff = as("FRONT1");

beforeAll(async () => {
  app = await startApplication(pages);
});
afterAll(() => app.close());

const hiddenField = (page: string, name: string): string =>
  new RegExp(`name="${name}"[^>]* value="([^"]*)"`).exec(page)?.[1] ?? "";

const formBody = (page: string, more: Record<string, string>): string =>
  new URLSearchParams({
    __VIEWSTATE: hiddenField(page, "__VIEWSTATE"),
    __EVENTVALIDATION: hiddenField(page, "__EVENTVALIDATION"),
    ...more,
  }).toString();

describe("the shell", () => {
  test("looks like IIS 7 with ASP.NET 2.0", async () => {
    const reply = await app.get("/", staff);
    expect(reply.status).toBe(200);
    expect(reply.text).toContain("hello DESK, ANNA");
    expect(Object.fromEntries(reply.headers)).toMatchObject({
      server: "Microsoft-IIS/7.0",
      "x-aspnet-version": "2.0.50727",
      "x-powered-by": "ASP.NET",
      "cache-control": "private",
      "content-type": "text/html; charset=utf-8",
    });
  });

  test("takes paths and query names in any case", async () => {
    const reply = await app.get("/PATIENT/form.ASPX?N=x%20y", staff);
    expect(reply.text).toContain('value="x y"');
  });

  test("sends a visitor without a ticket to the log-in, the raw query repeated after the encoded address", async () => {
    const reply = await app.get("/Patient/Form.aspx?pid=1&dt=11/22/2026");
    expect(reply.status).toBe(302);
    expect(reply.headers.get("location")).toBe(
      "/Login.aspx?ReturnUrl=%2fPatient%2fForm.aspx%3fpid%3d1%26dt%3d11%2f22%2f2026&pid=1&dt=11/22/2026",
    );
    expect((await app.get("/Patient/Unknown.aspx")).headers.get("location")).toBe(
      "/Login.aspx?ReturnUrl=%2fPatient%2fUnknown.aspx",
    );
  });

  test("sends the wrong role to NoAccess, never 403", async () => {
    const reply = await app.get("/Patient/AdminOnly.aspx", staff);
    expect([reply.status, reply.headers.get("location")]).toEqual([
      302,
      "/NoAccess.aspx?p=%2fPatient%2fAdminOnly.aspx",
    ]);
    expect((await app.get("/Patient/AdminOnly.aspx", as("ADMIN1"))).text).toBe("in");
  });

  test("answers an unknown page with ASP.NET's 404 and other paths with IIS's", async () => {
    const page = await app.get("/nothing.aspx", staff);
    expect([page.status, page.text.includes("The resource cannot be found.")]).toEqual([404, true]);
    expect((await app.get("/robots.txt", staff)).text).toContain("404 - File or directory not found.");
  });

  test("refuses other verbs with 405", async () => {
    const response = await fetch(`${app.url}/Default.aspx`, { method: "DELETE", headers: staff });
    expect(response.status).toBe(405);
  });

  test("a GET of a page made for POST goes home", async () => {
    expect((await app.get("/Sched/PostOnly.aspx", staff)).headers.get("location")).toBe("/Default.aspx");
  });
});

describe("the host", () => {
  test("is told why a page was refused", async () => {
    const before = app.refusals.length;
    await app.get("/Patient/AdminOnly.aspx");
    await app.get("/Patient/AdminOnly.aspx", as("portal"));
    await app.get("/Patient/AdminOnly.aspx", staff);
    await app.get("/Patient/AdminOnly.aspx", as("ADMIN1"));
    expect(app.refusals.slice(before)).toEqual(["nobody", "nobody", "wrong-role"]);
  });

  test("gives the banner of the session's current patient, on staff pages that are not bare", async () => {
    const page = (await app.get("/", staff)).text;
    expect(page).toContain('<span class="nm">PEÑA, ANN</span>');
    expect(page).toContain("DOB: 11/23/1970 (55 y)");
    expect(page).toContain('Allergies: <span class="alg">PENICILLIN, LATEX</span>');
    expect((await app.get("/Portal/Mine.aspx", as("portal"))).text).not.toContain("PEÑA");
  });

  test("names the proxies whose word about the client's address is taken", async () => {
    const asked = { ...staff, "x-forwarded-for": "203.0.113.9, 127.0.0.1" };
    expect((await app.get("/Handlers/Address.ashx", asked)).text).toBe("127.0.0.1");
    const behind = await startApplication(pages, { trustedProxies: ["127.0.0.1"] });
    expect((await behind.get("/Handlers/Address.ashx", asked)).text).toBe("203.0.113.9");
    expect((await behind.get("/Handlers/Address.ashx", { ...asked, "x-forwarded-for": "<script>" })).text).toBe(
      "127.0.0.1",
    );
    expect((await behind.get("/Handlers/Address.ashx", staff)).text).toBe("127.0.0.1");
    await behind.close();
  });
});

describe("the portal", () => {
  test("has its own log-in, which staff need too", async () => {
    const location = "/Portal/Login.aspx?ReturnUrl=%2fPortal%2fMine.aspx";
    expect((await app.get("/Portal/Mine.aspx")).headers.get("location")).toBe(location);
    expect((await app.get("/Portal/Mine.aspx", staff)).headers.get("location")).toBe(location);
    expect((await app.get("/Portal/Mine.aspx", as("portal"))).text).toContain("MyHealth Patient Portal");
  });
});

describe("post-back", () => {
  test("of a rendered form reaches the handler with controls and state", async () => {
    const page = (await app.get("/Patient/Form.aspx", staff)).text;
    const body = formBody(page, { ctl00$cph$txtName: "Ann", ctl00$cph$btnSave: "Save" });
    const reply = await app.post("/Patient/Form.aspx", body, staff);
    expect([reply.status, reply.headers.get("location")]).toEqual([302, "/Default.aspx?msg=SAVED&n=Ann&pg=2"]);
  });

  test("of a form rendered by another process with the same machine key is taken", async () => {
    const other = await startApplication(pages);
    const page = (await other.get("/Patient/Form.aspx", staff)).text;
    await other.close();
    const reply = await app.post("/Patient/Form.aspx", formBody(page, { ctl00$cph$btnSave: "Save" }), staff);
    expect(reply.status).toBe(302);
  });

  test("without a view state, with another page's or a forged one is a yellow 500 page", async () => {
    const strange = app.viewStates.issue("/Sched/PostOnly.aspx", {}).viewState;
    for (const viewState of ["", "AAAA", strange]) {
      const body = new URLSearchParams({ __VIEWSTATE: viewState, ctl00$cph$btnSave: "Save" }).toString();
      const reply = await app.post("/Patient/Form.aspx", body, staff);
      expect(reply.status).toBe(500);
      expect(reply.text).toContain("Validation of viewstate MAC failed.");
      expect(reply.text).toContain("Server Error in '/' Application.");
    }
  });

  test("with a forged event validation is a yellow 500 page", async () => {
    const page = (await app.get("/Patient/Form.aspx", staff)).text;
    const body = formBody(page, { __EVENTVALIDATION: "/wEWAgL", ctl00$cph$btnSave: "Save" });
    expect((await app.post("/Patient/Form.aspx", body, staff)).text).toContain(
      "Invalid postback or callback argument.",
    );
  });

  test("a validation error is the same page with status 200 and a red label", async () => {
    const page = (await app.get("/Patient/Form.aspx", staff)).text;
    const reply = await app.post("/Patient/Form.aspx", formBody(page, {}), staff);
    expect(reply.status).toBe(200);
    expect(reply.text).toContain('<span id="ctl00_cph_lblErr" class="err" style="color:Red;">Nothing pressed</span>');
  });

  test("the msg code of the redirect shows as a line, an unknown one as nothing", async () => {
    expect((await app.get("/?msg=SAVED", staff)).text).toContain("Changes saved.");
    expect((await app.get("/?MSG=%3Cscript%3E", staff)).text).not.toContain('class="msg"');
  });
});

describe("bad input", () => {
  test("a crash is a yellow 500 page, and the page holds nothing of what the error said", async () => {
    for (const path of ["/Patient/Crash.aspx?pid=1", `/Patient/Crash.aspx?pid=${canary}`]) {
      const reply = await app.get(path);
      expect([reply.status, reply.text.includes("Runtime Error")]).toEqual([500, true]);
      expect(reply.text).not.toContain(canary);
    }
    expect(app.crashes.slice(-2)).toMatchObject([
      { route: "/Patient/Crash.aspx", method: "GET" },
      { route: "/Patient/Crash.aspx", method: "GET" },
    ]);
  });

  test("a body over ASP.NET's bound is 500 Maximum request length exceeded, announced or not", async () => {
    const big = Buffer.alloc(bodyBytesMax + 1, 0x41);
    const reply = await app.post("/Handlers/Echo.ashx", big);
    expect([reply.status, reply.text.includes("Maximum request length exceeded.")]).toEqual([500, true]);
    const chunked = await fetch(`${app.url}/Handlers/Echo.ashx`, {
      method: "POST",
      body: new ReadableStream({
        start(controller) {
          controller.enqueue(new Uint8Array(big));
          controller.close();
        },
      }),
      duplex: "half",
    });
    expect(chunked.status).toBe(500);
    expect((await app.post("/Handlers/Echo.ashx", Buffer.alloc(bodyBytesMax))).text).toBe(String(bodyBytesMax));
  });

  test("a body over IIS's bound is refused unread with 404", async () => {
    const socket = connect(app.port, "127.0.0.1");
    socket.write("POST /Handlers/Echo.ashx HTTP/1.1\r\nHost: x\r\nContent-Length: 30000001\r\n\r\n");
    const [data] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    expect(data.toString("latin1")).toMatch(/^HTTP\/1\.1 404 /);
  });

  test("broken escapes, torn requests and no form at all leave the server standing", async () => {
    for (const path of [
      "/%",
      "/%ff.aspx",
      "/Patient/Form.aspx?%=%&=&&n=%u12",
      "//",
      "/Default.aspx/extra",
      "/?a=%00",
    ]) {
      expect((await app.get(path, staff)).status, path).toBeLessThan(501);
    }
    for (const type of ["multipart/form-data; boundary=x", "text/plain", "application/json"]) {
      expect((await app.post("/Patient/Form.aspx", "--x", { ...staff, "content-type": type })).status).toBe(500);
    }
    const socket = connect(app.port, "127.0.0.1");
    socket.write("POST /Handlers/Echo.ashx HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc", () =>
      socket.destroy(),
    );
    await once(socket, "close");
    expect((await app.post("/Handlers/Echo.ashx", "four")).text).toBe("4");
  });
});
