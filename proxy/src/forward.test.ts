/** Forwarding on real sockets: what goes through must come out as it was sent, both ways. */

import { once } from "node:events";
import { createHash, randomBytes } from "node:crypto";
import { connect, createServer as createNetServer } from "node:net";
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

test("behind trusted hops the first forwarded address is the client's: what a client made up is cut off", async () => {
  const seen: unknown[] = [];
  const legacy = await startTarget((request, response) => {
    seen.push(request.headers["x-forwarded-for"]);
    response.end();
  });
  const proxy = await startProxy({ targets: { legacy: legacy.url }, trustedHops: ["127.0.0.1", "10.0.0.2"] });
  open.push(legacy, proxy);
  for (const claimed of [
    "6.6.6.6, 192.0.2.7, 10.0.0.2",
    "192.0.2.7",
    "10.0.0.2",
    "x; y, 192.0.2.7",
    "6.6.6.6, unknown",
  ])
    await fetch(proxy.url, { headers: { "x-forwarded-for": claimed } });
  expect(seen).toEqual([
    "192.0.2.7, 10.0.0.2, 127.0.0.1",
    "192.0.2.7, 127.0.0.1",
    "10.0.0.2, 127.0.0.1",
    "192.0.2.7, 127.0.0.1",
    "127.0.0.1",
  ]);
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

test("trailers pass", async () => {
  const { proxy } = await through((_request, response) => {
    response.writeHead(200, { "Content-Type": "text/plain", Trailer: "X-Sum" });
    response.write("body");
    response.addTrailers({ "X-Sum": "42" });
    response.end();
  });
  const answer = await rawCall(proxy.port, "GET /t HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n");
  expect(answer).toMatch(/Trailer: X-Sum/);
  expect(answer).toMatch(/\r\n0\r\nX-Sum: 42\r\n\r\n$/i);
});

test("HEAD keeps the length a GET would have; Range and 206, 304 and 204 pass", async () => {
  const { proxy } = await through((request, response) => {
    if (request.method === "HEAD") response.writeHead(200, { "Content-Length": "123456" }).end();
    else if (request.headers.range)
      response.writeHead(206, { "Content-Range": "bytes 1-2/9", "Content-Length": "2" }).end("bc");
    else if (request.headers["if-none-match"]) response.writeHead(304, { ETag: '"1"' }).end();
    else response.writeHead(204).end();
  });
  const head = await fetch(`${proxy.url}/h`, { method: "HEAD" });
  expect([head.status, head.headers.get("content-length")]).toEqual([200, "123456"]);
  const range = await fetch(`${proxy.url}/h`, { headers: { range: "bytes=1-2" } });
  expect([range.status, range.headers.get("content-range"), await range.text()]).toEqual([206, "bytes 1-2/9", "bc"]);
  const same = await fetch(`${proxy.url}/h`, { headers: { "if-none-match": '"1"' } });
  expect([same.status, same.headers.get("etag")]).toEqual([304, '"1"']);
  expect((await fetch(`${proxy.url}/h`)).status).toBe(204);
});

test("103 early hints pass before the answer", async () => {
  const { proxy } = await through((_request, response) => {
    response.writeEarlyHints({ link: "</s.css>; rel=preload" });
    response.end("page");
  });
  const answer = await rawCall(proxy.port, "GET /e HTTP/1.1\r\nHost: c\r\nConnection: close\r\n\r\n");
  expect(answer).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nlink: <\/s\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 /i);
});

test("100-continue is answered here after admission, is not passed on, and not answered when the request is refused", async () => {
  let expectHeader: string | undefined = "not asked";
  const { proxy } = await through(async (request, response) => {
    expectHeader = request.headers.expect;
    response.end((await bodyOf(request)).toString());
  });
  const socket = connect(proxy.port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => (text += chunk.toString()));
  socket.write("POST /c HTTP/1.1\r\nHost: c\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n");
  await once(socket, "data");
  expect(text).toBe("HTTP/1.1 100 Continue\r\n\r\n");
  socket.write("hello");
  await once(socket, "close");
  expect(text).toMatch(/hello$/);
  expect(expectHeader).toBeUndefined();

  const refused = await rawCall(
    proxy.port,
    "POST /Lab/Order.aspx HTTP/1.1\r\nHost: c\r\nContent-Length: 9999999\r\nExpect: 100-continue\r\n\r\n",
    "</html>",
  );
  expect(refused).toMatch(/^HTTP\/1\.1 413 /);
});

test("a chunked body over the rule's bound is refused with 413 and the target never sees its end", async () => {
  let ended = false;
  const { proxy } = await through((request) => {
    request.on("end", () => (ended = true)).resume();
  });
  const answer = await fetch(`${proxy.url}/Lab/Order.aspx`, {
    method: "POST",
    body: new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(200_000));
      },
    }),
    duplex: "half",
  }).catch(() => undefined);
  if (answer) expect(answer.status).toBe(413);
  expect(ended).toBe(false);
  expect(await proxy.metrics()).toMatch(
    /banyan_proxy_failures_total\{[^}]*rule="lab.write"[^}]*failure="bodyTooLarge"\} 1/,
  );
});

