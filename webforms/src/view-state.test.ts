import { describe, expect, test } from "vitest";
import { createViewStates } from "./view-state.ts";

const issued = createViewStates("one machine key").issue("/Patient/PatEdit.aspx", { pg: "3" });

describe("view state", () => {
  test("is base64 of more than 1 KB that begins as such states did", () => {
    expect(issued.viewState.length).toBeGreaterThan(1024);
    expect(issued.viewState).toMatch(/^\/wEP[A-Za-z0-9+/]+={0,2}$/);
    expect(issued.eventValidation).toMatch(/^\/wEW/);
  });

  test("is read by another process with the same machine key, whatever the case of the path", () => {
    const other = createViewStates("one machine key");
    expect(other.read("/patient/patedit.ASPX", issued.viewState)).toEqual({ pg: "3" });
    expect(other.isEventValidation("/PATIENT/PatEdit.aspx", issued.eventValidation)).toBe(true);
  });

  test("is refused with another key, for another page, changed in any character, or cut", () => {
    const own = createViewStates("one machine key");
    expect(createViewStates("another key").read("/Patient/PatEdit.aspx", issued.viewState)).toBeUndefined();
    expect(own.read("/Patient/PatNew.aspx", issued.viewState)).toBeUndefined();
    expect(own.isEventValidation("/Patient/PatNew.aspx", issued.eventValidation)).toBe(false);
    for (let at = 0; at < issued.viewState.length - 4; at += 97) {
      const char = issued.viewState.charAt(at) === "A" ? "B" : "A";
      const changed = issued.viewState.slice(0, at) + char + issued.viewState.slice(at + 1);
      expect(own.read("/Patient/PatEdit.aspx", changed), `character ${at}`).toBeUndefined();
    }
    for (const bad of ["", "x", "/wEP", "not base64!", issued.viewState.slice(0, -4)]) {
      expect(own.read("/Patient/PatEdit.aspx", bad), bad.slice(0, 10)).toBeUndefined();
    }
  });
});
