/** Set-Cookie headers as a tree: names, scope, flags and lifetime. Values are secrets of one session and differ by nature. */

import type { Forest } from "../tree/forest.ts";
import type { Tree } from "../tree/tree.ts";
import { type Answer, headerValues } from "./answer.ts";

export function cookieTree(forest: Forest, answer: Answer, valuesThatMatter: ReadonlySet<string>): Tree {
  const cookies = new Map<string, Tree[]>();
  for (const line of headerValues(answer, "set-cookie")) {
    const { name, tree } = oneCookie(forest, line, valuesThatMatter);
    cookies.set(name, [...(cookies.get(name) ?? []), tree]);
  }
  return forest.record(
    new Map(
      [...cookies].map(([name, trees]) => [name, trees.length === 1 ? (trees[0] as Tree) : forest.repeated(trees)]),
    ),
  );
}

function oneCookie(forest: Forest, line: string, valuesThatMatter: ReadonlySet<string>): { name: string; tree: Tree } {
  const [pair = "", ...rest] = line.split(";").map((one) => one.trim());
  const at = pair.indexOf("=");
  const name = pair.slice(0, Math.max(at, 0));
  const value = pair.slice(at + 1);
  const attributes = new Map(rest.map((one) => splitAttribute(one)));
  const flag = (attribute: string): string => (attributes.has(attribute) ? "yes" : "no");
  const tree = forest.texts({
    value: value === "" ? "empty" : "set",
    path: attributes.get("path") ?? "none",
    domain: attributes.get("domain")?.toLowerCase() ?? "none",
    "same-site": attributes.get("samesite")?.toLowerCase() ?? "none",
    secure: flag("secure"),
    "http-only": flag("httponly"),
    lifetime: lifetimeOf(attributes),
  });
  if (!valuesThatMatter.has(name)) return { name, tree };
  return { name, tree: forest.record(new Map([...tree.members, ["content", valueTree(forest, value)]])) };
}

function splitAttribute(written: string): [string, string] {
  const at = written.indexOf("=");
  return at < 0 ? [written.toLowerCase(), ""] : [written.slice(0, at).toLowerCase(), written.slice(at + 1)];
}

/** Whether the browser keeps, drops or forgets it; the moment itself moves with the clock. */
function lifetimeOf(attributes: ReadonlyMap<string, string>): string {
  const maxAge = attributes.get("max-age");
  if (maxAge !== undefined) return Number(maxAge) > 0 ? "kept" : "deleted";
  const expires = attributes.get("expires");
  if (expires === undefined) return "session";
  return Date.parse(expires.replaceAll("-", " ")) < firstDayOfBanyan ? "deleted" : "kept";
}

/** Deleting is done with a moment long gone; any fixed day between then and now tells the two apart without a clock. */
const firstDayOfBanyan = Date.UTC(2025, 0, 1);

/** ASP.NET keeps several values in one cookie: `pid=100001&enc=5000001`. */
function valueTree(forest: Forest, value: string): Tree {
  if (!/^[\w.]+=/.test(value)) return forest.text(value);
  return forest.texts(Object.fromEntries(value.split("&").map((one) => splitPair(one))));
}

function splitPair(written: string): [string, string] {
  const at = written.indexOf("=");
  return at < 0 ? [written, ""] : [written.slice(0, at), written.slice(at + 1)];
}
