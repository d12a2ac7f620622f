import { createServer } from "node:net";
import { expect, test } from "vitest";
import { bindPort, listen } from "./http-server.ts";

const options = { host: "127.0.0.1", port: 0, name: "probe", portVariable: "PROBE_PORT" };

test("a taken port is explained with its number and the variable that changes it", async () => {
  const first = await listen((_, response) => response.end(), options);
  const second = bindPort(createServer(), { ...options, port: first.port });
  await expect(second).rejects.toMatchObject({
    code: "PORT_TAKEN",
    message: expect.stringContaining(String(first.port)),
    hint: expect.stringContaining("PROBE_PORT"),
  });
  await first.close();
});

test("closing waits for a running answer", async () => {
  const server = await listen((_, response) => void setTimeout(() => response.end("whole"), 30), options);
  const answer = fetch(server.url).then((response) => response.text());
  await new Promise<void>((resolve) => server.server.once("request", () => resolve()));
  await server.close();
  expect(await answer).toBe("whole");
});
