/**
 * A PDF as a tree: pages with their size and lines of text, and the document's description. Its ids, the way its bytes are
 * written and where exactly a letter stands mean nothing to the reader; pictures and lines drawn on the page are not compared.
 */

import type { getDocumentProxy } from "unpdf";
import { pdfPagesMax } from "../limits.ts";
import { Incomparable } from "../budget.ts";
import type { Forest } from "../tree/forest.ts";
import type { Tree } from "../tree/tree.ts";

type PdfDocument = Awaited<ReturnType<typeof getDocumentProxy>>;

/** `hasText` is false where there is nothing the comparison could see: a scan. Undefined when it is no PDF. */
export type PdfTree = { readonly tree: Tree; readonly hasText: boolean };

/** @throws Incomparable */
export async function pdfTree(forest: Forest, bytes: Uint8Array): Promise<PdfTree | undefined> {
  const document = await open(bytes);
  if (!document) return undefined;
  if (document.numPages > pdfPagesMax) throw new Incomparable("node-budget");
  const pages: Tree[] = [];
  let hasText = false;
  for (let number = 1; number <= document.numPages; number += 1) {
    const page = await document.getPage(number);
    const { width, height } = page.getViewport({ scale: 1 });
    const lines = linesOf((await page.getTextContent()).items);
    hasText ||= lines.length > 0;
    forest.meter.take(lines.length);
    forest.meter.lookAtClock();
    pages.push(
      forest.element({
        name: "page",
        segment: "page",
        attributes: new Map([["size", `${Math.round(width)}x${Math.round(height)}`]]),
        children: lines.map((line) => forest.element({ name: "line", segment: "line", children: [forest.text(line)] })),
      }),
    );
  }
  const info = await infoOf(forest, document);
  await document.loadingTask.destroy();
  return { tree: forest.element({ name: "pdf", segment: "", children: [info, ...pages] }), hasText };
}

async function open(bytes: Uint8Array): Promise<PdfDocument | undefined> {
  // The PDF reader is as large as everything else together: it is loaded by the first PDF.
  const { getDocumentProxy } = await import("unpdf");
  try {
    // The reader takes its bytes away; the caller still needs his.
    return await getDocumentProxy(new Uint8Array(bytes), { verbosity: 0 });
  } catch (error) {
    // A broken or locked PDF is a finding of its own; anything else is a fault of ours.
    if (error instanceof Error && /(?:PDF|Password|XRef|Format)\w*(?:Exception|Error)$/.test(error.name))
      return undefined;
    throw error;
  }
}

async function infoOf(forest: Forest, document: PdfDocument): Promise<Tree> {
  const { info } = await document.getMetadata();
  const named = ["Title", "Author", "Subject", "Keywords", "Creator", "Producer", "CreationDate", "ModDate"];
  const attributes = new Map<string, string>();
  for (const name of named) {
    const value = (info as Readonly<Record<string, unknown>>)[name];
    if (typeof value === "string") attributes.set(name, value);
  }
  return forest.element({ name: "info", segment: "info", attributes });
}

/** Pieces of text on one height are a line; a PDF has no other idea of one. */
function linesOf(items: readonly unknown[]): string[] {
  const lines: { y: number; text: string }[] = [];
  for (const item of items) {
    if (!isPiece(item) || item.str === "") continue;
    const y = Math.round(item.transform[5] ?? 0);
    const last = lines.at(-1);
    if (last && Math.abs(last.y - y) <= 1) last.text += item.str;
    else lines.push({ y, text: item.str });
  }
  return lines.map(({ text }) => text.replaceAll(/\s+/g, " ").trim()).filter((text) => text !== "");
}

type Piece = { readonly str: string; readonly transform: readonly number[] };

function isPiece(item: unknown): item is Piece {
  return typeof item === "object" && item !== null && "str" in item && "transform" in item;
}
