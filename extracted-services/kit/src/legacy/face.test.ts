import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { commit, definePolicy, rollBack } from "../index.ts";
import {
  startTestService,
  startTestServices,
  type TestDatabase,
  type TestService,
  type TestServices,
} from "../test-service.ts";
import {
  button,
  createViewStates,
  html,
  type LegacyPage,
  legacyFace,
  openPatient,
  redirect,
  text,
  textBox,
  WebMethodError,
} from "./index.ts";

const policy = definePolicy({
  actions: {
    "note.read": { operation: "R", subtype: "read" },
    "note.open": { operation: "R", subtype: "read" },
    "note.search": { operation: "E", subtype: "search" },
    "note.add": { operation: "C", subtype: "create" },
    "note.feed": { operation: "R", subtype: "feed" },
    "note.describe": { operation: "E", subtype: "describe", unaudited: true },
  },
  rules: [
    { id: "N1", who: ["FDSK", "NURS", "PHYS", "LABT", "BILL", "RPTS", "ADMN"], may: ["note.read"], why: "tests" },
    { id: "N2", who: ["FDSK", "ADMN"], may: ["note.add", "note.open", "note.search", "note.describe"], why: "tests" },
    {
      id: "N3",
      who: ["FDSK", "NURS", "PHYS", "LABT", "BILL", "RPTS", "ADMN", "anonymous"],
      may: ["note.feed"],
      why: "tests",
    },
  ],
});

type Store = { patient(id: number): Promise<{ id: number; name: string; restricted: boolean } | undefined> };
const names = new Map([
  [7, { id: 7, name: "ROE", restricted: false }],
  [8, { id: 8, name: "DOE", restricted: true }],
]);

const writers = ["FDSK", "ADMN"] as const;
const pages: readonly LegacyPage<Store>[] = [
  {
    path: "/Notes/View.aspx",
    module: "clin",
    kind: "html",
    access: "staff",
    does: { get: "note.read" },
    async get(ctx) {
      const find = async (pid: number) => {
        const row = await ctx.store.patient(pid);
        return row && { ...row, RstrYN: row.restricted ? "Y" : "N", DelYN: "N", MrgToPat: null, site: "MAIN" };
      };
      const opened = await openPatient(ctx, find, { action: "note.read" });
      return opened.kind === "answer"
        ? opened.answer
        : ctx.page({ title: "Note", body: html`about ${opened.patient.name}` });
    },
  },
  {
    path: "/Notes/Edit.aspx",
    module: "clin",
    kind: "html",
    access: writers,
    does: { get: "note.search", post: "note.add" },
    get: async (ctx) =>
      ctx.page({
        title: "Edit",
        body: ctx.form(html`${textBox("txtNote", "")}${button("btnSave", "Save")}`, { state: { page: "2" } }),
      }),
    async post(ctx) {
      const word = ctx.field("txtNote");
      const written = await ctx.write(async (tx) => {
        tx.require({ action: "note.add" });
        if (word === "taken") return rollBack("SLOT TAKEN", "taken");
        tx.changed({ table: "NOTE", key: { Id: 1 }, old: null, new: { Id: 1 } });
        return commit({ id: await tx.nextId("note") });
      });
      if (written.kind === "rolled-back") return ctx.page({ title: "Edit", error: written.value, body: html`` });
      ctx.setCurrent(7, written.value.id);
      ctx.session.BtgPat = 7;
      return redirect(`/Notes/View.aspx?id=${written.value.id}&page=${ctx.viewState["page"]}`);
    },
  },
  {
    path: "/Services/NoteService.asmx",
    module: "clin",
    kind: "asmx",
    access: writers,
    does: { get: "note.describe", methods: { Find: "note.search", Fail: "note.search", Read: "note.open" } },
    service: {
      name: "NoteService",
      methods: {
        Find: { params: {}, result: { listOf: "string" }, run: async () => ["ROE"] },
        Fail: {
          params: {},
          result: "string",
          run: async () => {
            throw new WebMethodError("SLOT TAKEN");
          },
        },
        Read: {
          params: { pid: "int" },
          result: "string",
          async run(ctx, { args }) {
            const id = args.int("pid");
            await ctx.authorise({ action: "note.open", patient: { id, restricted: id === 8 } });
            return "in";
          },
        },
      },
    },
  },
  {
    path: "/Handlers/NoteFeed.ashx",
    module: "clin",
    kind: "ashx",
    access: "anonymous",
    does: { get: "note.feed" },
    get: async (ctx) => text(ctx.userIfAny?.usrId ?? "nobody"),
  },
  {
    path: "/Notes/Crash.aspx",
    module: "clin",
    kind: "html",
    access: "staff",
    does: { get: "note.read" },
    get: () => Promise.reject(new Error("CANARY")),
  },
];

