/** Where a user lands whose role may not open a page. Status 200, as the old system never said 403. */

import { type Answer, html, type PageContext } from "../kit/index.ts";

export async function noAccess(ctx: PageContext): Promise<Answer> {
  return ctx.page({
    title: "Access Denied",
    error: "You do not have access to this page.",
    body: html`<p>Page: ${ctx.query("p")}</p><p>Your role: ${ctx.user.role}. Contact your system administrator.</p>`,
  });
}
