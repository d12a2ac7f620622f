/**
 * Where a comparison is, in two spellings at once: the exact place, which may hold a key of a record and so is patient data,
 * and the template, which must not. A template consists of names that programmers gave; whatever else a document uses as
 * a name is left out of it.
 */

type Segment = { readonly template: string; readonly exact: string };

export class Path {
  readonly #segments: Segment[] = [];

  push(template: string, exact: string = template): void {
    this.#segments.push({ template, exact });
  }

  pop(): void {
    this.#segments.pop();
  }

  /** Begins at the innermost element with an id: what lies above it is layout and changes without meaning. */
  get template(): string {
    return this.#fromAnchor()
      .map((segment) => segment.template)
      .join("")
      .replace(/^\//, "");
  }

  get exact(): string {
    return this.#fromAnchor()
      .map((segment) => segment.exact)
      .join("")
      .replace(/^\//, "");
  }

  #fromAnchor(): readonly Segment[] {
    const anchor = this.#segments.findLastIndex(({ template }) => template.includes("#"));
    return anchor < 0 ? this.#segments : this.#segments.slice(anchor);
  }
}

const nameCharsMax = 64;

/**
 * A name of a JSON member, an element, a control or a CSS class as it may stand in a template. Three digits in a row are a number of a record
 * (`row_100001`) and become `N`; what is no identifier at all is data used as a name and becomes `*`.
 */
export function schemaName(name: string): string {
  return name.length <= nameCharsMax && /^[\w@$#:.-]+$/.test(name) ? name.replaceAll(/\d{3,}/g, "N") : "*";
}

/** A heading or a label as it may stand in a template: only words the rules declare, because headings hold people's names too. */
export function headingName(heading: string, words: ReadonlySet<string>): string {
  return words.has(heading) || /^column \d{1,3}$/.test(heading) ? heading : "*";
}
