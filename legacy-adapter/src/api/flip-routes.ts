/** What a flip asks of the adapter: the marker that is a barrier behind the last legacy write. Every command can be repeated. */

import { AppError } from "@banyan/kernel";
import { z } from "zod";
import { parameter } from "../source/legacy-database.ts";
import { route } from "./route.ts";

const flipId = (text: string | undefined): string => {
  const parsed = z.uuid().safeParse(text);
  if (parsed.success) return parsed.data;
  throw new AppError({
    code: "MODULE_UNKNOWN",
    op: "serve a flip",
    message: "that is no flip's id",
    hint: "Flips are named by a UUID.",
  });
};

export const flipRoutes = [
  route({
    method: "post",
    path: "/flips/:flip/marker",
    body: z.strictObject({ module: z.string().regex(/^[\w-]{1,64}$/) }),
    handle: async (actions, { params, body }) => {
      const service = actions.module(body.module);
      await actions.source.query(
        "commit a flip's marker",
        `INSERT INTO dbo.adapter_flip_marker (flip, module) SELECT @flip, @module
         WHERE NOT EXISTS (SELECT * FROM dbo.adapter_flip_marker WITH (UPDLOCK, HOLDLOCK) WHERE flip = @flip)`,
        { flip: parameter.uuid(flipId(params["flip"])), module: parameter.ansi(body.module) },
      );
      service.stream.wake();
      return { committed: true };
    },
  }),
  route({
    method: "get",
    path: "/flips/:flip/marker",
    handle: async (actions, { params }) => {
      const rows = await actions.source.query(
        "look for a flip's marker",
        "SELECT flip FROM dbo.adapter_flip_marker WHERE flip = @flip",
        { flip: parameter.uuid(flipId(params["flip"])) },
      );
      return { present: rows.length > 0 };
    },
  }),
];
