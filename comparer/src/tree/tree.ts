/**
 * The one shape every format is turned into, so that lists are aligned, values classed and rules applied in one place.
 * Trees of both sides are made by one Forest, which gives the same object for the same content: `left === right` is the
 * question whether two parts are equal, whatever their size.
 */

/** `text`: text of a document without types of its own (HTML, XML, CSV). The others are JSON's. */
export type ScalarType = "text" | "string" | "number" | "boolean" | "null";

/** `id`: number within its forest; equal content, equal number. */
export type Scalar = { readonly kind: "scalar"; readonly id: number; readonly type: ScalarType; readonly text: string };

/** Members without order; JSON objects, iCal components, fields of a header. */
export type Members = { readonly kind: "record"; readonly id: number; readonly members: ReadonlyMap<string, Tree> };

export type List = { readonly kind: "list"; readonly id: number; readonly items: readonly Tree[] };

/** A JSON member that occurs several times in one object: parsers do not agree on which one counts. */
export type Repeated = { readonly kind: "repeated"; readonly id: number; readonly items: readonly Tree[] };

export type Element = {
  readonly kind: "element";
  readonly id: number;
  /** With namespace, where the format has them: `{urn:x}name`. */
  readonly name: string;
  /** How it is called in a path: `span#ctl00_cph_lblErr`. */
  readonly segment: string;
  /** What tells it from its siblings whatever its content: an id, the name of a control. */
  readonly key: string | undefined;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Tree[];
};

/** Rows by column. A row is a record; its members are the columns. */
export type Table = {
  readonly kind: "table";
  readonly id: number;
  readonly columns: readonly string[];
  readonly rows: readonly Members[];
};

export type Tree = Scalar | Members | List | Repeated | Element | Table;

/** All text below, in order: what a cell says whatever it is made of. */
export function textOf(tree: Tree): string {
  switch (tree.kind) {
    case "scalar":
      return tree.text;
    case "element":
      return tree.children.map(textOf).join("").trim();
    case "list":
    case "repeated":
      return tree.items.map(textOf).join(" ");
    case "record":
      return [...tree.members.values()].map(textOf).join(" ");
    case "table":
      return tree.rows.map(textOf).join(" ");
  }
}