const machineKey = "machine key of the tests";
const face = (given: readonly LegacyPage<Store>[]) =>
  legacyFace<Store>({
    pages: given,
    machineKey,
    store: () => ({ patient: async (id) => names.get(id) }),
    banner: async (store, patNo) => {
      const row = await store.patient(patNo);
      return row && { MRN: "1", LName: row.name, FName: "X", MI: "", DOB: new Date(0), Sex: "F", allergies: ["LATEX"] };
    },
  });

let services: TestServices;
let database: TestDatabase;
let service: TestService;
beforeAll(async () => {
  services = await startTestServices();
  database = await services.database("notes");
  await database.open("note", 1);
  await database.reserveIds("note", 500, 599);
  service = await startTestService({
    name: "notes",
    module: "note",
    version: "1",
    policy,
    faces: [face(pages)],
    databaseUrl: database.url,
  });
});
afterAll(async () => {
  await service?.stop();
  await services?.stop();
});

const audited = async () =>
  (await database.owner("kit.audit_event").orderBy("seq").select("event")).map(
    ({ event }: { event: Record<string, unknown> }) => event,
  );
const form = { "content-type": "application/x-www-form-urlencoded" };
const script = { "content-type": "application/json; charset=utf-8" };
const posted = (fields: Record<string, string>, path = "/Notes/Edit.aspx") => {
  const issued = createViewStates(machineKey).issue(path, { page: "2" });
  return {
    method: "POST",
    headers: form,
    body: new URLSearchParams({ __VIEWSTATE: issued.viewState, ...fields }),
  };
};

describe("identity", () => {
  test("without a token a page goes to the log-in as the monolith's does, and a script gets 401; both are audited", async () => {
    const page = await service.send("/notes/EDIT.aspx?a=1&b=2/3", null);
    expect([page.status, page.headers.get("location")]).toEqual([
      302,
      "/Login.aspx?ReturnUrl=%2fnotes%2fEDIT.aspx%3fa%3d1%26b%3d2%2f3&a=1&b=2/3",
    ]);
    const called = await service.send("/Services/NoteService.asmx/Find", null, {
      method: "POST",
      headers: script,
      body: "{}",
    });
    expect([called.status, called.headers.get("jsonerror")]).toEqual([401, "true"]);
    expect(await called.json()).toMatchObject({ Message: "Authentication failed.", StackTrace: null });
    expect((await audited()).slice(-2)).toMatchObject([{ rule: "deny:anonymous" }, { rule: "deny:anonymous" }]);
  });

  test("the wrong role goes to NoAccess, and so does whoever is no member of staff to the log-in", async () => {
    const nurse = await service.send("/Notes/Edit.aspx", { role: "NURS" });
    expect([nurse.status, nurse.headers.get("location")]).toEqual([302, "/NoAccess.aspx?p=%2fNotes%2fEdit.aspx"]);
    expect((await audited()).at(-1)).toMatchObject({ rule: "deny:role", agent: { role: "NURS" } });
    for (const kind of ["portal", "interface"] as const) {
      const other = await service.send("/Notes/Edit.aspx", { kind });
      expect(other.headers.get("location")).toMatch(/^\/Login\.aspx\?/);
    }
  });

  test("a keyed page takes anybody and knows a member of staff", async () => {
    expect(await (await service.send("/Handlers/NoteFeed.ashx", null)).text()).toBe("nobody");
    expect(await (await service.send("/handlers/notefeed.ASHX", { sub: "NURSE1" })).text()).toBe("NURSE1");
  });

  test("a token that is not good is refused with a page, and for a script in JSON", async () => {
    const page = await service.send("/Notes/Edit.aspx", null, { token: "no.token.at-all" });
    expect([page.status, page.headers.get("x-banyan-refusal")]).toEqual([401, "identity-refused"]);
    expect(page.headers.get("content-type")).toBe("text/html");
    const called = await service.send("/Services/NoteService.asmx/Find", null, {
      method: "POST",
      headers: script,
      token: "no.token",
    });
    expect(await called.json()).toMatchObject({ Message: "The identity token is not accepted." });
  });
});

