/**
 * Names what turns one value into the other. The class goes into the signature, so that two hundred wrong times are one
 * finding, and the person who reads it knows where to look.
 */

import type { Scalar } from "../tree/tree.ts";
import type { Transform } from "../verdict.ts";
import { type Decimal, lossOfDigits, readDecimal, sameNumber } from "./decimal.ts";
import { isEncodingChange } from "./encoding.ts";
import { isSentinel, momentChange, momentsInText, readMoment } from "./moment.ts";

/** Texts longer than this are classed by the cheap tests only: the others look at every letter several times. */
const charsMax = 20_000;

/** @returns the class of two unequal scalars; symmetric. */
export function classify(left: Scalar, right: Scalar): Transform {
  if (left.type === right.type) return classifyTexts(left.text, right.text);
  if (isNothing(left) && isNothing(right)) return "null-absent-empty";
  if (left.text === right.text) return "string-number";
  const numbers = bothDecimals(left.text, right.text);
  return numbers && sameNumber(...numbers) ? "string-number" : "other";
}

const isNothing = ({ type, text }: Scalar): boolean => type === "null" || text.trim() === "";

export function classifyTexts(a: string, b: string): Transform {
  return wholeClass(a, b) ?? partsClass(a, b) ?? middleClass(a, b) ?? "other";
}

function wholeClass(a: string, b: string): Transform | undefined {
  const [left, right] = [blanksFolded(a), blanksFolded(b)];
  if (left === right) return "padding";
  if (left === "" || right === "") return saysNothing(left || right) ? "null-absent-empty" : "blanked";
  if (left.replaceAll("\\", "") === right.replaceAll("\\", "")) return "encoding";
  if (percentUpper(left) === percentUpper(right)) return "encoding";
  if (left.toLowerCase() === right.toLowerCase()) return "case";
  const moments = [readMoment(left), readMoment(right)] as const;
  if (moments[0] && moments[1]) {
    const change = momentChange(moments[0], moments[1]);
    if (change) return change;
  }
  const numbers = bothDecimals(left, right);
  if (numbers && !(moments[0] && moments[1])) {
    const change = numberChange(left, right, numbers);
    if (change) return change;
  }
  if (left.length > charsMax || right.length > charsMax) return undefined;
  if (isEncodingChange(left, right)) return "encoding";
  if (isCutShort(left, right) || isCutShort(right, left)) return "truncation";
  if (sameWords(left, right)) return "order";
  // Four to eleven digits may be a time or a day and are a number of a record far more often.
  const bothMoments = moments[0] !== undefined && moments[1] !== undefined && !/^\d{4,11}$/.test(left);
  return !bothMoments && isIdentifier(left) && isIdentifier(right) ? "identifier" : undefined;
}

/** The ways this system and its successors write "no value". */
const saysNothing = (text: string): boolean => isSentinel(text) || /^(?:null|nil|none|n\/a|-+)$/i.test(text);

function numberChange(left: string, right: string, numbers: readonly [Decimal, Decimal]): Transform | undefined {
  // `0012` and `12` are one number, but a code that lost its zeros is padding lost.
  if (sameNumber(...numbers)) return /^0\d/.test(left) !== /^0\d/.test(right) ? "padding" : "trailing-zero";
  return lossOfDigits(...numbers);
}

function bothDecimals(a: string, b: string): readonly [Decimal, Decimal] | undefined {
  const [left, right] = [readDecimal(a), readDecimal(b)];
  return left && right && [left, right];
}

const percentUpper = (text: string): string => text.replaceAll(/%[0-9a-f]{2}/gi, (one) => one.toUpperCase());

const blanksFolded = (text: string): string => text.replaceAll(/[\s\u00a0]+/g, " ").trim();

/** A beginning of at least three characters, with or without dots for what is gone. */
function isCutShort(short: string, whole: string): boolean {
  const kept = short.replace(/\s*(\.{2,3}|…)$/, "");
  return kept.length >= 3 && kept.length < whole.length && whole.startsWith(kept);
}

function sameWords(a: string, b: string): boolean {
  const words = (text: string): string[] => text.split(/[\s,;&?]+/).filter(Boolean);
  const [left, right] = [words(a), words(b)];
  return left.length > 1 && left.length === right.length && left.sort().join(" ") === right.sort().join(" ");
}

/** Numbers of records, GUIDs and codes with numbers in them: another value means another record. */
function isIdentifier(text: string): boolean {
  return /^(?=(?:.*\d){4})[A-Z]{0,4}-?[\dA-F]{3,}(?:-[\dA-F]+)*$/i.test(text);
}

const numbersInText = /(?<![\w.])[+-]?\$?\d[\d,]*\.\d+(?![\w.]*\d)/g;

/** A text around dates or decimals: when only those differ, all in the same way, that way is the class. */
function partsClass(a: string, b: string): Transform | undefined {
  for (const pattern of [momentsInText, numbersInText]) {
    const [left, right] = [a.match(pattern) ?? [], b.match(pattern) ?? []];
    if (left.length === 0 || left.length !== right.length) continue;
    if (a.replaceAll(pattern, "#") !== b.replaceAll(pattern, "#")) continue;
    const pairs = left.flatMap((one, index) => (one === right[index] ? [] : [[one, right[index] ?? ""] as const]));
    const classes = new Set(pairs.map(([one, other]) => wholeClass(one, other) ?? "other"));
    const [only] = classes;
    if (classes.size === 1 && only) return only;
  }
  return undefined;
}

/** The part between a common beginning and a common end, cut at word boundaries. */
function middleClass(a: string, b: string): Transform | undefined {
  const [left, right] = [a.split(wordBreaks), b.split(wordBreaks)];
  let start = 0;
  while (start < left.length && start < right.length && left[start] === right[start]) start += 1;
  let end = 0;
  const endMax = Math.min(left.length, right.length) - start;
  while (end < endMax && left[left.length - 1 - end] === right[right.length - 1 - end]) end += 1;
  if (start === 0 && end === 0) return undefined;
  const middles = [left, right].map((words) => words.slice(start, words.length - end).join(""));
  const [middleA = "", middleB = ""] = middles;
  // A word that is gone is no empty value: the text around it says something else now.
  return middleA.trim() === "" || middleB.trim() === "" ? undefined : wholeClass(middleA, middleB);
}

const wordBreaks = /([\s,;|()[\]<>=&?/]+)/;
