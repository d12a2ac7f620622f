import { expect, test } from "vitest";
import { asStored } from "./code-page.ts";

test("a text is stored as far as the code page goes", () => {
  expect(asStored("Siobhán O’Neil – €5", 60)).toBe("Siobhán O’Neil – €5");
  expect(asStored("漢字 😀 Ł", 60)).toBe("?? ?? ?");
  expect(asStored("ABCDEF", 3)).toBe("ABC");
  expect(asStored("", 3)).toBe("");
});
