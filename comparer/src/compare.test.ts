import { gzipSync } from "node:zlib";
import iconv from "iconv-lite";
import { describe, expect, test } from "vitest";
import { compareAnswers } from "./compare.ts";
import { defaultBudget } from "./limits.ts";
import { answerOf, compare, findings, html, json, rulesOf, xml } from "./test-answers.ts";

describe("JSON", () => {
  test.each([
    ["a missing member", { a: 1, b: 2 }, { a: 1 }, ["json $.b missing none"]],
    ["an extra member that says nothing", { a: 1 }, { a: 1, b: null }, ["json $.b extra null-absent-empty"]],
    ["a number written as text", { a: 1 }, { a: "1" }, ["json $.a type string-number"]],
    ["null for an empty text", { a: null }, { a: "" }, ["json $.a type null-absent-empty"]],
    ["a list for an object", { a: [] }, { a: {} }, ["json $.a type null-absent-empty"]],
    ["items in another order", [1, 2, 3], [1, 3, 2], ["json $ order order"]],
    ["an item less", ["x", "y", "z"], ["x", "z"], ["json $[] missing none"]],
    ["an equal item once more", ["x", "x"], ["x", "x", "x"], ["json $[] extra none"]],
    [
      "names that are data",
      { 1001: 1, "Smith, Ann": 2 },
      { 1001: 2, "Smith, Ann": 3 },
      ["json $.* value other", "json $.N value other"],
    ],
  ])("names %s", async (_name, left, right, expected) => {
    expect(await findings(json(left), json(right))).toEqual(expected);
  });

  test("matches items by a key both lists have, and shows it in the exact path only", async () => {
    const rows = (...names: string[]) => json(names.map((Name, index) => ({ PatNo: 1000 + index, Sex: "F", Name })));
    const verdict = await compare(rows("ANN", "BEA", "CAT"), rows("ANN", "BEATRICE", "CAT"));
    expect(verdict).toMatchObject({
      differences: [
        {
          finding: { path: "$[].Name", transform: "truncation" },
          values: { path: "$[PatNo=1001].Name", left: "BEA", right: "BEATRICE" },
        },
      ],
    });
  });

  test("matches items by a declared key even where another one looks better", async () => {
    const left = json([
      { id: 1, slot: "a", v: 1 },
      { id: 2, slot: "b", v: 2 },
    ]);
    const right = json([
      { id: 2, slot: "a", v: 1 },
      { id: 1, slot: "b", v: 2 },
    ]);
    const rules = rulesOf("arrays: [{ channel: json, path: $, key: slot }]");
    expect(await findings(left, right, rules)).toEqual(["json $[].id value other", "json $[].id value other"]);
  });

  test("sees which item changed its key instead of calling it another item", async () => {
    const rows = (second: number) =>
      json([
        { PatNo: 5001, Name: "ANN" },
        { PatNo: second, Name: "BEA" },
        { PatNo: 5003, Name: "CAT" },
      ]);
    expect(await findings(rows(5002), rows(5009))).toEqual(["json $[].PatNo value identifier"]);
  });

  test("that cannot be read on one side is malformed; on both it is compared as text", async () => {
    expect(await findings(json("{}"), json("{"))).toEqual(["json document malformed other"]);
    expect(await findings(json("{ a"), json("{ a"))).toEqual(["match"]);
    expect(await findings(json("{ a"), json("{ b"))).toEqual(["text line[] value other"]);
  });
});

