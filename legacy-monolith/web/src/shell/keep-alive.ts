/** Called by a timer of the pages: renews the ticket, whatever is left of it. */

import { type Answer, type PageContext, text } from "../kit/index.ts";

export async function keepAlive(ctx: PageContext): Promise<Answer> {
  ctx.renewTicket();
  return text("OK");
}
