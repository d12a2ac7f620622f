import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { frame, PacketParser } from "./packets.ts";

describe("packets", () => {
  it("give a message back whole, whatever its size and wherever the network cuts it", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 5000 }),
        fc.integer({ min: 512, max: 2000 }),
        fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 20 }),
        (bytes, packetBytes, cuts) => {
          const message = Buffer.from(bytes);
          const stream = frame(message, { type: 4, packetBytes, spid: 51, number: 1, last: true });
          const payloads: Buffer[] = [];
          const ends: boolean[] = [];
          const parser = new PacketParser((type, status, payload) => {
            expect(type).toBe(4);
            ends.push(status === 1);
            payloads.push(Buffer.from(payload));
          });
          let rest = stream;
          for (const cut of cuts) {
            parser.push(rest.subarray(0, cut));
            rest = rest.subarray(cut);
          }
          parser.push(rest);
          expect(Buffer.concat(payloads).equals(message)).toBe(true);
          expect(ends.indexOf(true)).toBe(ends.length - 1);
          expect(parser.waitingBytes).toBe(0);
        },
      ),
    );
  });

  it.each([0, 7, 32769])("refuse a header that announces %i bytes", (length) => {
    const header = Buffer.from([1, 1, length >> 8, length & 0xff, 0, 0, 1, 0]);
    expect(() => new PacketParser(() => {}).push(header)).toThrow("announced");
  });
});