test("an event stream comes piece by piece, and the target is told when the client leaves", async () => {
  const left = Promise.withResolvers<void>();
  const { proxy } = await through((_request, response) => {
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write("data: 1\n\n");
    response.on("close", () => left.resolve());
  });
  const stopping = new AbortController();
  const answer = await fetch(`${proxy.url}/Lab/Feed/x`, {
    headers: { accept: "text/event-stream" },
    signal: stopping.signal,
  });
  const { value } = await (answer.body as ReadableStream<Uint8Array>).getReader().read();
  expect(Buffer.from(value as Uint8Array).toString()).toBe("data: 1\n\n");
  expect(await proxy.metrics()).toMatch(/banyan_proxy_streams 1/);
  stopping.abort();
  await left.promise;
});

test("a client that leaves while the target works cuts the target's request off", async () => {
  const left = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const { proxy } = await through((_request, response) => {
    asked.resolve();
    response.on("close", () => left.resolve());
  });
  const stopping = new AbortController();
  const call = fetch(`${proxy.url}/slow`, { signal: stopping.signal }).catch(() => "aborted");
  await asked.promise;
  stopping.abort();
  await left.promise;
  expect(await call).toBe("aborted");
});

test("a target that breaks off in the middle of its answer breaks the client's connection off, so that it notices", async () => {
  const { proxy } = await through((_request, response) => {
    response.writeHead(200, { "Content-Length": "100000" });
    response.write("x".repeat(70_000), () => response.destroy());
  });
  const answer = await fetch(`${proxy.url}/cut`);
  await expect(answer.arrayBuffer()).rejects.toThrow();
});

test("a small answer that is cut short is a 502, not half a page", async () => {
  const { proxy } = await through((_request, response) => {
    response.writeHead(200, { "Content-Length": "100" });
    response.write("half", () => response.destroy());
  });
  expect((await fetch(`${proxy.url}/cut`)).status).toBe(502);
});

test("a target that accepts and never answers is given up after the rule's time-out with 504", async () => {
  const { proxy } = await through(() => {});
  const answer = await fetch(`${proxy.url}/Lab/Strict.aspx`);
  expect(answer.status).toBe(504);
}, 10_000);

test("a half-open target, whose machine is gone, does not hold a request beyond its time-out", async () => {
  // Accepts in the kernel only: nobody ever reads.
  const silent = createNetServer({ pauseOnConnect: true }, () => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as { port: number };
  const proxy = await startProxy({ targets: { legacy: `http://127.0.0.1:${port}` } });
  open.push(proxy, { close: async () => void silent.close() });
  expect((await fetch(`${proxy.url}/Lab/Strict.aspx`)).status).toBe(504);
}, 10_000);

test("what is not HTTP from the target is a 502 that shows nothing of it", async () => {
  const garbage = createNetServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.end("SMTP 220 secret banner\r\n");
  });
  await new Promise<void>((resolve) => garbage.listen(0, "127.0.0.1", resolve));
  const { port } = garbage.address() as { port: number };
  const proxy = await startProxy({ targets: { legacy: `http://127.0.0.1:${port}` } });
  open.push(proxy, { close: async () => void garbage.close() });
  const answer = await fetch(`${proxy.url}/x`);
  expect(answer.status).toBe(502);
  expect(await answer.text()).not.toContain("secret");
});

test("Location and cookie domains of the target become the clinicians' address; relative ones stay", async () => {
  const { proxy, legacy } = await through((request, response) => {
    const location =
      request.url === "/abs" ? `http://${String(request.headers["x-test-target"])}/Login.aspx?a=1` : "/Login.aspx";
    response.writeHead(302, { Location: location, "Set-Cookie": "a=1; Domain=127.0.0.1; path=/" }).end();
  });
  const host = new URL(legacy.url).host;
  const absolute = await fetch(`${proxy.url}/abs`, { redirect: "manual", headers: { "x-test-target": host } });
  expect(absolute.headers.get("location")).toBe(`${proxy.url}/Login.aspx?a=1`);
  expect(absolute.headers.get("set-cookie")).toBe("a=1; path=/");
  const relative = await fetch(`${proxy.url}/rel`, { redirect: "manual" });
  expect(relative.headers.get("location")).toBe("/Login.aspx");
});

test("error pages come in the form the caller reads", async () => {
  const gone = await startTarget(() => {});
  await gone.close();
  const proxy = await startProxy({ targets: { legacy: gone.url } });
  open.push(proxy);
  const ask = async (headers: Record<string, string>): Promise<string> =>
    (await fetch(`${proxy.url}/x`, { method: "POST", body: "1", headers })).headers.get("content-type") ?? "";
  expect(await ask({ "content-type": "application/json; charset=utf-8" })).toContain("application/json");
  expect(await ask({ "content-type": "text/xml", soapaction: '"x"' })).toContain("text/xml");
  expect(await ask({ accept: "text/html" })).toContain("text/html");
});
