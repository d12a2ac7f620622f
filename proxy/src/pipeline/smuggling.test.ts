/** Messages that two servers in a row could read in two ways: refused, or made one way of reading, never passed on as they are. */

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rawCall, startProxy, startTarget, type TestProxy, type TestTarget } from "../test-proxy.ts";

let legacy: TestTarget;
let proxy: TestProxy;
const seen: string[] = [];

beforeAll(async () => {
  legacy = await startTarget((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      seen.push(`${request.method} ${request.url} ${Buffer.concat(pieces).toString()}`);
      response.end("target");
    });
  });
  proxy = await startProxy({ targets: { legacy: legacy.url } });
});
afterAll(async () => {
  await proxy.close();
  await legacy.close();
});

const smuggled = "GET /smuggled HTTP/1.1\r\nHost: clinic\r\n\r\n";
const refused: Readonly<Record<string, string>> = {
  "no Host": "GET /a HTTP/1.1\r\n\r\n",
  "two Host headers": "GET /a HTTP/1.1\r\nHost: clinic\r\nHost: other\r\n\r\n",
  "two equal Host headers": "GET /a HTTP/1.1\r\nHost: clinic\r\nhost: clinic\r\n\r\n",
  "a Host with a path in it": "GET /a HTTP/1.1\r\nHost: clinic/x\r\n\r\n",
  "a Host with user info": "GET /a HTTP/1.1\r\nHost: a@clinic\r\n\r\n",
  "length and chunked": `POST /a HTTP/1.1\r\nHost: clinic\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
  "chunked and length": `POST /a HTTP/1.1\r\nHost: clinic\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${smuggled}`,
  "two lengths": `POST /a HTTP/1.1\r\nHost: clinic\r\nContent-Length: 0\r\nContent-Length: 45\r\n\r\n${smuggled}`,
  "two equal lengths": "POST /a HTTP/1.1\r\nHost: clinic\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx",
  "a list of lengths": "POST /a HTTP/1.1\r\nHost: clinic\r\nContent-Length: 1, 1\r\n\r\nx",
  "a length with a sign": "POST /a HTTP/1.1\r\nHost: clinic\r\nContent-Length: +1\r\n\r\nx",
  "a hexadecimal length": "POST /a HTTP/1.1\r\nHost: clinic\r\nContent-Length: 0x1\r\n\r\nx",
  "a negative length": "POST /a HTTP/1.1\r\nHost: clinic\r\nContent-Length: -1\r\n\r\nx",
  "an unknown transfer encoding": "POST /a HTTP/1.1\r\nHost: clinic\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
  "chunked twice":
    "POST /a HTTP/1.1\r\nHost: clinic\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
  "chunked before another encoding":
    "POST /a HTTP/1.1\r\nHost: clinic\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
  "a space before the colon": "POST /a HTTP/1.1\r\nHost: clinic\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
  "a folded header": "GET /a HTTP/1.1\r\nHost: clinic\r\nX-A: 1\r\n  Transfer-Encoding: chunked\r\n\r\n",
  "a header line that begins with a space": "GET /a HTTP/1.1\r\n Host: clinic\r\nHost: clinic\r\n\r\n",
  "bare line feeds": "GET /a HTTP/1.1\nHost: clinic\n\n",
  "a bare carriage return in a value": "GET /a HTTP/1.1\r\nHost: clinic\r\nX-A: 1\rTransfer-Encoding: chunked\r\n\r\n",
  "a NUL in a value": "GET /a HTTP/1.1\r\nHost: clinic\r\nX-A: 1\0\r\n\r\n",
  "a chunk size that is no number":
    "POST /a HTTP/1.1\r\nHost: clinic\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n",
  "a chunk longer than its size": `POST /a HTTP/1.1\r\nHost: clinic\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n${smuggled}`,
  "another host in absolute form": "GET http://evil/a HTTP/1.1\r\nHost: clinic\r\n\r\n",
  "another scheme": "GET file:///etc/passwd HTTP/1.1\r\nHost: clinic\r\n\r\n",
  "asterisk form": "OPTIONS * HTTP/1.1\r\nHost: clinic\r\n\r\n",
  "a dot segment": "GET /a/../b HTTP/1.1\r\nHost: clinic\r\n\r\n",
  "an escaped dot segment": "GET /a/%2e%2e/b HTTP/1.1\r\nHost: clinic\r\n\r\n",
  "a half-escaped dot segment": "GET /a/.%2E/b HTTP/1.1\r\nHost: clinic\r\n\r\n",
  "an escaped slash": "GET /a%2fb HTTP/1.1\r\nHost: clinic\r\n\r\n",
  "an escaped slash, upper case": "GET /a%2Fb HTTP/1.1\r\nHost: clinic\r\n\r\n",
  "an escaped back-slash": "GET /a%5cb HTTP/1.1\r\nHost: clinic\r\n\r\n",
  "a back-slash": "GET /a\\b HTTP/1.1\r\nHost: clinic\r\n\r\n",
  "a broken escape": "GET /a%zz HTTP/1.1\r\nHost: clinic\r\n\r\n",
  "a cut escape": "GET /a%4 HTTP/1.1\r\nHost: clinic\r\n\r\n",
  "an escaped NUL": "GET /a%00.aspx HTTP/1.1\r\nHost: clinic\r\n\r\n",
  "an escaped line feed": "GET /a%0d%0aX: HTTP/1.1\r\nHost: clinic\r\n\r\n",
  "a name Windows trims": "GET /Login.aspx. HTTP/1.1\r\nHost: clinic\r\n\r\n",
  "a data stream of NTFS": "GET /Login.aspx::$DATA HTTP/1.1\r\nHost: clinic\r\n\r\n",
  "a fragment": "GET /a#b HTTP/1.1\r\nHost: clinic\r\n\r\n",
  "raw bytes above ASCII": "GET /\xe4 HTTP/1.1\r\nHost: clinic\r\n\r\n",
  "HTTP/0.9": "GET /a\r\n\r\n",
  "HTTP/2 preface": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
};

describe("refused with 400, nothing reaches a target, the connection ends", () => {
  for (const [name, bytes] of Object.entries(refused)) {
    test(name, async () => {
      seen.length = 0;
      const answer = await rawCall(proxy.port, Buffer.from(bytes, "latin1"), "\r\n\r\n", 1_500).catch(() => "");
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      // What a refused message carries behind it must not be taken for a second request.
      await new Promise((resolve) => setImmediate(resolve));
      expect(seen).toEqual([]);
      expect(answer).not.toContain("evil");
    });
  }
});

test("TRACE, CONNECT and made-up methods never reach a target", async () => {
  for (const method of ["TRACE", "PROPFIND", "BREW"]) {
    seen.length = 0;
    const answer = await rawCall(proxy.port, `${method} /a HTTP/1.1\r\nHost: clinic\r\n\r\n`, "\r\n\r\n", 1_500);
    expect(answer).toMatch(/^HTTP\/1\.1 (400|405) /);
    expect(seen).toEqual([]);
  }
  await rawCall(proxy.port, "CONNECT evil:443 HTTP/1.1\r\nHost: clinic\r\n\r\n", "\r\n\r\n", 500).catch(() => "");
  expect(seen).toEqual([]);
});

describe("made one way of reading, and forwarded so", () => {
  const normalised: readonly (readonly [name: string, bytes: string, forwarded: string])[] = [
    [
      "absolute form of this host",
      "GET http://Clinic/a?b=1 HTTP/1.1\r\nHost: clinic\r\nConnection: close\r\n\r\n",
      "GET /a?b=1 ",
    ],
    [
      "escaped unreserved characters",
      "GET /%61%2Dx HTTP/1.1\r\nHost: clinic\r\nConnection: close\r\n\r\n",
      "GET /a-x ",
    ],
    ["lower-case escapes", "GET /a%c3%a4 HTTP/1.1\r\nHost: clinic\r\nConnection: close\r\n\r\n", "GET /a%C3%A4 "],
    ["doubled slashes", "GET //a///b HTTP/1.1\r\nHost: clinic\r\nConnection: close\r\n\r\n", "GET /a/b "],
    [
      "chunk extensions are read and end here",
      "POST /a HTTP/1.1\r\nHost: clinic\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5;ext=1\r\nhello\r\n0\r\n\r\n",
      "POST /a hello",
    ],
    [
      "an upper-case Chunked",
      "POST /a HTTP/1.1\r\nHost: clinic\r\nTransfer-Encoding: Chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
      "POST /a hello",
    ],
  ];
  for (const [name, bytes, forwarded] of normalised) {
    test(name, async () => {
      seen.length = 0;
      expect(await rawCall(proxy.port, bytes)).toContain("target");
      expect(seen).toEqual([forwarded]);
    });
  }
});

test("a pipelined second request is its own request", async () => {
  seen.length = 0;
  const two = "GET /one HTTP/1.1\r\nHost: clinic\r\n\r\nGET /two HTTP/1.1\r\nHost: clinic\r\nConnection: close\r\n\r\n";
  await rawCall(proxy.port, two);
  expect(seen).toEqual(["GET /one ", "GET /two "]);
});

test("an address too long is 414, headers too large 431, and neither answer repeats anything", async () => {
  const long = await rawCall(
    proxy.port,
    `GET /${"n".repeat(9_000)} HTTP/1.1\r\nHost: clinic\r\n\r\n`,
    "\r\n\r\n",
    1_500,
  );
  expect(long).toMatch(/^HTTP\/1\.1 414 /);
  const large = await rawCall(
    proxy.port,
    `GET / HTTP/1.1\r\nHost: clinic\r\nX: ${"n".repeat(40_000)}\r\n\r\n`,
    "\r\n\r\n",
    1_500,
  );
  expect(large).toMatch(/^HTTP\/1\.1 431 /);
  expect(long + large).not.toContain("nnnn");
});
