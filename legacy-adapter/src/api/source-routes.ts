/** The adapter as a whole, and the preparation of the legacy database. */

import { z } from "zod";
import { readInstances } from "../capture/capture-instance.ts";
import { checkSource } from "../prepare/check.ts";
import { prepareSource, printedScript } from "../prepare/enable.ts";
import { route } from "./route.ts";

const processName = z.string().regex(/^[\w-]{1,64}$/);
const count = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const loginName = z.string().regex(/^[\w\\.@-]{1,128}$/);

export const sourceRoutes = [
  route({
    method: "get",
    path: "/status",
    handle: async (actions, { query }) => {
      const by = processName.safeParse(query["by"]);
      const taken = count.catch(0).parse(query["taken"]);
      const announced = by.success ? actions.announce(by.data, taken) : null;
      return { ...actions.status(), announced };
    },
  }),
  route({
    method: "get",
    path: "/check",
    handle: async ({ source, mappings }) => ({ findings: await checkSource(source, mappings) }),
  }),
  route({
    method: "post",
    path: "/enable",
    handle: async (actions) => {
      const preparation = await prepareSource(actions.source, actions.mappings);
      actions.wake();
      return preparation;
    },
  }),
  route({
    method: "get",
    path: "/script",
    handle: async ({ source, mappings }, { query }) => {
      const login = loginName.catch("banyan_adapter").parse(query["login"]);
      // A database that is not prepared yet has no instances, and no table that lists them.
      const instances = await readInstances(source).catch(() => []);
      return { script: printedScript(mappings, { database: source.database, login, instances }) };
    },
  }),
];
