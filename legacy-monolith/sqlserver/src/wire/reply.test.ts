/** The exact bytes of answers, against MS-TDS 2.2.7. */

import { describe, expect, it } from "vitest";
import type { SqlMessage } from "../contract.ts";
import { Reply } from "./reply.ts";
import { column } from "./scripted-backend.ts";
import { tds71, tds74 } from "./type-info.ts";

function collected(options: { version?: number; packetBytes?: number; inTransaction?: boolean } = {}) {
  const packets: Buffer[] = [];
  const reply = new Reply({
    target: { write: (bytes) => packets.push(bytes) > 0, drained: () => undefined },
    packetBytes: options.packetBytes ?? 4096,
    spid: 51,
    version: options.version ?? tds74,
    serverName: "S",
    inTransaction: () => options.inTransaction ?? false,
  });
  /** Tokens of the one packet, as hex. */
  const tokens = (): string => Buffer.concat(packets).subarray(8).toString("hex");
  return { reply, packets, tokens };
}

const done = (status: string, command: string, count: string): string => `fd${status}${command}${count}`;
const count = (value: number): string => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes.toString("hex");
};
const failure: SqlMessage = { number: 547, state: 1, severity: 16, text: "E", line: 3 };
/** length, number, state, class, US text, B server, B procedure, line */
const failureToken = `aa${"1200"}${"23020000"}0110${"01004500"}${"015300"}00${"03000000"}`;

describe("DONE", () => {
  it("says MORE for every statement but the last, and counts only where there is a count", () => {
    const { reply, tokens } = collected();
    reply.done({ kind: "insert", rowCount: 2 });
    reply.done({ kind: "other" });
    reply.done({ kind: "update", rowCount: 0 });
    reply.end();
    expect(tokens()).toBe(
      done("1100", "c300", count(2)) + done("0100", "0000", count(0)) + done("1000", "c500", count(0)),
    );
  });

  it("ends a batch without statements with one plain DONE", () => {
    const { reply, tokens } = collected();
    reply.end();
    expect(tokens()).toBe(done("0000", "0000", count(0)));
  });

  it("carries ERROR for the statement that failed and for no other", () => {
    const { reply, tokens } = collected();
    reply.message(failure);
    reply.done({ kind: "delete" });
    reply.done({ kind: "delete", rowCount: 1 });
    reply.end();
    expect(tokens()).toBe(failureToken + done("0300", "c400", count(0)) + done("1000", "c400", count(1)));
  });

  it("tells of a failure that no statement end followed", () => {
    const { reply, tokens } = collected();
    reply.message(failure);
    reply.end();
    expect(tokens()).toBe(failureToken + done("0200", "0000", count(0)));
  });

  it("parts a failed statement from the rows of the next one", () => {
    const { reply, tokens } = collected();
    reply.message(failure);
    reply.columns([column("a", { name: "bit" })]);
    reply.done({ kind: "select", rowCount: 0 });
    reply.end();
    expect(tokens()).toContain(`${failureToken}${done("0300", "0000", count(0))}810100`);
    expect(tokens()).toMatch(new RegExp(`${done("1000", "c100", count(0))}$`));
  });

  it("says INXACT while a transaction is open", () => {
    const { reply, tokens } = collected({ inTransaction: true });
    reply.done({ kind: "other" });
    reply.end();
    expect(tokens()).toBe(done("0400", "0000", count(0)));
  });

  it("has four count bytes before TDS 7.2", () => {
    const { reply, tokens } = collected({ version: tds71 });
    reply.done({ kind: "select", rowCount: 7 });
    reply.end();
    expect(tokens()).toBe(done("1000", "c100", "07000000"));
  });

  it("says ATTN and nothing else to an attention", () => {
    const { reply, tokens } = collected();
    reply.attention();
    expect(tokens()).toBe(done("2000", "0000", count(0)));
  });
});

