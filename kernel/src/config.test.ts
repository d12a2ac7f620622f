import { describe, expect, test } from "vitest";
import { configHelp, readConfig } from "./config.ts";
import { AppError } from "./errors.ts";

describe("readConfig", () => {
  test("gives every variable a default", () => {
    expect(readConfig({})).toMatchObject({ BANYAN_HOST: "127.0.0.1", LEGACY_WEB_PORT: 8090, LEGACY_SQL_PORT: 14330 });
  });

  test("reports all problems at once, each by its variable's name", () => {
    const read = (): unknown => readConfig({ LEGACY_WEB_PORT: "seventy", LEGACY_SQL_PORT: "99999999" });
    expect(read).toThrow(AppError);
    expect(read).toThrow(/LEGACY_WEB_PORT.*LEGACY_SQL_PORT/s);
  });

  test("explains every variable in its help", () => {
    const lines = configHelp();
    expect(lines).toContainEqual(
      expect.stringContaining("LEGACY_WEB_PORT: port of the simulated legacy EHR (default 8090)"),
    );
    expect(lines.filter((line) => line.endsWith(": "))).toEqual([]);
  });
});
