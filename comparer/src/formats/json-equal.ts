/**
 * Whether two JSON documents say the same, straight from their tokens: blanks, escapes and the order of members do not count,
 * everything else does. Most comparisons end here, so it makes no objects.
 */

import { cellsPerToken, type JsonTape, nextToken, token, tokenSpelling, tokenText } from "./json-tape.ts";

export function equalTapes(left: JsonTape, right: JsonTape): boolean {
  return left.length === right.length && equalValues({ left, right }, 0, 0);
}

type Pair = { readonly left: JsonTape; readonly right: JsonTape };

function equalValues(pair: Pair, a: number, b: number): boolean {
  const kind = pair.left.cells[a] as number;
  const other = pair.right.cells[b] as number;
  if (kind === token.object) return other === token.object && equalObjects(pair, a, b);
  if (kind === token.array) return other === token.array && equalArrays(pair, a, b);
  return kind === token.escapedString || other === token.escapedString
    ? equalEscaped(pair, a, b)
    : kind === other && equalBytes(pair, a, b);
}

function equalArrays(pair: Pair, a: number, b: number): boolean {
  const endA = nextToken(pair.left, a);
  const endB = nextToken(pair.right, b);
  let atA = a + cellsPerToken;
  let atB = b + cellsPerToken;
  while (atA < endA && atB < endB) {
    if (!equalValues(pair, atA, atB)) return false;
    atA = nextToken(pair.left, atA);
    atB = nextToken(pair.right, atB);
  }
  return atA === endA && atB === endB;
}

/** Members mostly stand in the same order on both sides; from the first one that does not, the rest is looked up. */
function equalObjects(pair: Pair, a: number, b: number): boolean {
  const endA = nextToken(pair.left, a);
  const endB = nextToken(pair.right, b);
  let atA = a + cellsPerToken;
  let atB = b + cellsPerToken;
  while (atA < endA && atB < endB && equalNames(pair, atA, atB)) {
    if (!equalValues(pair, atA + cellsPerToken, atB + cellsPerToken)) return false;
    atA = nextToken(pair.left, atA + cellsPerToken);
    atB = nextToken(pair.right, atB + cellsPerToken);
  }
  return atA === endA || atB === endB
    ? atA === endA && atB === endB
    : equalShuffled(pair, { atA, endA }, membersOf(pair.right, atB, endB));
}

/** The n-th member of a name is compared with the n-th of that name: which of two counts is not for us to say. */
function equalShuffled(pair: Pair, { atA, endA }: { atA: number; endA: number }, rest: number[]): boolean {
  const take = rest.length <= scannedMembersMax ? takeByScan(pair, rest) : takeByName(pair, rest);
  let at = atA;
  let count = 0;
  while (at < endA) {
    const member = take(at);
    if (member < 0 || !equalValues(pair, at + cellsPerToken, member + cellsPerToken)) return false;
    count += 1;
    at = nextToken(pair.left, at + cellsPerToken);
  }
  return count === rest.length;
}

/** Up to so many members are looked up by comparing names one after another, which makes no strings. */
const scannedMembersMax = 32;

/** Gives the first member not yet taken with the name at `name`, or -1. */
type Take = (name: number) => number;

function takeByScan(pair: Pair, rest: number[]): Take {
  return (name) => {
    for (let index = 0; index < rest.length; index += 1) {
      const member = rest[index] as number;
      if (member < 0 || !equalNames(pair, name, member)) continue;
      rest[index] = -1;
      return member;
    }
    return -1;
  };
}

function takeByName(pair: Pair, rest: readonly number[]): Take {
  const byName = Map.groupBy(rest.toReversed(), (member) => tokenText(pair.right, member));
  return (name) => byName.get(tokenText(pair.left, name))?.pop() ?? -1;
}

function membersOf(tape: JsonTape, start: number, end: number): number[] {
  const members: number[] = [];
  for (let at = start; at < end; at = nextToken(tape, at + cellsPerToken)) members.push(at);
  return members;
}

function equalNames(pair: Pair, a: number, b: number): boolean {
  return pair.left.cells[a] === token.escapedString || pair.right.cells[b] === token.escapedString
    ? tokenText(pair.left, a) === tokenText(pair.right, b)
    : equalBytes(pair, a, b);
}

function equalBytes({ left, right }: Pair, a: number, b: number): boolean {
  const startA = left.cells[a + 1] as number;
  const startB = right.cells[b + 1] as number;
  const length = (left.cells[a + 2] as number) - startA;
  if (length !== (right.cells[b + 2] as number) - startB) return false;
  const bytesA = left.bytes;
  const bytesB = right.bytes;
  for (let index = 0; index < length; index += 1) if (bytesA[startA + index] !== bytesB[startB + index]) return false;
  return true;
}

function equalEscaped(pair: Pair, a: number, b: number): boolean {
  const { left, right } = pair;
  const [kind, other] = [left.cells[a] as number, right.cells[b] as number];
  if (kind === other && equalBytes(pair, a, b)) return true;
  if (!isString(kind) || !isString(other)) return false;
  const text = tokenText(left, a);
  return text === tokenText(right, b) && (!isAspNetDate(text) || tokenSpelling(left, a) === tokenSpelling(right, b));
}

const isString = (kind: number): boolean => kind === token.string || kind === token.escapedString;

/**
 * ASP.NET's dates are recognised by their escaped slashes: client scripts look for `\/Date(` in the raw answer, so that
 * `/Date(` is another value although JSON calls it the same.
 */
export function isAspNetDate(text: string): boolean {
  return /^\/Date\(-?\d+(?:[+-]\d{4})?\)\/$/.test(text);
}
