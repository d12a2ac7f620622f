/** Everything around the body as trees: status, media type, the headers that matter, where a redirect leads, cookies. */

import type { Comparison, Part } from "../comparison.ts";
import type { Forest } from "../tree/forest.ts";
import type { Tree } from "../tree/tree.ts";
import { type Answer, headerValues, mediaTypeOf } from "./answer.ts";
import { cookieTree } from "./cookie.ts";

/** What changes the meaning of an answer for who receives it. Others name the server or are made by the connection. */
const headersThatMatter = [
  "allow",
  "cache-control",
  "content-disposition",
  "content-language",
  "etag",
  "jsonerror",
  "last-modified",
  "retry-after",
  "www-authenticate",
];

export function envelopeOf({ forest, rules }: Comparison, answer: Answer): readonly Part[] {
  return [
    { channel: "status", root: "code", tree: forest.text(String(answer.status)) },
    { channel: "content-type", root: "media-type", tree: forest.text(mediaTypeOf(answer).type) },
    { channel: "header", root: "", tree: headerTree(forest, answer, rules.headers) },
    { channel: "redirect", root: "", tree: redirectTree(forest, answer) },
    { channel: "cookie", root: "", tree: cookieTree(forest, answer, rules.cookieValues) },
  ];
}

function headerTree(forest: Forest, answer: Answer, more: ReadonlySet<string>): Tree {
  const names = new Set([...headersThatMatter, ...more]);
  const present = [...names].flatMap((name): [string, Tree][] => {
    const values = headerValues(answer, name);
    return values.length === 0 ? [] : [[name, forest.text(values.join(", "))]];
  });
  return forest.record(new Map(present));
}

/** The parameters stay in order and as written: old clients read them by place, and scripts compare the text. */
function redirectTree(forest: Forest, answer: Answer): Tree {
  const [location] = headerValues(answer, "location");
  if (location === undefined) return forest.record(new Map());
  const [, origin = "", path = "", query, fragment] =
    /^([a-z][a-z0-9+.-]*:\/\/[^/?#]*)?([^?#]*)(?:\?([^#]*))?(?:#(.*))?$/is.exec(location) ?? [];
  const members = new Map<string, Tree>([
    ["origin", forest.text(origin)],
    ["path", forest.text(path)],
    ["parameters", parameterTree(forest, query)],
  ]);
  if (fragment !== undefined) members.set("fragment", forest.text(fragment));
  return forest.record(members);
}

function parameterTree(forest: Forest, query: string | undefined): Tree {
  const parameters = (query === undefined || query === "" ? [] : query.split("&")).map((one) => {
    const at = one.indexOf("=");
    const name = at < 0 ? one : one.slice(0, at);
    const segment = /^[\w$.-]{1,32}$/.test(name) && !/\d{3}/.test(name) ? `?${name}` : "?*";
    const children = at < 0 ? [] : [forest.text(one.slice(at + 1))];
    return forest.element({ name: `?${name}`, segment, children });
  });
  return forest.element({ name: "parameters", segment: "parameters", children: parameters });
}
