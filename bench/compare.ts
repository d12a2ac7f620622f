/**
 * Speed of the comparer against the parsers alone and against JSON difference libraries, on the same pairs in the same run.
 * What counts are equal documents in different bytes (order of members, blanks, order of attributes): equal bytes are
 * compared without reading them, and are shown apart. Megabytes are those of both documents.
 */

import { type Answer, compareAnswers, type Verdict } from "@banyan/comparer";
import fastJsonPatch from "fast-json-patch";
import * as jsondiffpatch from "jsondiffpatch";
import microdiff from "microdiff";
import { parse as parseHtml } from "parse5";

type Sample = {
  readonly name: string;
  readonly type: "application/json" | "text/html";
  readonly left: string;
  /** The same content in other bytes. */
  readonly equal: string;
  /** One value in a hundred differs. */
  readonly different: string;
};

type Figure = {
  readonly sample: string;
  readonly what: string;
  readonly megabytesPerSecond: number;
  readonly ofParsing?: number;
};

/** Of the parse-only speed, on equal documents in different bytes. */
const goal = 0.3;

export async function benchCompare({ json }: { json: boolean }): Promise<void> {
  const figures: Figure[] = [];
  for (const sample of samples()) figures.push(...(await measure(sample)));
  if (json) console.log(JSON.stringify({ goal, figures }));
  else for (const figure of figures) console.log(describe(figure));
}

function describe({ sample, what, megabytesPerSecond, ofParsing }: Figure): string {
  const share = ofParsing === undefined ? "" : `  ${ofParsing.toFixed(2)} of parsing alone (goal ${goal})`;
  return `${sample.padEnd(34)} ${what.padEnd(44)} ${megabytesPerSecond.toFixed(1).padStart(8)} MB/s${share}`;
}

async function measure(sample: Sample): Promise<Figure[]> {
  const { name, left, equal, different } = sample;
  const bytes = Buffer.byteLength(left) + Buffer.byteLength(equal);
  const figure = async (what: string, run: () => unknown): Promise<Figure> => ({
    sample: name,
    what,
    megabytesPerSecond: await speed(run, bytes),
  });
  const parsing = await figure("parse only, both", () => parseBoth(sample));
  const [one, same, copy, other] = [left, equal, left, different].map((text) => answerOf(sample, text));
  if (!one || !same || !copy || !other) throw new Error("no answers");
  const ours = await figure("comparer, equal in other bytes", () => expecting("match", one, same));
  return [
    parsing,
    { ...ours, ofParsing: ours.megabytesPerSecond / parsing.megabytesPerSecond },
    await figure("comparer, equal bytes", () => expecting("match", one, copy)),
    await figure("comparer, one value in a hundred differs", () => expecting("different", one, other)),
    ...(await others(sample, figure)),
  ];
}

/** Each library gets text, as the comparer gets bytes: parsing belongs to its work. */
async function others(
  sample: Sample,
  figure: (what: string, run: () => unknown) => Promise<Figure>,
): Promise<Figure[]> {
  if (sample.type !== "application/json") return [];
  const libraries: Readonly<Record<string, (left: object, right: object) => unknown>> = {
    jsondiffpatch: (left, right) => jsondiffpatch.diff(left, right),
    microdiff: (left, right) => microdiff(left, right as never),
    "fast-json-patch": (left, right) => fastJsonPatch.compare(left, right),
  };
  const figures: Figure[] = [];
  for (const [name, diff] of Object.entries(libraries)) {
    const run = (right: string) => () => diff(JSON.parse(sample.left) as object, JSON.parse(right) as object);
    figures.push(await figure(`${name}, equal in other bytes`, run(sample.equal)));
    figures.push(await figure(`${name}, one value in a hundred differs`, run(sample.different)));
  }
  return figures;
}

function parseBoth({ type, left, equal }: Sample): unknown {
  return type === "application/json" ? [JSON.parse(left), JSON.parse(equal)] : [parseHtml(left), parseHtml(equal)];
}

function answerOf({ type }: Sample, text: string): Answer {
  return { status: 200, headers: [["Content-Type", `${type}; charset=utf-8`]], body: Buffer.from(text) };
}

