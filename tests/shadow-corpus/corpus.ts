/**
 * The published corpus of the comparer: answers of the running legacy web (generated patients), and labelled pairs of them.
 * A pair is two captures of one URL, by two sessions a minute apart, with a defect or a harmless change worked into the right
 * one; what was worked in is written in the pair, so that anybody can judge the label.
 */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Answer, answerOfFile, channels, kinds, transforms } from "@banyan/comparer";
import iconv from "iconv-lite";
import { parse } from "yaml";
import { z } from "zod";

const edit = z.tuple([z.string(), z.string()]);
const pattern = z.union([edit, z.tuple([z.string(), z.string(), z.enum(["all", "once"])])]);

const pairSchema = z
  .strictObject({
    id: z.string(),
    route: z.string(),
    left: z.string(),
    right: z.string(),
    /** Text of the left body and what stands in its place; each must occur exactly once. */
    leftBody: z.array(edit).default([]),
    leftPattern: pattern.optional(),
    body: z.array(edit).default([]),
    bodyPattern: pattern.optional(),
    bytesPattern: pattern.optional(),
    head: z.array(edit).default([]),
    headPattern: pattern.optional(),
    /** Beginnings of two lines that change places. */
    swapLines: edit.optional(),
    /** The body is written in this charset whatever its headers say. */
    encode: z.string().optional(),
    gzip: z.boolean().default(false),
    empty: z.boolean().default(false),
    /** Bytes the body is cut to. */
    truncate: z.number().optional(),
    label: z.enum(["defect", "harmless"]),
    class: z.string(),
    /** What the comparer must name, among whatever else it finds. */
    finds: z
      .strictObject({
        channel: z.enum(channels),
        kind: z.enum(kinds),
        transform: z.enum(transforms),
        path: z.string(),
      })
      .partial()
      .optional(),
  })
  .refine((pair) => (pair.label === "defect") === (pair.finds !== undefined), "a defect says what is to be found");

type PairConfig = z.infer<typeof pairSchema>;

export type Pair = Pick<PairConfig, "id" | "route" | "label" | "class" | "finds"> & {
  readonly left: Answer;
  readonly right: Answer;
  /** Names of the captures. */
  readonly answers: readonly string[];
  /** Set aside: looked at only after the rules were written. Chosen by the hash of the id, so not by us. */
  readonly heldOut: boolean;
};

const folder = import.meta.dirname;

export function readCorpus(): Pair[] {
  const files = readdirSync(join(folder, "pairs")).sort();
  return files.flatMap((file) => {
    const configs = z.array(pairSchema).parse(parse(readFileSync(join(folder, "pairs", file), "utf8")));
    return configs.map(pairOf);
  });
}

function pairOf(config: PairConfig): Pair {
  const { id, route, label, class: classOf, finds } = config;
  const left = edited(config.left, { id, text: [...config.leftBody], pattern: config.leftPattern });
  const right = edited(config.right, {
    id,
    text: config.body,
    pattern: config.bodyPattern,
    head: config.head,
    headPattern: config.headPattern,
    bytesPattern: config.bytesPattern,
    swapLines: config.swapLines,
    finish: (body) => finished(config, body),
    encode: config.encode,
  });
  const answer = config.gzip ? { ...right, headers: [...right.headers, ["Content-Encoding", "gzip"] as const] } : right;
  const heldOut = (createHash("sha256").update(id).digest()[0] ?? 0) % 3 === 0;
  return {
    id,
    route,
    label,
    class: classOf,
    finds,
    left,
    right: answer,
    answers: [config.left, config.right],
    heldOut,
  };
}

type Pattern = z.infer<typeof pattern>;

type Changes = {
  readonly id: string;
  readonly text?: readonly (readonly [string, string])[];
  readonly pattern?: Pattern | undefined;
  readonly head?: readonly (readonly [string, string])[];
  readonly headPattern?: Pattern | undefined;
  readonly bytesPattern?: Pattern | undefined;
  readonly swapLines?: readonly [string, string] | undefined;
  readonly encode?: string | undefined;
  readonly finish?: (body: Buffer) => Buffer;
};

function edited(name: string, changes: Changes): Answer {
  const bytes = readFileSync(join(folder, "answers", `${name}.http`));
  const split = bytes.indexOf("\r\n\r\n") + 2;
  let head = bytes.toString("latin1", 0, split);
  for (const one of changes.head ?? []) head = replaced(changes.id, head, one);
  if (changes.headPattern) head = replacedPattern(changes.id, head, changes.headPattern);
  let body: Buffer = bytes.subarray(split + 2);
  const charset = /charset=([\w-]+)/.exec(head)?.[1] ?? "latin1";
  const isText = (changes.text ?? []).length > 0 || changes.pattern || changes.swapLines || changes.encode;
  if (isText) {
    // The charset of the capture, not the one an edited head claims.
    const written = /charset=([\w-]+)/.exec(bytes.toString("latin1", 0, split))?.[1] ?? charset;
    body = iconv.encode(editedText(iconv.decode(body, written), changes), changes.encode ?? written);
  }
  if (changes.bytesPattern) {
    body = Buffer.from(replacedPattern(changes.id, body.toString("latin1"), changes.bytesPattern), "latin1");
  }
  return answerOfFile(name, Buffer.concat([Buffer.from(`${head}\r\n`, "latin1"), changes.finish?.(body) ?? body]));
}

function editedText(text: string, changes: Changes): string {
  let result = (changes.text ?? []).reduce((one, edit) => replaced(changes.id, one, edit), text);
  if (changes.pattern) result = replacedPattern(changes.id, result, changes.pattern);
  return changes.swapLines ? swapped(changes.id, result, changes.swapLines) : result;
}

function finished(config: PairConfig, body: Buffer): Buffer {
  if (config.empty) return Buffer.alloc(0);
  const cut = config.truncate === undefined ? body : body.subarray(0, config.truncate);
  return config.gzip ? gzipSync(cut) : cut;
}

function replaced(id: string, text: string, [from, to]: readonly [string, string]): string {
  const times = text.split(from).length - 1;
  if (times !== 1) throw new Error(`${id}: ${JSON.stringify(from)} occurs ${times} times`);
  return text.replace(from, () => to);
}

function replacedPattern(id: string, text: string, [source, to, mode = "once"]: Pattern): string {
  const result = text.replace(new RegExp(source, mode === "all" ? "g" : ""), to);
  if (result === text) throw new Error(`${id}: ${source} matches nothing`);
  return result;
}

function swapped(id: string, text: string, [one, other]: readonly [string, string]): string {
  const lines = text.split("\n");
  const [first, second] = [one, other].map((start) => lines.findIndex((line) => line.startsWith(start)));
  if (first === undefined || second === undefined || first < 0 || second < 0) throw new Error(`${id}: no such lines`);
  return lines
    .with(first, lines[second] ?? "")
    .with(second, lines[first] ?? "")
    .join("\n");
}
