import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type AsmxService, WebMethodError } from "./asmx-service.ts";
import { as, Busy, startApplication, type TestApplication } from "./test-application.ts";

const service: AsmxService = {
  name: "TestService",
  methods: {
    Find: {
      params: { prefix: "string", maxRows: "int" },
      result: {
        listOf: { name: "Row", fields: { No: "int", Name: "string", DOB: "datetime", Bal: "money", Ok: "boolean" } },
      },
      run: async (_ctx, { args }) =>
        Array.from({ length: args.int("maxRows") }, (_, index) => ({
          No: index + 1,
          Name: `${args.string("prefix")}'<b>&`,
          DOB: new Date(Date.UTC(2008, 10, 8, 9, 0)),
          Bal: "-12.5000",
          Ok: index === 0,
        })),
    },
    Refuse: {
      params: {},
      result: "string",
      run: async () => {
        throw new WebMethodError("SLOT TAKEN", "System.Data.SqlClient.SqlException");
      },
    },
    Wait: {
      params: {},
      result: "string",
      run: async () => {
        throw new Busy();
      },
    },
    Crash: {
      params: {},
      result: "string",
      run: async () => {
        throw new Error("CANARY");
      },
    },
  },
};

let app: TestApplication;
const staff = as("FRONT1");
beforeAll(async () => {
  app = await startApplication([
    { path: "/Services/TestService.asmx", module: "patient", kind: "asmx", access: "staff", service },
  ]);
});
afterAll(() => app.close());

const json = { "content-type": "application/json; charset=utf-8" };
const call = (method: string, body: string, headers: Record<string, string> = staff) =>
  app.post(`/Services/TestService.asmx/${method}`, body, { ...json, ...headers });

describe("JSON face", () => {
  test("wraps the result in d, dates as escaped UTC milliseconds of the local time, money as number", async () => {
    const reply = await call("Find", '{"prefix":"É","maxRows":1}');
    expect(reply.status).toBe(200);
    expect(reply.headers.get("content-type")).toBe("application/json; charset=utf-8");
    // 9:00 in New York on 8 November 2008 is 14:00 UTC.
    expect(reply.text).toBe(
      `{"d":[{"No":1,"Name":"É\\u0027\\u003cb\\u003e&","DOB":"\\/Date(${Date.UTC(2008, 10, 8, 14)})\\/","Bal":-12.5000,"Ok":true}]}`,
    );
    expect(JSON.parse(reply.text)).toMatchObject({ d: [{ Name: "É'<b>&", Bal: -12.5 }] });
  });

  test("without a ticket is 401 in its own words", async () => {
    const reply = await call("Find", "{}", {});
    expect(reply.status).toBe(401);
    expect(reply.headers.get("jsonerror")).toBe("true");
    expect(reply.text).toBe(
      '{"Message":"Authentication failed.","StackTrace":null,"ExceptionType":"System.InvalidOperationException"}',
    );
  });

  test("a business error is 500 with message and type", async () => {
    const reply = await call("Refuse", "{}");
    expect(reply.status).toBe(500);
    expect(JSON.parse(reply.text)).toMatchObject({
      Message: "SLOT TAKEN",
      ExceptionType: "System.Data.SqlClient.SqlException",
    });
  });

  test("a crash says nothing of its cause, to the caller or the log", async () => {
    const reply = await call("Crash", "{}");
    expect([reply.status, JSON.parse(reply.text).Message]).toEqual([500, "There was an error processing the request."]);
    expect(reply.text).not.toContain("CANARY");
    expect(app.crashes.at(-1)).toMatchObject({ route: "/Services/TestService.asmx", method: "POST" });
  });

  test("an error the host has an answer for is answered so, in every face", async () => {
    const script = await call("Wait", "{}");
    expect([script.status, script.text]).toEqual([503, '"busy"']);
    const page = await app.post("/Services/TestService.asmx", envelope("<Wait/>"), { ...soap, ...staff });
    expect([page.status, page.text]).toEqual([503, "busy"]);
  });

  test("bad calls are 500 as ASP.NET words them", async () => {
    const message = async (method: string, body: string) =>
      JSON.parse((await call(method, body)).text).Message as string;
    expect(await message("Find", '{"prefix":"A"}')).toBe(
      "Invalid web service call, missing value for parameter: 'maxRows'.",
    );
    expect(await message("Find", '{"prefix":"A","maxRows":"x"}')).toBe(
      "Cannot convert the given value to type 'System.Int32'",
    );
    expect(await message("Find", '{"prefix":{},"maxRows":1}')).toBe(
      "Cannot convert the given value to type 'System.String'",
    );
    for (const body of ["{", "[1]", "null", '"x"'])
      expect(await message("Find", body)).toMatch(/^Invalid JSON primitive/);
    expect(await message("constructor", "{}")).toMatch(/^Unknown web method constructor/);
  });

  test("another content type is refused in plain text", async () => {
    const reply = await app.post("/Services/TestService.asmx/Find", "prefix=A", staff);
    expect([reply.status, reply.headers.get("content-type")]).toEqual([500, "text/plain; charset=utf-8"]);
    expect(reply.text).toContain("Request format is invalid: application/x-www-form-urlencoded.");
  });

  test("a GET of a method is a yellow page", async () => {
    expect((await app.get("/Services/TestService.asmx/Find?prefix=A", staff)).text).toContain(
      "Request format is unrecognized",
    );
  });
});