async function expecting(verdict: Verdict["verdict"], left: Answer, right: Answer): Promise<void> {
  const found = await compareAnswers(left, right, { route: "bench" });
  if (found.verdict !== verdict) throw new Error(`expected ${verdict}, found ${found.verdict}`);
}

const warmUpMs = 400;
const measuredMs = 1_200;

/** Megabytes a second: the best third of short rounds, because other processes only ever take time away. */
async function speed(run: () => unknown, bytes: number): Promise<number> {
  const until = async (ms: number): Promise<number[]> => {
    const rounds: number[] = [];
    const end = performance.now() + ms;
    while (performance.now() < end) {
      const startedMs = performance.now();
      await run();
      rounds.push(performance.now() - startedMs);
    }
    return rounds;
  };
  await until(warmUpMs);
  const rounds = (await until(measuredMs)).sort((a, b) => a - b);
  const best = rounds.slice(0, Math.max(1, Math.ceil(rounds.length / 3)));
  const meanMs = best.reduce((sum, one) => sum + one, 0) / best.length;
  return bytes / 1e6 / (meanMs / 1e3);
}

function samples(): Sample[] {
  return [
    jsonSample("JSON, type-ahead of 25 patients", 25),
    jsonSample("JSON, 5,000 patients", 5_000),
    htmlSample("HTML, grid of 25 rows", 25),
    htmlSample("HTML, grid of 1,000 rows", 1_000),
  ];
}

const patient = (index: number) => ({
  PatNo: 100_001 + index,
  MRN: `000${1_000_017 + index}`,
  Name: `RODRÍGUEZ, THI ${index}`,
  DOB: `/Date(${-527_281_200_000 + index * 86_400_000})/`,
  Sex: index % 2 === 0 ? "F" : "M",
  Balance: Math.round(index * 137.5) / 100,
  Flags: [true, false, null],
});

function jsonSample(name: string, count: number): Sample {
  const all = Array.from({ length: count }, (_, index) => patient(index));
  const turned = all.map((one) => Object.fromEntries(Object.entries(one).toReversed()));
  const changed = all.map((one, index) => (index % 100 === 7 ? { ...one, Balance: one.Balance + 1 } : one));
  const written = (d: unknown, space?: number): string =>
    JSON.stringify({ d }, undefined, space).replaceAll("/", "\\/");
  return { name, type: "application/json", left: written(all), equal: written(turned, 1), different: written(changed) };
}

function htmlSample(name: string, count: number): Sample {
  const row = (index: number, cell: (name: string, value: string) => string): string => {
    const { MRN, Name, Sex, PatNo } = patient(index);
    return `<tr class="${index % 2 ? "alt" : "row"}">${cell("MRN", MRN)}${cell("Name", `<a href="/Patient/Chart.aspx?pid=${PatNo}">${Name}</a>`)}${cell("Sex", Sex)}</tr>`;
  };
  const page = (
    rows: string,
  ): string => `<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Patients</title></head><body><div class="content"><h1>Patients</h1>
<form method="post" action="/Patient/PatSearch.aspx" id="aspnetForm"><input type="hidden" name="__VIEWSTATE" value="${"A".repeat(1_024)}" />
<table class="grid" cellspacing="0" id="ctl00_cph_gv"><tr class="hdr"><th>MRN</th><th>Name</th><th>Sex</th></tr>
${rows}</table></form></div></body></html>`;
  const rows = (cell: (name: string, value: string) => string, end: string): string =>
    Array.from({ length: count }, (_, index) => row(index, cell) + end).join("");
  const plain = (_name: string, value: string): string => `<td align="left" nowrap="nowrap">${value}</td>`;
  const left = page(rows(plain, "\n"));
  return {
    name,
    type: "text/html",
    left,
    equal: page(rows((_name, value) => `<TD nowrap="nowrap" align=left> ${value}</TD>`, "\n\n  ")),
    different: left.replaceAll(/(RODRÍGUEZ, THI (?:\d*0)?7<)/g, "X$1"),
  };
}
