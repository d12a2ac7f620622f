/**
 * `__VIEWSTATE` and `__EVENTVALIDATION`. The state is base64 of a header, a small record, filler up to the size such pages
 * had (over 1 KB), and a MAC bound to the path of the page it is posted to. It depends on nothing but the machine key, the
 * path and the record, so a form rendered by one process posts to another one with the same key.
 */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { deriveKey } from "./machine-key.ts";

const header = Buffer.from([0xff, 0x01, 0x0f, 0x0f, 0x05]);
const macBytes = 32;
const fillerBytesMin = 840;

type PageState = Readonly<Record<string, string>>;

export type ViewStates = {
  /** The hidden fields' values for a form that posts to `path`. */
  issue(path: string, state: PageState): { viewState: string; eventValidation: string };
  /** The state, or undefined when the MAC is not that of this path. */
  read(path: string, viewState: string): PageState | undefined;
  isEventValidation(path: string, value: string): boolean;
};

export function createViewStates(machineKey: string): ViewStates {
  const key = deriveKey(machineKey, "viewstate");
  const mac = (purpose: string, path: string, bytes: Buffer): Buffer =>
    createHmac("sha256", key).update(`${purpose}\n${path.toLowerCase()}\n`).update(bytes).digest();
  const eventValidation = (path: string): string => {
    const head = Buffer.from([0xff, 0x01, 0x16, 0x05]);
    return Buffer.concat([head, mac("event", path, head)]).toString("base64");
  };
  return {
    issue(path, state) {
      const record = Buffer.from(JSON.stringify(state), "utf8");
      const length = Buffer.alloc(4);
      length.writeUInt32BE(record.length);
      const payload = Buffer.concat([header, length, record, filler(path)]);
      return {
        viewState: Buffer.concat([payload, mac("state", path, payload)]).toString("base64"),
        eventValidation: eventValidation(path),
      };
    },
    read(path, viewState) {
      if (!/^[A-Za-z0-9+/]+={0,2}$/.test(viewState)) return undefined;
      const bytes = Buffer.from(viewState, "base64");
      if (bytes.length < header.length + 4 + macBytes) return undefined;
      const payload = bytes.subarray(0, bytes.length - macBytes);
      if (!timingSafeEqual(bytes.subarray(bytes.length - macBytes), mac("state", path, payload))) return undefined;
      const length = payload.readUInt32BE(header.length);
      const record = payload.subarray(header.length + 4, header.length + 4 + length).toString("utf8");
      // The MAC vouches for the record: it is one of `issue`, here or in another process with this key.
      return JSON.parse(record) as PageState;
    },
    isEventValidation: (path, value) => value === eventValidation(path),
  };
}

/** Bytes that look like a control tree's state: fixed for a path, so that rendering stays repeatable. */
function filler(path: string): Buffer {
  const blocks: Buffer[] = [];
  for (let index = 0; index * 32 < fillerBytesMin; index += 1) {
    blocks.push(createHash("sha256").update(`${path.toLowerCase()} ${index}`).digest());
  }
  return Buffer.concat(blocks);
}
