/** Markup of the server controls of the old pages. Names carry `ctl00$cph$`, element ids `ctl00_cph_`; client script depends on both. */

import { type Html, html, raw } from "./html.ts";

export const controlName = (name: string): string => `ctl00$cph$${name}`;
const controlId = (name: string): string => `ctl00_cph_${name}`;

export function textBox(
  name: string,
  value: string,
  options: { size?: number; maxLength?: number; password?: boolean; readOnly?: boolean } = {},
): Html {
  const type = options.password ? "password" : "text";
  const maxLength = options.maxLength ? html` maxlength="${options.maxLength}"` : "";
  const readOnly = options.readOnly ? raw(' readonly="readonly"') : "";
  return html`<input name="${controlName(name)}" type="${type}" value="${value}" id="${controlId(name)}" size="${options.size ?? 20}"${maxLength}${readOnly} />`;
}

export function textArea(name: string, value: string, options: { rows?: number; cols?: number } = {}): Html {
  return html`<textarea name="${controlName(name)}" rows="${options.rows ?? 6}" cols="${options.cols ?? 70}" id="${controlId(name)}">
${value}</textarea>`;
}

export type Option = { readonly value: string; readonly text: string };

export function dropDown(name: string, options: readonly Option[], selected: string, blank?: string): Html {
  const all = blank === undefined ? options : [{ value: "", text: blank }, ...options];
  const items = all.map(
    (option) =>
      html`<option${raw(option.value === selected ? ' selected="selected"' : "")} value="${option.value}">${option.text}</option>`,
  );
  return html`<select name="${controlName(name)}" id="${controlId(name)}">${items}</select>`;
}

export function checkBox(name: string, checked: boolean, label: string): Html {
  return html`<input id="${controlId(name)}" type="checkbox" name="${controlName(name)}"${raw(checked ? ' checked="checked"' : "")} /><label for="${controlId(name)}">${label}</label>`;
}

export function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${controlName(name)}" id="${controlId(name)}" value="${value}" />`;
}

export function button(name: string, label: string): Html {
  return html`<input type="submit" name="${controlName(name)}" value="${label}" id="${controlId(name)}" class="btn" />`;
}

export function link(url: string, text: string): Html {
  return html`<a href="${url}">${text}</a>`;
}

/** A link that posts the form, as grids and tabs do; `target` is the control's name without prefix. */
export function postBackLink(target: string, argument: string, text: string): Html {
  return html`<a href="javascript:__doPostBack('${controlName(target)}','${argument}')">${text}</a>`;
}

/** Reads `__EVENTTARGET` without the prefix: `gv`; "" when a button was pressed. */
export function eventTarget(ctx: { rawField(name: string): string }): string {
  return ctx.rawField("__EVENTTARGET").replace(/^ctl00\$cph\$/i, "");
}

export type GridColumn = {
  readonly header: string;
  /** Sort expression; makes the header a post-back link `Sort$<expression>`. */
  readonly sort?: string;
  readonly align?: "right" | "center";
};

/**
 * The GridView: alternating rows, sortable headers, numbered pager (`Page$3`).
 * @param options.id control name, `gv` in most pages.
 */
export function grid(options: {
  id: string;
  columns: readonly GridColumn[];
  rows: readonly (readonly (Html | string)[])[];
  empty: string;
  pager?: { page: number; pages: number };
}): Html {
  if (options.rows.length === 0) {
    return html`<div><table class="grid" id="${controlId(options.id)}"><tr><td class="empty">${options.empty}</td></tr></table></div>`;
  }
  const head = options.columns.map((column) =>
    column.sort
      ? html`<th scope="col">${postBackLink(options.id, `Sort$${column.sort}`, column.header)}</th>`
      : html`<th scope="col">${column.header}</th>`,
  );
  const rows = options.rows.map((cells, index) => {
    const cellMarkup = cells.map((cell, position) => {
      const align = options.columns[position]?.align;
      return html`<td${align ? html` align="${align}"` : ""}>${cell}</td>`;
    });
    return html`<tr class="${index % 2 === 0 ? "row" : "alt"}">${cellMarkup}</tr>
`;
  });
  return html`<div><table class="grid" cellspacing="0" border="1" id="${controlId(options.id)}">
<tr class="hdr">${head}</tr>
${rows}${options.pager ? pagerRow(options.id, options.columns.length, options.pager) : ""}</table></div>`;
}

function pagerRow(id: string, span: number, pager: { page: number; pages: number }): Html {
  if (pager.pages < 2) return html``;
  const numbers = Array.from({ length: pager.pages }, (_, index) => index + 1).map((number) =>
    number === pager.page
      ? html`<td><span>${number}</span></td>`
      : html`<td>${postBackLink(id, `Page$${number}`, String(number))}</td>`,
  );
  return html`<tr class="pager"><td colspan="${span}"><table border="0"><tr>${numbers}</tr></table></td></tr>
`;
}

/** A two-column table of labels and values. */
export function details(rows: readonly (readonly [string, Html | string])[]): Html {
  return html`<table class="dtl" cellspacing="0">${rows.map(
    ([label, value]) => html`<tr><td class="lbl">${label}</td><td>${value}</td></tr>
`,
  )}</table>`;
}

/** A titled box. */
export function panel(title: string, body: Html): Html {
  return html`<table class="panel" cellspacing="0"><tr><td class="ptitle">${title}</td></tr><tr><td class="pbody">${body}</td></tr></table>`;
}
