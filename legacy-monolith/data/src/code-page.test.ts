import { expect, test } from "vitest";
import { fitsCodePage, toCodePage } from "./code-page.ts";

test("Western letters, curly quotes, dashes and the euro fit", () => {
  expect(fitsCodePage("PEÑA’S “É” – €12 ß ÿ")).toBe(true);
});

test("letters of other code pages and control bytes 0x80-0x9F do not", () => {
  expect(["Ő", "Ł", "Я", "漢", "\u0081"].map(fitsCodePage)).toEqual([false, false, false, false, false]);
});

test("what has a bare letter keeps it, the rest becomes a question mark", () => {
  expect(toCodePage("Erdős Łódź 漢 Víctor")).toBe("Erdos ?ódz ? Víctor");
  expect(toCodePage("e\u0301")).toBe("é");
});
