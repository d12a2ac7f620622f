/** Forwarding on real sockets: what goes through must come out as it was sent, both ways. */

import { createHash, randomBytes } from "node:crypto";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { afterEach, expect, test } from "vitest";
import { bodyOf, rawCall, startProxy, startTarget, type TestProxy, type TestTarget } from "./test-proxy.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function through(handler: Parameters<typeof startTarget>[0]): Promise<{ proxy: TestProxy; legacy: TestTarget }> {
  const legacy = await startTarget(handler);
  open.push(legacy);
  const proxy = await startProxy({ targets: { legacy: legacy.url } });
  open.push(proxy);
  return { proxy, legacy };
}

test("a page comes back as the target sent it: status line, names, case and order of headers, several Set-Cookie, bytes", async () => {
  const { proxy } = await through((_request, response) => {
    response.sendDate = false;
    response.writeHead(200, "Fine Here", [
      "X-AspNet-Version",
      "2.0.50727",
      "Set-Cookie",
      "a=1; path=/",
      "Content-Type",
      "text/html",
      "SET-COOKIE",
      "b=2; path=/",
      "Content-Length",
      "5",
    ]);
    response.end("hello");
  });
  const answer = await rawCall(proxy.port, "GET /any HTTP/1.1\r\nHost: clinic\r\nConnection: close\r\n\r\n");
  const [head = "", body] = answer.split("\r\n\r\n");
  expect(head.split("\r\n").slice(0, 6)).toEqual([
    "HTTP/1.1 200 Fine Here",
    "X-AspNet-Version: 2.0.50727",
    "Set-Cookie: a=1; path=/",
    "Content-Type: text/html",
    "SET-COOKIE: b=2; path=/",
    "Content-Length: 5",
  ]);
  expect(body).toBe("hello");
});

test("request headers keep case and order; hop-by-hop and claimed identity end at the proxy; forwarding headers are its own", async () => {
  let seen: string[] = [];
  const { proxy } = await through((request, response) => {
    seen = request.rawHeaders;
    response.end();
  });
  await rawCall(
    proxy.port,
    "GET /x HTTP/1.1\r\nHost: clinic:8080\r\nX-Zebra: 1\r\naCCept: */*\r\nConnection: close, X-Hop\r\nX-Hop: secret\r\nX-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Banyan-Identity: forged\r\nX-Banyan-Epoch: 9\r\nRemote-User: root\r\nTE: trailers\r\n\r\n",
  );
  // undici writes Host and Connection first; the client's own come after them as they were.
  expect(seen.slice(4, 8)).toEqual(["X-Zebra", "1", "aCCept", "*/*"]);
  const pairs = new Map(
    seen.flatMap((name, index) => (index % 2 ? [] : [[name.toLowerCase(), seen[index + 1]] as const])),
  );
  expect(pairs.get("host")).toBe("clinic:8080");
  expect(pairs.get("x-forwarded-for")).toBe("127.0.0.1");
  expect(pairs.get("x-forwarded-host")).toBe("clinic:8080");
  expect(pairs.get("forwarded")).toBe('for=127.0.0.1;proto=http;host="clinic:8080"');
  expect(pairs.get("x-request-id")).toMatch(/^[0-9a-f]{32}$/);
  expect(pairs.get("traceparent")).toBe(
    `00-${pairs.get("x-request-id")}-${pairs.get("traceparent")?.slice(36, 52)}-01`,
  );
  for (const gone of ["x-hop", "x-banyan-identity", "x-banyan-epoch", "remote-user", "te"])
    expect(pairs.has(gone)).toBe(false);
});

test("large bodies stream both ways unchanged, announced or chunked", async () => {
  const sent = randomBytes(12_000_000);
  const { proxy } = await through((request, response) => {
    request.pipe(response);
  });
  for (const headers of [{ "content-length": String(sent.length) }, { "transfer-encoding": "chunked" }]) {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const call = httpRequest(`${proxy.url}/echo`, { method: "POST", headers }, resolve);
      call.on("error", reject);
      call.end(sent);
    });
    const digest = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
    expect(digest(await bodyOf(answer))).toBe(digest(sent));
  }
});

test("a write to a target that is not running is answered 502 and the connection stays usable", async () => {
  const gone = await startTarget(() => {});
  await gone.close();
  const proxy = await startProxy({ targets: { legacy: gone.url } });
  open.push(proxy);
  const answer = await fetch(`${proxy.url}/save`, { method: "POST", body: "x".repeat(100_000) });
  expect(answer.status).toBe(502);
  expect(await answer.text()).toContain("not running");
});
