/** `npm run bench -- <name>`: the benchmarks of the project. Each prints one line a figure, and a JSON object with `--json`. */

import { benchCompare } from "./compare.ts";
import { benchProxy } from "./proxy.ts";
import { benchServices } from "./services.ts";
import { benchSqlServer } from "./sqlserver.ts";

const benches: Readonly<Record<string, (options: { json: boolean; flags: readonly string[] }) => Promise<void>>> = {
  compare: benchCompare,
  proxy: ({ flags }) => benchProxy(flags),
  services: benchServices,
  sqlserver: benchSqlServer,
};

const [name = "", ...flags] = process.argv.slice(2);
const bench = benches[name];
if (!bench) {
  process.stderr.write(`usage: npm run bench -- <${Object.keys(benches).join("|")}> [--json]\n`);
  process.exit(2);
}
await bench({ json: flags.includes("--json"), flags });
