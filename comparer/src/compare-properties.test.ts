import { seededRandom } from "@banyan/kernel";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Answer } from "./answer/answer.ts";
import { mutate, mutationNames } from "./mutation/mutations.ts";
import { selfTest } from "./mutation/self-test.ts";
import { answerOf, compare, html, json, rulesOf, xml } from "./test-answers.ts";
import { mirrored, type Verdict } from "./verdict.ts";

const word = fc.constantFrom(
  "ANN",
  "NUÑEZ",
  "D'ANGELO",
  "Warfarin 5 mg",
  "12/18/2024 8:42 AM",
  "97.45",
  "100043",
  "Nausea, vomiting",
  "é",
  "x",
);
const row = fc.record({ id: fc.integer({ min: 1000, max: 1009 }), name: word, value: word });
const rows = fc.array(row, { maxLength: 5 });
type Row = { id: number; name: string; value: string };
const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

/** A document of each type, from the same rows. */
const documents: Readonly<Record<string, (all: readonly Row[]) => Answer>> = {
  json: (all) => json({ d: all }),
  html: (all) =>
    html(
      `<h1>${all.length}</h1><form id="f">${all.map(({ name, value }) => `<input name="${escaped(name)}" value="${escaped(value)}">`).join("")}</form>
       <table id="t"><tr><th>Id</th><th>Name</th><th>Value</th></tr>${all.map(({ id, name, value }) => `<tr><td>${id}</td><td>${escaped(name)}</td><td><b>${escaped(value)}</b></td></tr>`).join("")}</table>`,
    ),
  xml: (all) =>
    xml(
      `<list>${all.map(({ id, name, value }) => `<row id="${id}"><name>${escaped(name)}</name><value>${escaped(value)}</value></row>`).join("")}</list>`,
    ),
  csv: (all) =>
    answerOf(
      "text/csv; charset=utf-8",
      `"Id","Name","Value"\r\n${all.map(({ id, name, value }) => `"${id}","${name}","${value}"\r\n`).join("")}`,
    ),
  calendar: (all) =>
    answerOf(
      "text/calendar; charset=utf-8",
      `BEGIN:VCALENDAR\r\n${all.map(({ id, name }) => `BEGIN:VEVENT\r\nUID:${id}\r\nDTSTART:20261122T093000\r\nSUMMARY:${name.replaceAll(",", "\\,")}\r\nEND:VEVENT\r\n`).join("")}END:VCALENDAR`,
    ),
  text: (all) =>
    answerOf("text/plain; charset=utf-8", all.map(({ id, name, value }) => `${id} ${name} ${value}\n`).join("")),
  message: (all) =>
    answerOf(
      "text/plain; charset=utf-8",
      `MSH|^~\\&|A|B\r${all.map(({ id, name, value }) => `OBX|${id}||${name}||${value}\r`).join("")}`,
    ),
};

/** The same document in other bytes, where the type knows bytes without meaning: so that equal bytes are not what is tested. */
const rewritten: Readonly<Record<string, (body: string) => string>> = {
  json: (body) => body.replaceAll('":', '" : ').replaceAll("},{", "},\n{"),
  html: (body) => body.replaceAll("<tr>", "\n<TR>").replaceAll("</h1>", " </h1><!-- x -->"),
  xml: (body) => body.replaceAll("<row", "\n  <row").replaceAll("</list>", "\n</list><!-- x -->"),
  csv: (body) => body.replace('"Id","Name"', '"Id",Name'),
  calendar: (body) => body.replaceAll("SUMMARY:", "SUMMARY:\r\n "),
};

const findingsOf = (verdict: Verdict, mirror = false): string[] =>
  verdict.verdict !== "different"
    ? [verdict.verdict]
    : verdict.differences.map(({ finding }) => JSON.stringify(mirror ? mirrored(finding) : finding)).sort();

describe.each(Object.entries(documents))("%s", (type, make) => {
  test("an answer matches itself, and itself written otherwise", async () => {
    await fc.assert(
      fc.asyncProperty(rows, async (all) => {
        const answer = make(all);
        expect(await compare(answer, make(all))).toEqual({ verdict: "match" });
        const rewrite = rewritten[type];
        if (!rewrite) return;
        const other = { ...answer, body: Buffer.from(rewrite(Buffer.from(answer.body).toString())) };
        expect(await compare(answer, other)).toEqual({ verdict: "match" });
      }),
    );
  });

  test("exchanged sides give the exchanged verdict", async () => {
    await fc.assert(
      fc.asyncProperty(rows, rows, async (left, right) => {
        const [there, back] = [await compare(make(left), make(right)), await compare(make(right), make(left))];
        expect(findingsOf(back, true)).toEqual(findingsOf(there));
      }),
    );
  });

  test("the same pair gives the same verdict again", async () => {
    await fc.assert(
      fc.asyncProperty(rows, rows, async (left, right) => {
        expect(await compare(make(left), make(right))).toEqual(await compare(make(left), make(right)));
      }),
      { numRuns: 30 },
    );
  });

  test("a known defect is always found", async () => {
    let injected = 0;
    await fc.assert(
      fc.asyncProperty(rows, fc.constantFrom(...mutationNames), fc.nat(1_000), async (all, mutation, seed) => {
        const mutated = mutate(make(all), mutation, seededRandom(seed));
        if (!mutated) return;
        injected += 1;
        expect((await compare(make(all), mutated)).verdict).toBe("different");
      }),
      { numRuns: 300 },
    );
    expect(injected).toBeGreaterThan(50);
  });
});

test("any change of any value anywhere in a JSON document is found", async () => {
  const changed = (value: unknown): unknown => (typeof value === "string" ? `${value}!` : value === null ? 0 : [value]);
  await fc.assert(
    fc.asyncProperty(fc.jsonValue({ maxDepth: 3 }), fc.nat(200), async (value, place) => {
      let left = place;
      const walk = (one: unknown): unknown => {
        if (left-- === 0) return changed(one);
        if (Array.isArray(one)) return one.map(walk);
        if (typeof one === "object" && one !== null)
          return Object.fromEntries(Object.entries(one).map(([name, part]) => [name, walk(part)]));
        return one;
      };
      const other = walk(value);
      if (left >= 0) return;
      expect((await compare(json(JSON.stringify(value)), json(JSON.stringify(other)))).verdict).toBe("different");
    }),
    { numRuns: 500 },
  );
});

test("a self-test tells a defect that was found from one that a rule covers", async () => {
  const rules = rulesOf(
    `rules: [{ id: a.b, channel: json, path: "$.d[].name", kind: value, both: "[QW]?[A-Z]{2,3}", owner: me, reason: for this test only, expires: 2030-01-01 }]`,
  );
  const pair = { left: json({ d: [{ name: "ANN" }] }), right: json({ d: [{ name: "ANN" }] }) };
  const outcomes = new Set<string>();
  for (let seed = 0; seed < 60; seed += 1) {
    const result = await selfTest(pair, (left, right) => compare(left, right, rules), seededRandom(seed));
    outcomes.add(`${result?.mutation} ${result?.outcome}`);
  }
  expect(outcomes).toContain("other-value covered");
  expect(outcomes).toContain("blanked found");
  expect([...outcomes].filter((one) => one.endsWith("missed"))).toEqual([]);
});

test("a comparison that sees nothing is called out by its self-test", async () => {
  const pair = { left: json({ d: [{ name: "ANN" }] }), right: json({ d: [{ name: "ANN" }] }) };
  const blind = () => Promise.resolve({ verdict: "match" } as const);
  expect(await selfTest(pair, blind, seededRandom(1))).toMatchObject({ outcome: "missed" });
});