describe("HTML", () => {
  test("is compared without regard to blanks, comments, spelling of tags and order of attributes", async () => {
    const left = html('<p class="b a" id="x">One <b>two</b></p>\n<p>3</p>');
    const right = html('<P id=x class="a  b"> One <b>two</b>\n</P><!-- new --><p>3</p>');
    expect(await findings(left, right)).toEqual(["match"]);
  });

  test("keeps a blank that separates words, and the blanks of preformatted text", async () => {
    expect(await findings(html("<p>5 <b>mg</b></p>"), html("<p>5<b>mg</b></p>"))).toEqual(["html p value padding"]);
    expect(await findings(html("<pre>a\n b</pre>"), html("<pre>a b</pre>"))).toEqual(["html pre value padding"]);
  });

  test("names controls by form and name, and reports a lost one once", async () => {
    const form = (inner: string) => html(`<form id="f" action="/a">${inner}<input name="b" value="2"></form>`);
    expect(await findings(form('<input name="a" value="1">'), form(""))).toEqual(["form form#f/a missing none"]);
    expect(await findings(form('<input name="a" value="1">'), form('<input name="a" value="">'))).toEqual([
      "form form#f/a/@value value blanked",
    ]);
  });

  test("names cells by table and declared heading; a heading that is not declared may be somebody's name", async () => {
    const table = (heading: string, cell: string) =>
      html(`<table id="t"><tr><th>${heading}</th></tr><tr><td>${cell}</td></tr></table>`);
    const rules = rulesOf("words: [Result]");
    expect(await findings(table("Result", "5.1"), table("Result", "5"), rules)).toEqual([
      "table table#t[]/Result value rounding",
    ]);
    expect(await findings(table("REYES, ANA", "5.1"), table("REYES, ANA", "5"), rules)).toEqual([
      "table table#t[]/* value rounding",
    ]);
  });

  test("names a lost column once, not once a row", async () => {
    const table = (columns: readonly string[]) => {
      const row = (tag: string) => `<tr>${columns.map((one) => `<${tag}>${one}</${tag}>`).join("")}</tr>`;
      return html(`<table id="t">${row("th")}${row("td")}${row("td")}</table>`);
    };
    expect(await findings(table(["a", "b"]), table(["a"]))).toEqual(["table table#t/columns/* missing none"]);
  });

  test("sees a table that moved to another heading", async () => {
    const table = '<table id="t"><tr><th>h</th></tr></table>';
    const page = (first: string, second: string) => html(`<div><h1>A</h1>${first}</div><div><h1>B</h1>${second}</div>`);
    expect((await compare(page(table, ""), page("", table))).verdict).toBe("different");
  });
});

describe("XML", () => {
  test("is similar when only the order or the prefixes differ, and says so", async () => {
    const left = xml('<a xmlns:p="urn:x"><p:b>1</p:b><p:c>2</p:c></a>');
    expect(await compare(left, xml('<a xmlns:q="urn:x"><q:c>2</q:c><q:b>1</q:b></a>'))).toMatchObject({
      level: "similar",
    });
    expect(await compare(left, xml('<a xmlns:p="urn:y"><p:b>1</p:b><p:c>2</p:c></a>'))).toMatchObject({
      level: "different",
    });
    expect(
      await findings(
        left,
        xml('<?xml version="1.0"?>\n<a xmlns:p="urn:x">\n <p:b>1</p:b>\n <p:c><![CDATA[2]]></p:c>\n</a>'),
      ),
    ).toEqual(["match"]);
  });

  test("tells blanks that are a value from blanks that are layout", async () => {
    expect(await findings(xml("<a><b> </b></a>"), xml("<a><b/></a>"))).toEqual(["xml a/b missing null-absent-empty"]);
  });
});

describe("everything around the body", () => {
  test("is compared, and other headers are not", async () => {
    const left = answerOf("text/plain", "OK", {
      headers: [
        ["Cache-Control", "private"],
        ["Server", "a"],
        ["Set-Cookie", "s=1; path=/; HttpOnly"],
      ],
    });
    const right = answerOf("text/plain", "OK", {
      headers: [
        ["server", "b"],
        ["set-cookie", "s=2; Path=/p; Secure"],
      ],
    });
    expect(await findings(left, right)).toEqual([
      "cookie s/http-only value other",
      "cookie s/path value other",
      "cookie s/secure value other",
      "header cache-control missing none",
    ]);
  });

  test("names the parameter of a redirect, its order and its form", async () => {
    const to = (location: string) => answerOf("text/html", "", { status: 302, headers: [["Location", location]] });
    expect(await findings(to("/a.aspx?pid=1001&msg=X"), to("/a.aspx?pid=1002&msg=X"))).toEqual([
      "redirect parameters/?pid value identifier",
    ]);
    expect(await findings(to("/a.aspx?pid=1&msg=X"), to("/a.aspx?msg=X&pid=1"))).toEqual([
      "redirect parameters order order",
    ]);
    expect(await findings(to("/a.aspx"), to("http://h/a.aspx"))).toEqual(["redirect origin value blanked"]);
  });

  test("decides alone when status or media type differ: then the bodies are different things", async () => {
    expect(await findings(json({ a: 1 }), { ...json({ b: 1 }), status: 500 })).toEqual(["status code value other"]);
  });

  test("tells the declared charset from the one the bytes are in", async () => {
    const of = (declared: string, charset: string) =>
      answerOf(`text/plain; charset=${declared}`, iconv.encode("NUÑEZ", charset));
    expect(await findings(of("windows-1252", "windows-1252"), of("windows-1252", "utf-8"))).toEqual([
      "charset bytes value other",
      "text line[] value encoding",
    ]);
    expect(await findings(of("windows-1252", "windows-1252"), of("utf-8", "utf-8"))).toEqual([
      "charset declared value other",
    ]);
    expect(await findings(of("UTF8", "utf-8"), of("utf-8", "utf-8"))).toEqual(["match"]);
  });

  test("a content encoding is taken off; one nobody knows makes the pair incomparable", async () => {
    const zipped = answerOf("text/plain", gzipSync("OK"), { headers: [["Content-Encoding", "gzip"]] });
    expect(await findings(answerOf("text/plain", "OK"), zipped)).toEqual(["match"]);
    const unknown = answerOf("text/plain", "OK", { headers: [["Content-Encoding", "zstd-9"]] });
    expect(await compare(answerOf("text/plain", "OK"), unknown)).toEqual({
      verdict: "incomparable",
      why: "content-encoding",
    });
  });
});

