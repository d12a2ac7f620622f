import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { createLogger } from "./logger.ts";

test("a field that is not on the allow-list never reaches the log", () => {
  const destination = new PassThrough();
  const logger = createLogger({ name: "probe", level: "info", destination });
  const fields = { event: "page.failed", status: 500, name: "DOE, JANE", ssn: "999-17-5017" };
  logger.info(fields);
  const line = String(destination.read());
  expect(JSON.parse(line)).toMatchObject({ process: "probe", event: "page.failed", status: 500 });
  expect(line).not.toMatch(/DOE|999-17/);
});
