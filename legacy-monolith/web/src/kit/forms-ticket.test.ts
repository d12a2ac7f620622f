import { fixedClock } from "@banyan/kernel";
import { describe, expect, test } from "vitest";
import { createFormsTickets } from "./forms-ticket.ts";

const minuteMs = 60_000;
const start = new Date("2026-11-22T15:00:00Z");

describe("forms ticket", () => {
  test("is upper-case hex and lives 20 minutes", () => {
    const clock = fixedClock(start);
    const tickets = createFormsTickets("machine key", clock);
    const value = tickets.issue("FRONT1");
    expect(value).toMatch(/^[0-9A-F]+$/);
    expect(tickets.read(value)?.name).toBe("FRONT1");
    clock.advance(20 * minuteMs - 1);
    expect(tickets.read(value)).toBeDefined();
    clock.advance(1);
    expect(tickets.read(value)).toBeUndefined();
  });

  test("asks to be renewed in the second half of its life only", () => {
    const clock = fixedClock(start);
    const tickets = createFormsTickets("machine key", clock);
    const ticket = tickets.read(tickets.issue("FRONT1"));
    if (!ticket) throw new Error("ticket unreadable");
    clock.advance(10 * minuteMs);
    expect(tickets.isHalfOver(ticket)).toBe(false);
    clock.advance(1);
    expect(tickets.isHalfOver(ticket)).toBe(true);
  });

  test("of another key, of the portal, damaged or made up is no ticket", () => {
    const tickets = createFormsTickets("machine key", fixedClock(start));
    const value = tickets.issue("FRONT1");
    const portal = tickets.issuePortal({ portalUserId: 1, loginName: "pat", patNo: 100001, proxyForPatNo: null });
    expect(createFormsTickets("other key", fixedClock(start)).read(value)).toBeUndefined();
    expect(tickets.read(portal)).toBeUndefined();
    expect(tickets.readPortal(value)).toBeUndefined();
    expect(tickets.readPortal(portal)?.identity.patNo).toBe(100001);
    const flipped = (value.startsWith("0") ? "1" : "0") + value.slice(1);
    for (const bad of ["", "00", "zz", flipped, value.slice(0, -2), `${value}00`, "A".repeat(5000)]) {
      expect(tickets.read(bad)).toBeUndefined();
    }
  });
});
