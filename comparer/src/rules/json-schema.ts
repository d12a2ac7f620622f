/** The JSON Schema of comparison rules, for editors. `node comparer/src/rules/json-schema.ts` writes it to comparer/schema.json. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { ruleFileSchema } from "./rule-file.ts";

export function comparisonRulesJsonSchema(): unknown {
  return { title: "Banyan comparison rules", ...z.toJSONSchema(ruleFileSchema, { io: "input" }) };
}

if (import.meta.main) {
  const text = JSON.stringify(comparisonRulesJsonSchema(), undefined, 2);
  writeFileSync(join(import.meta.dirname, "../../schema.json"), `${text}\n`);
}
