/** The published US Core package, for tests alone: it lies outside the repository, and what needs it skips where it is absent. */

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { gunzipSync } from "node:zlib";
import { readConfig } from "@banyan/kernel";
import type { FhirResource } from "fhir/r4.js";

const shared = readConfig().BANYAN_SHARED_DATA ?? resolve(import.meta.dirname, "../../../../../shared/data");
const archive = join(shared, "us-core-6.1.0/hl7.fhir.us.core-6.1.0.tgz");

export const hasUsCore = existsSync(archive);
export const whyNoUsCore = "the US Core 6.1.0 package is not there (BANYAN_SHARED_DATA)";

/** Every JSON resource of the package by its path, `package/example/Patient-example.json`. */
export function readUsCore(): ReadonlyMap<string, FhirResource> {
  const files = new Map<string, FhirResource>();
  for (const [name, bytes] of entriesOf(gunzipSync(readFileSync(archive))))
    if (/^package\/(example\/)?[A-Z][A-Za-z]+-[^/]+\.json$/.test(name))
      files.set(name, JSON.parse(bytes.toString("utf8")) as FhirResource);
  return files;
}

/** A tar archive is blocks of 512 bytes: a header with name and size, then the file (POSIX.1-2001, pax). */
function* entriesOf(tar: Buffer): Generator<[name: string, bytes: Buffer]> {
  const field = (at: number, length: number): string => tar.toString("utf8", at, at + length).replace(/\0.*$/s, "");
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(field(at + 124, 12).trim(), 8);
    const prefix = field(at + 345, 155);
    const name = prefix === "" ? field(at, 100) : `${prefix}/${field(at, 100)}`;
    yield [name, tar.subarray(at + 512, at + 512 + size)];
    at += 512 + Math.ceil(size / 512) * 512;
  }
}