describe("a page", () => {
  test("looks as the monolith's: its headers, its chrome, the current patient's banner", async () => {
    const answer = await service.send("/Notes/Edit.aspx", { name: "DESK, ANNA", pat: 7 });
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      server: "Microsoft-IIS/7.0",
      "x-aspnet-version": "2.0.50727",
      "cache-control": "private",
      "content-type": "text/html; charset=utf-8",
    });
    const page = await answer.text();
    expect(page).toContain("DESK, ANNA (FDSK) | MAIN");
    expect(page).toContain('<span class="nm">ROE, X</span>');
    expect(page).toContain('<span class="alg">LATEX</span>');
    expect(await (await service.send("/Notes/Edit.aspx", { pat: 99 })).text()).not.toContain("tblPat");
  });

  test("that opens a patient is decided and audited for that patient, and tells the legacy session", async () => {
    const answer = await service.send("/Notes/View.aspx?pid=7", { pat: 99, enc: 4 });
    expect(await answer.text()).toContain("about ROE");
    expect(answer.headers.get("x-banyan-current-patient")).toBe("7");
    expect(answer.headers.get("x-banyan-current-encounter")).toBe("none");
    expect(answer.headers.getSetCookie()).toEqual(["EHRCtx=pid=7; path=/"]);
    expect((await audited()).at(-1)).toMatchObject({ patient: "7", rule: "N1", subtype: "read" });
    const again = await service.send("/Notes/View.aspx", { pat: 7, enc: 4 });
    expect(again.headers.get("x-banyan-current-patient")).toBeNull();
    expect(again.headers.getSetCookie()).toEqual(["EHRCtx=pid=7&enc=4; path=/"]);
  });

  test("about a restricted record leads to break-glass and leaves the current patient as it was", async () => {
    const answer = await service.send("/Notes/View.aspx?pid=8&x=1", {});
    expect([answer.status, answer.headers.get("location")]).toEqual([
      302,
      "/Patient/BreakGlass.aspx?pid=8&ReturnUrl=%2fNotes%2fView.aspx%3fpid%3d8%26x%3d1",
    ]);
    expect(answer.headers.get("x-banyan-current-patient")).toBeNull();
    expect((await audited()).at(-1)).toMatchObject({ patient: "8", rule: "deny:restricted" });
    const opened = await service.send("/Notes/View.aspx?pid=8", { btg: 8 });
    expect(opened.status).toBe(200);
    expect((await audited()).at(-1)).toMatchObject({ breakGlass: "8", agent: { purposeOfUse: "ETREAT" } });
  });

  test("that asked nothing itself is asked for before its answer goes out", async () => {
    await service.send("/Notes/Edit.aspx", {});
    expect((await audited()).at(-1)).toMatchObject({ rule: "N2", subtype: "search", patient: null });
    await service.send("/Notes/View.aspx?pid=12345", {});
    expect((await audited()).at(-1)).toMatchObject({ rule: "N1", patient: null });
  });

  test("that crashes is a yellow page without what the error said", async () => {
    const answer = await service.send("/Notes/Crash.aspx", {});
    const page = await answer.text();
    expect([answer.status, page.includes("Runtime Error"), page.includes("CANARY")]).toEqual([500, true, false]);
  });

  test("that nobody has is left to the shell", async () => {
    expect((await service.send("/Notes/Unknown.aspx", {})).status).toBe(404);
  });
});

