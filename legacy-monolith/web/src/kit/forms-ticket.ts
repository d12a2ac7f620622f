/**
 * Forms authentication tickets (`.EHRAUTH`, `.PORTALAUTH`): upper-case hex of an encrypted, authenticated record with its
 * own end. Sliding as ASP.NET does it: a request in the second half of the life gets a new ticket. Any process with the
 * same machine key can read and renew them.
 */

import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { Clock } from "@banyan/kernel";
import { deriveKey, type PortalIdentity } from "@banyan/webforms";
import { z } from "zod";
import { slidingMs } from "../limits.ts";

const ticketShape = z.object({ n: z.string(), i: z.number(), e: z.number(), d: z.unknown() });
const portalShape = z.object({
  portalUserId: z.number(),
  loginName: z.string(),
  patNo: z.number(),
  proxyForPatNo: z.number().nullable(),
});

type Ticket = { readonly name: string; readonly issuedAt: Date; readonly expiresAt: Date };
type PortalTicket = Ticket & { readonly identity: PortalIdentity };

export type FormsTickets = {
  issue(usrId: string): string;
  /** Undefined for a forged, damaged or ended ticket. */
  read(value: string): Ticket | undefined;
  issuePortal(identity: PortalIdentity): string;
  readPortal(value: string): PortalTicket | undefined;
  /** Whether half of the life is over, so that the request should renew it. */
  isHalfOver(ticket: Ticket): boolean;
};

export function createFormsTickets(machineKey: string, clock: Clock): FormsTickets {
  const staffKey = deriveKey(machineKey, "ticket .EHRAUTH");
  const portalKey = deriveKey(machineKey, "ticket .PORTALAUTH");
  const issue = (key: Buffer, name: string, data: unknown): string => {
    const now = clock.now().getTime();
    return seal(key, JSON.stringify({ n: name, i: now, e: now + slidingMs, d: data }));
  };
  const read = (key: Buffer, value: string): (Ticket & { data: unknown }) | undefined => {
    const opened = unseal(key, value);
    const parsed = opened === undefined ? undefined : ticketShape.safeParse(opened);
    if (!parsed?.success || parsed.data.e <= clock.now().getTime()) return undefined;
    const { n, i, e, d } = parsed.data;
    return { name: n, issuedAt: new Date(i), expiresAt: new Date(e), data: d };
  };
  return {
    issue: (usrId) => issue(staffKey, usrId, null),
    read(value) {
      const ticket = read(staffKey, value);
      return ticket && { name: ticket.name, issuedAt: ticket.issuedAt, expiresAt: ticket.expiresAt };
    },
    issuePortal: (identity) => issue(portalKey, identity.loginName, identity),
    readPortal(value) {
      const ticket = read(portalKey, value);
      const identity = portalShape.safeParse(ticket?.data);
      if (!ticket || !identity.success) return undefined;
      return { name: ticket.name, issuedAt: ticket.issuedAt, expiresAt: ticket.expiresAt, identity: identity.data };
    },
    isHalfOver: (ticket) =>
      clock.now().getTime() - ticket.issuedAt.getTime() > ticket.expiresAt.getTime() - clock.now().getTime(),
  };
}

function seal(key: Buffer, plain: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", key, iv);
  const sealed = Buffer.concat([cipher.update(plain, "utf8"), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString("hex").toUpperCase();
}

/** The record of a sealed value; undefined for whatever was not sealed with this key. */
function unseal(key: Buffer, value: string): unknown {
  if (!/^[0-9A-Fa-f]{60,4096}$/.test(value)) return undefined;
  const bytes = Buffer.from(value, "hex");
  if (bytes.length < 29) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(12, 28));
  try {
    return JSON.parse(Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString("utf8"));
  } catch {
    // A value that does not open is somebody's forgery or another machine's ticket: the expected answer is "no ticket".
    return undefined;
  }
}
