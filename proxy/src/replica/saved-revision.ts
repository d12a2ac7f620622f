/**
 * The last good revision on disk, so that a replica that starts while control is away serves what it served before. Written
 * to a temporary file, forced to disk and renamed: after a crash there is the old one or the new one, never half of one.
 * The fences of the moment are part of it: a replica that restarts inside a flip stays fenced until it learns the outcome.
 */

import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { z } from "zod";
import { type RevisionMessage, revisionMessage } from "./revision-message.ts";

const savedShape = z.object({ revision: revisionMessage, fences: z.array(z.string()).default([]) });

export type Saved = { readonly revision: RevisionMessage; readonly fences: readonly string[] };

/** @throws the file system's error; then the revision must not be acknowledged. */
export async function saveRevision(file: string, saved: Saved): Promise<void> {
  const folder = dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const temporary = `${file}.new`;
  const handle = await open(temporary, "w", 0o600);
  try {
    await handle.writeFile(JSON.stringify(saved));
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, file);
  // The new name itself must survive a power cut too.
  const directory = await open(folder, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/** @returns undefined when there is none, `"unreadable"` when there is one that cannot be used. */
export async function loadRevision(file: string): Promise<Saved | "unreadable" | undefined> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    return "unreadable";
  }
  try {
    return savedShape.parse(JSON.parse(text));
  } catch {
    // Damaged, or of another version: the caller says so and takes its first rules instead.
    return "unreadable";
  }
}
