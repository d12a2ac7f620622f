import { expect, test } from "vitest";
import { emptyTables } from "../dataset.ts";
import { tableNames } from "../schema.ts";
import { loadProgressBar, renderCounts } from "./progress.ts";
import type { LoadCounts } from "./loader.ts";

const counts = Object.fromEntries(Object.keys(emptyTables()).map((name, index) => [name, index])) as LoadCounts;

test("every table is counted, with the sum below", () => {
  const text = renderCounts(counts);
  for (const name of tableNames) expect(text).toMatch(new RegExp(`\\b${name} +${counts[name]}\\b`));
  expect(text).toContain("231 rows in 22 tables");
});

test("a bar writes nothing where there is no terminal", () => {
  const written: string[] = [];
  const stream = { isTTY: false, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
  const bar = loadProgressBar(stream);
  bar.onProgress({ table: "PATMST", rows: 1, done: 1, total: 2 });
  bar.stop();
  expect(written).toEqual([]);
});
