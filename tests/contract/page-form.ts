/** Reads the forms of a rendered page: where they post, the values they would post, and their buttons. */

export type PageForm = {
  readonly id: string;
  /** As rendered; may be relative to the server's root or empty. */
  readonly action: string;
  /** What a browser would post without a button pressed. */
  readonly values: ReadonlyMap<string, string>;
  /** Labels of the submit buttons by name. */
  readonly buttons: ReadonlyMap<string, string>;
};

export function parseForms(page: string): PageForm[] {
  return [...page.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, head = "", inner = ""]) => {
    const values = new Map<string, string>();
    const buttons = new Map<string, string>();
    for (const [tag] of inner.matchAll(/<input\b[^>]*>/gi)) takeInput(attributesOf(tag), values, buttons);
    for (const [, open = "", body = ""] of inner.matchAll(/<select\b([^>]*)>([\s\S]*?)<\/select>/gi)) {
      const name = attributesOf(open)["name"];
      if (name !== undefined) values.set(name, selectedOf(body));
    }
    for (const [, open = "", body = ""] of inner.matchAll(/<textarea\b([^>]*)>([\s\S]*?)<\/textarea>/gi)) {
      const name = attributesOf(open)["name"];
      if (name !== undefined) values.set(name, decode(body.replace(/^\r?\n/, "")));
    }
    const attributes = attributesOf(head);
    return { id: attributes["id"] ?? "", action: attributes["action"] ?? "", values, buttons };
  });
}

function takeInput(
  attributes: Readonly<Record<string, string>>,
  values: Map<string, string>,
  buttons: Map<string, string>,
): void {
  const { name, type = "text", value } = attributes;
  if (name === undefined) return;
  if (type === "submit" || type === "button" || type === "image") buttons.set(name, value ?? "");
  else if (type === "checkbox" || type === "radio") {
    if (attributes["checked"] !== undefined) values.set(name, value ?? "on");
  } else values.set(name, value ?? "");
}

/** A drop-down posts its selected option, else its first. */
function selectedOf(body: string): string {
  const options = [...body.matchAll(/<option\b([^>]*)>/gi)].map(([, open = ""]) => attributesOf(open));
  return (options.find((one) => one["selected"] !== undefined) ?? options[0])?.["value"] ?? "";
}

/** Attributes by lower-case name; one without a value is "". */
function attributesOf(tag: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = "", quoted] of tag.matchAll(/([\w:-]+)(?:\s*=\s*"([^"]*)")?/g)) {
    found[name.toLowerCase()] ??= decode(quoted ?? "");
  }
  return found;
}

/** The entities the pages use. */
function decode(text: string): string {
  return text
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&amp;", "&");
}

/** Text of the cells of a table by its element id, row by row, without the header row; empty when the table is not there. */
export function gridRows(page: string, id: string): string[][] {
  const table = new RegExp(`<table\\b[^>]*id="${id}"[^>]*>([\\s\\S]*?)</table>`).exec(page)?.[1] ?? "";
  return [...table.matchAll(/<tr class="(?:row|alt)"[^>]*>([\s\S]*?)<\/tr>/g)].map(([, row = ""]) =>
    [...row.matchAll(/<td\b[^>]*>([\s\S]*?)<\/td>/g)].map(([, cell = ""]) =>
      decode(cell.replaceAll(/<[^>]+>/g, "")).trim(),
    ),
  );
}