const soap = { "content-type": "text/xml; charset=utf-8" };
const envelope = (body: string) =>
  `<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>${body}</soap:Body></soap:Envelope>`;

describe("SOAP 1.1 face", () => {
  test("answers the same method, dates without offset, money as decimal", async () => {
    const reply = await app.post(
      "/services/testservice.asmx",
      envelope('<Find xmlns="http://tempuri.org/"><prefix>A&amp;B</prefix><maxRows>1</maxRows></Find>'),
      { ...soap, ...staff, soapaction: '"http://tempuri.org/Find"' },
    );
    expect([reply.status, reply.headers.get("content-type")]).toEqual([200, "text/xml; charset=utf-8"]);
    expect(reply.text).toContain(
      '<FindResponse xmlns="http://tempuri.org/"><FindResult><Row><No>1</No><Name>A&amp;B\'&lt;b&gt;&amp;</Name><DOB>2008-11-08T09:00:00</DOB><Bal>-12.5000</Bal><Ok>true</Ok></Row></FindResult></FindResponse>',
    );
  });

  test("errors are faults with status 500", async () => {
    const send = (body: string) => app.post("/Services/TestService.asmx", body, { ...soap, ...staff });
    const refused = await send(envelope("<Refuse/>"));
    expect([refused.status, refused.text.includes("---&gt; SLOT TAKEN</faultstring>")]).toEqual([500, true]);
    expect((await send(envelope("<Unknown/>"))).text).toContain("SOAPAction");
    for (const broken of [
      "",
      "<a>",
      envelope("<a").slice(0, 90),
      "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>",
    ]) {
      expect((await send(broken)).text).toContain("There is an error in XML document.");
    }
  });

  test("without a ticket goes to the log-in as a page does", async () => {
    expect((await app.post("/Services/TestService.asmx", envelope("<Refuse/>"), soap)).status).toBe(302);
  });

  test("wsdl names every operation, js is a client proxy, a browser sees the list", async () => {
    const wsdl = await app.get("/Services/TestService.asmx?WSDL", staff);
    expect(wsdl.headers.get("content-type")).toBe("text/xml; charset=utf-8");
    for (const name of ["Find", "Refuse", "Crash"]) expect(wsdl.text).toContain(`<wsdl:operation name="${name}">`);
    expect((await app.get("/Services/TestService.asmx/js", staff)).text).toContain(
      "Find:function(prefix,maxRows,succeededCallback,failedCallback,userContext)",
    );
    expect((await app.get("/Services/TestService.asmx", staff)).text).toContain("?op=Find");
  });
});
