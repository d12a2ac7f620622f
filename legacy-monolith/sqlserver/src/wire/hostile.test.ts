/** Clients that do not keep to the protocol, and what becomes of the others. */

import { once } from "node:events";
import { connect as connectSocket, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { frame } from "./packets.ts";
import { connect, serve, type TestServer } from "./test-clients.ts";

let server: TestServer;

beforeEach(async () => {
  server = await serve(
    {
      batch(_text, sink) {
        sink.done({ kind: "update", rowCount: 1 });
      },
    },
    { limits: { loginMsMax: 300 } },
  );
});
afterEach(() => server.close());

function open(): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connectSocket(server.port, "127.0.0.1", () => resolve(socket));
    socket.on("error", () => {});
    socket.resume();
  });
}

async function closesAfter(...chunks: readonly Buffer[]): Promise<void> {
  const socket = await open();
  const closed = once(socket, "close");
  for (const chunk of chunks) socket.write(chunk);
  await closed;
}

async function stillServes(): Promise<void> {
  const pool = await connect(server.port);
  expect((await pool.request().batch("x")).rowsAffected).toEqual([1]);
  await pool.close();
}

const packet = (type: number, payload: Buffer): Buffer =>
  frame(payload, { type, packetBytes: 4096, spid: 0, number: 1, last: true });

const prelogin = packet(0x12, Buffer.from("0100060001ff00", "hex"));

describe("a connection that", () => {
  it.each<readonly [string, readonly Buffer[]]>([
    ["speaks HTTP", [Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")]],
    ["sends random bytes", [Buffer.alloc(4096, 0xab)]],
    ["announces an empty packet", [Buffer.from("0101000000000100", "hex")]],
    ["sends a batch before the login", [packet(0x01, Buffer.from("select 1", "utf16le"))]],
    ["sends an attention before the login", [packet(0x06, Buffer.alloc(0))]],
    ["sends a PRELOGIN that points outside of itself", [packet(0x12, Buffer.from("00ffff0006ff", "hex"))]],
    ["sends a LOGIN7 that is too short", [prelogin, packet(0x10, Buffer.alloc(40))]],
    ["sends a LOGIN7 whose strings lie outside of it", [prelogin, packet(0x10, hugeOffsets())]],
    ["sends a login without an end", [prelogin, ...Array.from({ length: 40 }, () => endless(0x10))]],
    [
      "starts TLS with something else",
      [packet(0x12, Buffer.from("0100060001ff01", "hex")), packet(0x12, Buffer.alloc(64, 0x55))],
    ],
    ["says nothing at all", []],
    ["sends half a packet and waits", [Buffer.from("12010040", "hex")]],
  ])("%s is closed, and the others are served", async (_name, chunks) => {
    await closesAfter(...chunks);
    await stillServes();
  });
});

/** LOGIN7 of TDS 7.4 whose every offset and length is FFFF. */
function hugeOffsets(): Buffer {
  const login = Buffer.alloc(94, 0xff);
  login.writeUInt32LE(0x74000004, 4);
  login.writeUInt8(0, 27);
  return login;
}

/** A full packet that does not end its message. */
function endless(type: number): Buffer {
  const bytes = packet(type, Buffer.alloc(4088));
  bytes[1] = 0;
  return bytes;
}

describe("the server", () => {
  it("ends a session whose request is malformed with error 4002, and only that one", async () => {
    const pool = await connect(server.port);
    await pool.request().batch("x");
    const other = await connect(server.port);
    await other.request().batch("x");
    expect(server.connections).toBe(2);
    const socket = await loggedIn();
    const closed = once(socket, "close");
    let answer = Buffer.alloc(0);
    socket.on("data", (chunk: Buffer) => {
      answer = Buffer.concat([answer, chunk]);
    });
    // A call of procedure 10 whose parameter announces more than it holds.
    const call = Buffer.from(
      `16000000120000000200${"00".repeat(8)}01000000ffff0a0000000000e7401f0904d00034ff0061`,
      "hex",
    );
    socket.write(packet(0x03, call));
    await closed;
    expect(answer.includes(Buffer.from("a20f0000", "hex"))).toBe(true);
    expect((await pool.request().batch("x")).rowsAffected).toEqual([1]);
    await pool.close();
    await other.close();
  });

  it("drops connections on demand, oldest first, and clients can come back", async () => {
    const pool = await connect(server.port);
    await pool.request().batch("x");
    expect(server.dropConnections(1)).toBe(1);
    await expect.poll(() => server.connections).toBe(0);
    await stillServes();
    await pool.close();
  });

  it("closes with clients connected and leaves no session behind", async () => {
    const pool = await connect(server.port);
    await pool.request().batch("x");
    await server.close();
    expect(server.backend.closed).toBe(server.backend.logins.length);
    await pool.close();
    server = await serve();
  });
});

/** A bare socket behind a login without encryption. */
async function loggedIn(): Promise<Socket> {
  const socket = await open();
  const login = Buffer.alloc(94);
  login.writeUInt32LE(94, 0);
  login.writeUInt32LE(0x74000004, 4);
  for (let field = 36; field < 86; field += 4) login.writeUInt16LE(94, field);
  socket.write(packet(0x10, login));
  await once(socket, "data");
  return socket;
}
