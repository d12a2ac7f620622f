/** An iCalendar document as a tree: components by UID, properties with their parameters, floating and zoned times apart. */

import ICAL from "ical.js";
import type { Forest } from "../tree/forest.ts";
import type { Tree } from "../tree/tree.ts";
import { lineEndOf } from "./csv.ts";

/** @returns undefined when it is no calendar. */
export function calendarTree(forest: Forest, text: string): Tree | undefined {
  const components = readComponents(text);
  if (!components) return undefined;
  return forest.element({
    name: "calendar",
    segment: "",
    attributes: new Map([["line-end", lineEndOf(text)]]),
    children: components.map((one) => componentTree(forest, one)),
  });
}

/** jCal (RFC 7265): a component is [name, properties, components]; a property [name, parameters, type, ...values]. */
type Property = [string, Record<string, string | string[]>, string, ...unknown[]];
type Component = [string, Property[], Component[]];

function readComponents(text: string): Component[] | undefined {
  try {
    const parsed = ICAL.parse(text) as Component | Component[];
    if (parsed.length === 0) return undefined;
    return typeof parsed[0] === "string" ? [parsed as Component] : (parsed as Component[]);
  } catch (error) {
    // A broken calendar is a finding of its own; the parser's message would quote the line.
    if (error instanceof Error && error.name === "ParserError") return undefined;
    throw error;
  }
}

function componentTree(forest: Forest, [name, properties, components]: Component): Tree {
  forest.meter.take(properties.length);
  const uid = properties.find(([property]) => property === "uid")?.[3];
  return forest.element({
    name,
    segment: name.toUpperCase(),
    key: typeof uid === "string" ? uid : undefined,
    children: [
      ...properties.map((one) => propertyTree(forest, one)),
      ...components.map((one) => componentTree(forest, one)),
    ],
  });
}

function propertyTree(forest: Forest, [name, parameters, type, ...values]: Property): Tree {
  const attributes = new Map(Object.entries(parameters).map(([key, value]) => [key, [value].flat().join(",")]));
  attributes.set("type", type);
  return forest.element({
    name,
    segment: /^[a-z-]+$/.test(name) ? name.toUpperCase() : "*",
    attributes,
    children: values.map((value) => forest.text(typeof value === "string" ? value : JSON.stringify(value))),
  });
}