describe("a post-back", () => {
  test("of a form that the monolith rendered is taken, written, and tells the legacy session", async () => {
    const answer = await service.send("/Notes/Edit.aspx", {}, posted({ ctl00$cph$txtNote: "x" }));
    const id = /id=(\d+)&page=2$/.exec(answer.headers.get("location") ?? "")?.[1];
    expect([answer.status, Number(id) >= 500]).toEqual([302, true]);
    expect(answer.headers.get("x-banyan-current-patient")).toBe("7");
    expect(answer.headers.get("x-banyan-current-encounter")).toBe(id);
    expect(answer.headers.get("x-banyan-break-glass-patient")).toBe("7");
    expect(await database.owner("kit.outbox").count()).toEqual([{ count: "1" }]);
  });

  test("the domain refuses is undone and comes back with its red line", async () => {
    const before = await database.owner("kit.outbox").count();
    const answer = await service.send("/Notes/Edit.aspx", {}, posted({ ctl00$cph$txtNote: "taken" }));
    expect([answer.status, (await answer.text()).includes(">SLOT TAKEN<")]).toEqual([200, true]);
    expect(await database.owner("kit.outbox").count()).toEqual(before);
  });

  test("with a forged view state is the yellow page, and nothing is written", async () => {
    const answer = await service.send("/Notes/Edit.aspx", {}, posted({ __VIEWSTATE: "AAAA" }));
    expect([answer.status, (await answer.text()).includes("Validation of viewstate MAC failed.")]).toEqual([500, true]);
  });

  test("while the module belongs to legacy is 503 with the time to come again", async () => {
    const answer = await service.send("/Notes/Edit.aspx", { epoch: 0 }, posted({ ctl00$cph$txtNote: "x" }));
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(answer.headers.get("x-banyan-refusal")).toBe("epoch-old");
  });

  test("longer than ASP.NET took is its 500 page", async () => {
    const answer = await service.send(
      "/Notes/Edit.aspx",
      {},
      { method: "POST", headers: form, body: "x".repeat(4194305) },
    );
    expect([answer.status, (await answer.text()).includes("Maximum request length exceeded.")]).toEqual([500, true]);
  });

  test("as a dry run of a shadow leaves nothing and changes no session", async () => {
    const before = await database.owner("kit.outbox").count();
    const request = { ...posted({ ctl00$cph$txtNote: "x" }), dryRun: true };
    const answer = await service.send("/Notes/Edit.aspx", {}, request);
    expect([answer.status, answer.headers.get("x-banyan-current-patient")]).toEqual([302, null]);
    expect(await database.owner("kit.outbox").count()).toEqual(before);
  });
});

describe("a web service", () => {
  const call = (method: string, body: object) =>
    service.send(
      `/Services/NoteService.asmx/${method}`,
      {},
      { method: "POST", headers: script, body: JSON.stringify(body) },
    );

  test("is asked for by method, also when the method fails", async () => {
    expect(await (await call("Find", {})).json()).toEqual({ d: ["ROE"] });
    expect((await audited()).at(-1)).toMatchObject({ subtype: "search", outcome: 0 });
    const before = (await audited()).length;
    expect((await call("Fail", {})).status).toBe(500);
    expect((await audited()).length).toBe(before + 1);
  });

  test("that is denied one record says so in JSON", async () => {
    expect((await call("Read", { pid: 7 })).status).toBe(200);
    const denied = await call("Read", { pid: 8 });
    expect([denied.status, await denied.json()]).toMatchObject([500, { Message: "Access is denied." }]);
  });

  test("describes itself without a row in the audit", async () => {
    const before = (await audited()).length;
    expect(await (await service.send("/Services/NoteService.asmx?WSDL", {})).text()).toContain("NoteServiceSoap");
    expect((await service.send("/services/noteservice.asmx/js", {})).status).toBe(200);
    expect((await audited()).length).toBe(before);
  });
});

describe("at start", () => {
  const open = (given: readonly LegacyPage<Store>[]) =>
    Promise.resolve().then(() => face(given).open({ ...service.context, policy }));

  test("a page without an action, or whose roles differ from the policy's, is refused by name", async () => {
    const [first] = pages;
    if (!first) throw new Error("no page");
    await expect(open([{ ...first, does: {} }])).rejects.toThrow("/Notes/View.aspx names no action for GET");
    await expect(open([{ ...first, access: ["FDSK"] }])).rejects.toThrow(
      "/Notes/View.aspx and the policy differ about NURS and note.read",
    );
    await expect(open([{ ...first, access: "anonymous" }])).rejects.toThrow("callers without an identity");
  });
});
