/** A patient's photograph. Whoever has none, or does not exist, gets a grey placeholder with status 200. */

import { type Answer, bytes, p, type PageContext } from "../kit/index.ts";

/** A GIF of one grey pixel; the page scales it. */
const placeholder = Buffer.from("R0lGODdhAQABAIAAAMDAwAAAACwAAAAAAQABAAACAkQBADs=", "base64");

export async function photo(ctx: PageContext): Promise<Answer> {
  const row = await ctx.db.first<{ PhotoImg: Buffer | null }>(
    "SELECT PhotoImg FROM PATMST WHERE PatNo = @pid AND DelYN <> 'Y'",
    { pid: p.int(ctx.queryInt("pid") ?? 0) },
  );
  const image = row?.PhotoImg;
  return image && image.length > 0 ? bytes(image, "image/jpeg") : bytes(placeholder, "image/gif");
}
