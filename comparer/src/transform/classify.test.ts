import { describe, expect, test } from "vitest";
import type { ScalarType } from "../tree/tree.ts";
import { classify, classifyTexts } from "./classify.ts";

const texts = (pairs: readonly (readonly [string, string, string])[]) => pairs;

describe("the class of two unequal texts", () => {
  test.each(
    texts([
      ["time-zone-shift", "08:30 AM", "04:30 AM"],
      ["time-zone-shift", "11/22/2026 1:59 PM", "11/22/2026 6:59 PM"],
      ["time-zone-shift", "\\/Date(1226073600000)\\/", "\\/Date(1226091600000)\\/"],
      ["time-zone-shift", "2024-12-18T08:42:00", "2024-12-18T13:42:00"],
      ["time-zone-shift", "20261111T120000", "20261111T120000Z"],
      ["time-zone-shift", "02/17/1951", "02/16/1951"],
      ["time-zone-shift", "9:00 AM NÚÑEZ, PRIYA", "5:00 AM NÚÑEZ, PRIYA"],
      ["time-zone-shift", "0930", "1430"],
      ["date-format", "02/17/1951", "1951-02-17"],
      ["date-format", "8:30 AM", "08:30 AM"],
      ["rounding", "98.65", "98.7"],
      ["rounding", "70.87", "71"],
      ["rounding", "$10.12", "$10.13"],
      ["rounding", "Weight 161.95 lb", "Weight 162.0 lb"],
      ["truncation", "98.67", "98.6"],
      ["truncation", "Take as directed by the clinic", "Take as directed by"],
      ["truncation", "Feels well otherwise", "Feels well..."],
      ["trailing-zero", "161.90", "161.9"],
      ["trailing-zero", "1e2", "100"],
      ["padding", "AREYES  ", "AREYES"],
      ["padding", "0001000017", "1000017"],
      ["case", "D'ANGELO", "D'Angelo"],
      ["encoding", "NÚÑEZ", "NÃšÃ‘EZ"],
      ["encoding", "MUÑOZ, JOSÉ", "MU?OZ, JOS?"],
      ["encoding", "ZOË", "ZOE"],
      ["encoding", "D'ANGELO", "D&#39;ANGELO"],
      ["encoding", "%2fPatient%2fChart", "%2FPatient%2FChart"],
      ["order", "LEE, THI", "THI, LEE"],
      ["order", "/a.aspx?pid=1&msg=SAVED", "/a.aspx?msg=SAVED&pid=1"],
      ["identifier", "100043", "100044"],
      ["identifier", "/Patient/Chart.aspx?pid=100043", "/Patient/Chart.aspx?pid=100044"],
      ["null-absent-empty", "9999-12-31", ""],
      ["blanked", "CODEINE", ""],
      ["other", "SMITH, ANN", "JONES, ANN"],
      ["other", "CODEINE and more", "and more"],
      ["other", "9:00 AM", "9:15 AM"],
      ["other", "5", "6"],
    ]),
  )("is %s for %s and %s, either way round", (expected, a, b) => {
    expect([classifyTexts(a, b), classifyTexts(b, a)]).toEqual([expected, expected]);
  });
});

test("types that differ are classed by what the values have in common", () => {
  const classOf = (a: [ScalarType, string], b: [ScalarType, string]) =>
    classify({ kind: "scalar", id: 0, type: a[0], text: a[1] }, { kind: "scalar", id: 1, type: b[0], text: b[1] });
  expect(classOf(["number", "5"], ["string", "5"])).toBe("string-number");
  expect(classOf(["number", "5.50"], ["string", "5.5"])).toBe("string-number");
  expect(classOf(["null", "null"], ["string", ""])).toBe("null-absent-empty");
  expect(classOf(["boolean", "true"], ["string", "Y"])).toBe("other");
});