describe("a budget that is met", () => {
  const large = json(Array.from({ length: 5_000 }, (_, index) => ({ index })));
  const other = json(Array.from({ length: 5_000 }, (_, index) => ({ index, more: 1 })));

  test("makes the pair incomparable and says which one it was", async () => {
    const within = (budget: Partial<typeof defaultBudget>) =>
      compareAnswers(large, other, { route: "x", budget: { ...defaultBudget, ...budget } });
    expect(await within({ nodesMax: 1_000 })).toEqual({ verdict: "incomparable", why: "node-budget" });
    expect(await within({ bytesMax: 1_000 })).toEqual({ verdict: "incomparable", why: "size-budget" });
    let now = 0;
    const clock = { now: () => new Date(0), monotonicMs: () => (now += 50) };
    expect(
      await compareAnswers(large, other, { route: "x", clock, budget: { ...defaultBudget, timeMsMax: 60 } }),
    ).toEqual({
      verdict: "incomparable",
      why: "time-budget",
    });
    expect(await compare(json("[".repeat(500) + "]".repeat(500)), json("[]"))).toEqual({
      verdict: "incomparable",
      why: "depth-budget",
    });
  });

  test("does not hide a difference that is certain already", async () => {
    const budget = { ...defaultBudget, bytesMax: 10 };
    expect(
      await compareAnswers(large, { ...other, headers: [...other.headers, ["Allow", "GET"]] }, { route: "x", budget }),
    ).toMatchObject({
      verdict: "different",
      incomplete: "size-budget",
      differences: [{ finding: { channel: "header" } }],
    });
  });

  test("on the number of differences keeps two hundred and counts the rest", async () => {
    const verdict = await compare(
      json(Array.from({ length: 300 }, () => ({ a: 1 }))),
      json(Array.from({ length: 300 }, () => ({ a: "1" }))),
    );
    expect(verdict).toMatchObject({ verdict: "different", more: 100 });
  });
});

test("what a finding says holds nothing of the values, whatever they are used as", async () => {
  const secret = "ZYXWVUT";
  const pages = [
    [json({ [`${secret}, ANN`]: secret }), json({ [`${secret}, ANN`]: "x" })],
    [
      html(`<table id="t"><tr><th>${secret}</th></tr><tr><td>${secret}</td></tr></table>`),
      html('<table id="t"><tr><th>x</th></tr><tr><td>y</td></tr></table>'),
    ],
    [answerOf("text/csv", `Name,Sex\n${secret},F\n`), answerOf("text/csv", "Name,Sex\nx,F\n")],
    [answerOf("text/csv", `${secret},Sex\na,F\n`), answerOf("text/csv", "x,Sex\na,F\n")],
    [answerOf("text/plain", `MSH|^~\\&|A\rPID|1||${secret}\r`), answerOf("text/plain", "MSH|^~\\&|A\rPID|1||x\r")],
    [
      answerOf(
        "text/calendar",
        `BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:${secret}\r\nEND:VEVENT\r\nEND:VCALENDAR`,
      ),
      answerOf("text/calendar", "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nSUMMARY:x\r\nEND:VEVENT\r\nEND:VCALENDAR"),
    ],
  ] as const;
  for (const [left, right] of pages) {
    const found = await findings(left, right);
    expect(found.join("\n")).not.toContain(secret);
    expect(found).not.toEqual(["match"]);
  }
});
