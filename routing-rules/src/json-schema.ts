/** The JSON Schema of a rule file, for editors. `node routing-rules/src/json-schema.ts` writes it to routing-rules/schema.json. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ruleFileSchema } from "./rule-file.ts";

export function ruleFileJsonSchema(): unknown {
  return { title: "Banyan rule file", ...z.toJSONSchema(ruleFileSchema, { io: "input" }) };
}

if (import.meta.main) {
  writeFileSync(join(import.meta.dirname, "../schema.json"), `${JSON.stringify(ruleFileJsonSchema(), undefined, 2)}\n`);
}
