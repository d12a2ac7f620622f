/**
 * Envelope encryption of samples. Every sample has a data key of its own (AES-256-GCM), which is wrapped by the deployment's
 * key; the sample's id is bound to both, so that one sample's text never opens as another's. Without the deployment's key
 * samples are not kept at all.
 */

import { createCipheriv, createDecipheriv, createHash, randomBytes } from "node:crypto";
import { AppError } from "@banyan/kernel";

export type Sealed = { readonly wrappedKey: Buffer; readonly sealed: Buffer };

const ivBytes = 12;
const tagBytes = 16;

export class Vault {
  readonly #key: Buffer;

  /** @param secret any text of at least 32 characters; its SHA-256 is the key. */
  constructor(secret: string) {
    this.#key = createHash("sha256").update(secret).digest();
  }

  seal(id: string, plain: Buffer): Sealed {
    const dataKey = randomBytes(32);
    return { wrappedKey: encrypt(this.#key, id, dataKey), sealed: encrypt(dataKey, id, plain) };
  }

  /** @throws AppError SAMPLE_UNREADABLE when key or text are not what was sealed. */
  open(id: string, { wrappedKey, sealed }: Sealed): Buffer {
    try {
      return decrypt(decrypt(this.#key, id, wrappedKey), id, sealed);
    } catch (cause) {
      throw new AppError({
        code: "SAMPLE_UNREADABLE",
        op: "open a sample",
        message: "the sample does not open with this deployment's key",
        hint: "Start control with the BANYAN_SAMPLE_KEY the sample was taken under. Samples under a lost key end by themselves.",
        cause,
      });
    }
  }
}

function encrypt(key: Buffer, bound: string, plain: Buffer): Buffer {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(bound));
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, bound: string, text: Buffer): Buffer {
  const decipher = createDecipheriv("aes-256-gcm", key, text.subarray(0, ivBytes)).setAAD(Buffer.from(bound));
  decipher.setAuthTag(text.subarray(text.length - tagBytes));
  return Buffer.concat([decipher.update(text.subarray(ivBytes, text.length - tagBytes)), decipher.final()]);
}
