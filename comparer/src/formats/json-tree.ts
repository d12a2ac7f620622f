/** A JSON document as a tree. Numbers keep their spelling; a name that occurs twice becomes a value of its own kind. */

import type { Forest } from "../tree/forest.ts";
import type { Tree } from "../tree/tree.ts";
import { isAspNetDate } from "./json-equal.ts";
import { cellsPerToken, type JsonTape, nextToken, token, tokenSpelling, tokenText } from "./json-tape.ts";

export function jsonTree(forest: Forest, tape: JsonTape): Tree {
  return treeAt(forest, tape, 0);
}

function treeAt(forest: Forest, tape: JsonTape, at: number): Tree {
  switch (tape.cells[at]) {
    case token.object:
      return objectAt(forest, tape, at);
    case token.array:
      return arrayAt(forest, tape, at);
    case token.number:
      return forest.scalar("number", tokenText(tape, at));
    case token.true:
      return forest.scalar("boolean", "true");
    case token.false:
      return forest.scalar("boolean", "false");
    case token.null:
      return forest.scalar("null", "null");
    default:
      return forest.scalar("string", stringAt(tape, at));
  }
}

function stringAt(tape: JsonTape, at: number): string {
  const text = tokenText(tape, at);
  return isAspNetDate(text) ? tokenSpelling(tape, at) : text;
}

function arrayAt(forest: Forest, tape: JsonTape, at: number): Tree {
  const items: Tree[] = [];
  const end = nextToken(tape, at);
  for (let item = at + cellsPerToken; item < end; item = nextToken(tape, item)) items.push(treeAt(forest, tape, item));
  return forest.list(items);
}

function objectAt(forest: Forest, tape: JsonTape, at: number): Tree {
  const members = new Map<string, Tree>();
  const repeated = new Map<string, Tree[]>();
  const end = nextToken(tape, at);
  for (let member = at + cellsPerToken; member < end; member = nextToken(tape, member + cellsPerToken)) {
    const name = tokenText(tape, member);
    const value = treeAt(forest, tape, member + cellsPerToken);
    const earlier = members.get(name);
    if (earlier !== undefined) repeated.set(name, [...(repeated.get(name) ?? [earlier]), value]);
    else members.set(name, value);
  }
  for (const [name, values] of repeated) members.set(name, forest.repeated(values));
  return forest.record(members);
}
