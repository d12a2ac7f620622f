/** A patient's photograph. Whoever has none, or does not exist, gets a grey placeholder with status 200. */

import { type Answer, bytes } from "@banyan/service-kit/legacy";
import { findPhoto } from "../store/patient-reads.ts";
import type { PatientsContext } from "./context.ts";

/** A GIF of one grey pixel; the page scales it. */
const placeholder = Buffer.from("R0lGODdhAQABAIAAAMDAwAAAACwAAAAAAQABAAACAkQBADs=", "base64");

export async function photo(ctx: PatientsContext): Promise<Answer> {
  const id = ctx.queryInt("pid") ?? 0;
  // Read while the audit row is being committed; nothing of it leaves before that.
  const [image] = await Promise.all([
    findPhoto(ctx.store, id),
    ctx.authorise({ action: "patient.photo", ...(id > 0 ? { patient: { id } } : {}) }),
  ]);
  return image && image.length > 0 ? bytes(image, "image/jpeg") : bytes(placeholder, "image/gif");
}