describe("a procedure call", () => {
  it("is answered by DONEINPROC per statement, return status, output values and DONEPROC", () => {
    const { reply, tokens } = collected();
    reply.startProcedure();
    reply.done({ kind: "insert", rowCount: 1 });
    reply.endProcedure(
      { returnStatus: -6, outputs: [{ ordinal: 2, name: "@n", type: { name: "int" }, value: "258" }] },
      false,
    );
    reply.endMessage();
    expect(tokens()).toBe(
      `ff${"1100"}${"c300"}${count(1)}` +
        `79${"faffffff"}` +
        `ac${"0200"}${"0240006e00"}01${"00000000"}${"0100"}${"2604"}04${"02010000"}` +
        `fe${"0000"}${"0000"}${count(0)}`,
    );
  });
});

describe("environment changes", () => {
  it("come between the statements that caused them", () => {
    const { reply, tokens } = collected();
    reply.environment({ kind: "begin", descriptor: Buffer.from("0807060504030201", "hex") });
    reply.done({ kind: "other" });
    reply.environment({ kind: "rollback", descriptor: Buffer.from("0807060504030201", "hex") });
    reply.environment({ kind: "database", name: "a", previous: "b" });
    reply.end();
    expect(tokens()).toBe(
      `e3${"0b00"}08${"080807060504030201"}00` +
        done("0100", "0000", count(0)) +
        `e3${"0b00"}0a${"00"}${"080807060504030201"}` +
        `e3${"0700"}01${"016100"}${"016200"}` +
        done("0000", "0000", count(0)),
    );
  });
});

describe("rows", () => {
  it("leave out nulls where the protocol has a bitmap for them", () => {
    const columns = [column("a", { name: "int" }), column("b", { name: "bit" }, false)];
    const modern = collected();
    modern.reply.columns(columns);
    modern.reply.row([null, "1"]);
    modern.reply.end();
    expect(modern.tokens()).toContain(`d201${"0101"}fd`);
    const old = collected({ version: tds71 });
    old.reply.columns(columns);
    old.reply.row([null, "1"]);
    old.reply.end();
    expect(old.tokens()).toContain(`d1${"00"}${"0101"}fd`);
  });

  it("announce flags, types and names of columns", () => {
    const { reply, tokens } = collected();
    reply.columns([
      { name: "id", type: { name: "bigint" }, nullable: false, identity: true },
      { name: "c", type: { name: "varchar", length: 5 }, nullable: true, computed: true },
      { name: "", type: { name: "timestamp" }, nullable: false },
      { name: "t", type: { name: "ntext" }, nullable: true, table: "n" },
    ]);
    reply.end();
    expect(tokens()).toContain(
      `81${"0400"}` +
        `${"00000000"}${"1000"}${"2608"}${"0269006400"}` +
        `${"00000000"}${"2100"}a7${"0500"}${"0904d00034"}${"016300"}` +
        `${"50000000"}${"0800"}ad${"0800"}00` +
        `${"00000000"}${"0900"}63${"feffff7f"}${"0904d00034"}01${"01006e00"}${"017400"}`,
    );
  });

  it("take a value that cannot be sent back whole, so that an error can follow", () => {
    const { reply, tokens } = collected();
    reply.columns([column("a", { name: "varchar", length: 3 }), column("b", { name: "tinyint" })]);
    expect(() => reply.row(["abc", "300"])).toThrow("overflow");
    reply.message(failure);
    reply.end();
    expect(tokens()).toMatch(new RegExp(`01620${"0"}${failureToken}fd0200`));
  });

  it("are cut into packets of the negotiated size, numbered, of which only the last ends the message", () => {
    const { reply, packets } = collected({ packetBytes: 512 });
    reply.columns([column("a", { name: "nvarchar", length: -1 })]);
    reply.row(["x".repeat(100_000)]);
    reply.end();
    const stream = Buffer.concat(packets);
    const seen: { length: number; number: number; status: number }[] = [];
    for (let at = 0; at < stream.length; at += stream.readUInt16BE(at + 2)) {
      seen.push({
        length: stream.readUInt16BE(at + 2),
        status: stream[at + 1] as number,
        number: stream[at + 6] as number,
      });
    }
    expect(seen.slice(0, -1).every(({ length, status }) => length === 512 && status === 0)).toBe(true);
    expect(seen.at(-1)?.status).toBe(1);
    expect(seen.map(({ number }) => number)).toEqual(seen.map((_packet, index) => (index + 1) & 0xff));
  });
});
