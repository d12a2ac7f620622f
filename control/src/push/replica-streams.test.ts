import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { fixedClock } from "@banyan/kernel";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { limits } from "../limits.ts";
import { ReplicaStreams } from "./replica-streams.ts";

/** A response whose socket takes lines only while `takes` is true. */
class Socket extends EventEmitter {
  readonly lines: string[] = [];
  takes = true;
  writableNeedDrain = false;
  destroyed = false;
  writeHead(): this {
    return this;
  }
  write(line: string): boolean {
    this.lines.push(line.trim());
    this.writableNeedDrain = !this.takes;
    return this.takes;
  }
  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
  drain(): void {
    this.takes = true;
    this.writableNeedDrain = false;
    this.emit("drain");
  }
  get response(): ServerResponse {
    return this as unknown as ServerResponse;
  }
}

const clock = fixedClock(new Date());
let streams: ReplicaStreams;
const stalled: string[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  stalled.length = 0;
  streams = new ReplicaStreams(clock, (id) => stalled.push(id));
});
afterEach(() => {
  vi.useRealTimers();
});

describe("a stream", () => {
  test("gets the whole state when it opens, the revision before the conditions", () => {
    streams.publishConditions("fences 1\n", []);
    streams.publishRevision(() => "revision 1\n");
    const socket = new Socket();
    streams.open("a", socket.response, () => undefined);
    expect(socket.lines).toEqual(["revision 1", "fences 1"]);
  });

  test("whose socket is full skips to the newest state, revision first, and holds no other up", () => {
    const [slow, quick] = [new Socket(), new Socket()];
    streams.open("slow", slow.response, () => undefined);
    streams.open("quick", quick.response, () => undefined);
    slow.takes = false;
    for (const number of [1, 2, 3, 4]) {
      streams.publishConditions(`fences ${number}\n`, []);
      streams.publishRevision(() => `revision ${number}\n`);
    }
    expect(quick.lines).toHaveLength(8);
    expect(slow.lines).toEqual(["fences 1"]);
    slow.drain();
    expect(slow.lines).toEqual(["fences 1", "revision 4", "fences 4"]);
  });

  test("that takes nothing for long is cut; an idle one gets signs of life", () => {
    const [slow, quick] = [new Socket(), new Socket()];
    let left = 0;
    streams.open("slow", slow.response, () => undefined);
    streams.open("quick", quick.response, () => (left += 1));
    slow.takes = false;
    streams.publishRevision(() => "revision 1\n");
    vi.advanceTimersByTime(limits.keepAliveMs);
    expect(quick.lines).toEqual(["revision 1", ""]);
    expect(slow.destroyed).toBe(false);
    clock.advance(limits.streamStallMsMax);
    vi.advanceTimersByTime(limits.keepAliveMs);
    expect(slow.destroyed).toBe(true);
    expect(stalled).toEqual(["slow"]);
    expect(streams.count).toBe(1);
    quick.destroy();
    expect([streams.count, left]).toEqual([0, 1]);
  });
});
