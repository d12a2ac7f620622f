/**
 * The opaque cursor of a `next` link: the search and the place it has reached, sealed with a key of the service. A link must not
 * carry a patient's name in the open, and a client must not make one up. Sealed by AES-256-GCM; stateless, so it costs nothing to keep.
 */

import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import type { Clock } from "@banyan/kernel";
import { z } from "zod";
import { limits } from "../limits.ts";
import { FhirRefusal } from "../refusal.ts";

const shape = z.object({
  type: z.string(),
  pairs: z.array(z.tuple([z.string(), z.string()])),
  /** Values of the sort keys, then the id, of the last entry given. */
  after: z.array(z.string().nullable()),
  atMs: z.number(),
});

export type Place = Omit<z.infer<typeof shape>, "atMs">;

export type Cursors = {
  seal(place: Place): string;
  /** @throws FhirRefusal parameter for one that is not ours, or too old */
  open(cursor: string): Place;
};

/** @param secret of the service; instances that share it read each other's cursors. Undefined: a new one, good for this process. */
export function createCursors(secret: string | undefined, clock: Clock): Cursors {
  const key = Buffer.from(hkdfSync("sha256", secret ?? randomBytes(32), "", "banyan fhir cursor", 32));
  return {
    seal(place) {
      const iv = randomBytes(12);
      const cipher = createCipheriv("aes-256-gcm", key, iv);
      const text = JSON.stringify({ ...place, atMs: clock.now().getTime() });
      return Buffer.concat([iv, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]).toString(
        "base64url",
      );
    },
    open(cursor) {
      const place = unseal(key, cursor);
      if (!place || clock.now().getTime() - place.atMs > limits.cursorAgeMsMax)
        throw new FhirRefusal(
          "parameter",
          "_cursor is not one this server gave within the last hour; start the search anew",
        );
      return place;
    },
  };
}

function unseal(key: Buffer, cursor: string): z.infer<typeof shape> | undefined {
  const bytes = Buffer.from(cursor.slice(0, limits.cursorCharsMax), "base64url");
  if (bytes.length < 12 + 16) return undefined;
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, 12));
  decipher.setAuthTag(bytes.subarray(-16));
  try {
    const text = decipher.update(bytes.subarray(12, -16), undefined, "utf8") + decipher.final("utf8");
    return shape.parse(JSON.parse(text));
  } catch {
    // Someone else's text: the caller says so. The cause is of no use and may hold pieces of it.
    return undefined;
  }
}
