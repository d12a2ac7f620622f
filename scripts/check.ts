/** `npm run check`: format, lint with import directions, types, unused code, dependency versions, tidy. All are run, all failures shown. */

import { spawn } from "node:child_process";

const steps: readonly (readonly [name: string, program: string, ...args: string[]])[] = [
  ["format", "biome", "format", "."],
  ["lint", "oxlint", "--type-aware", "--deny-warnings"],
  ["types", "tsc", "--noEmit"],
  ["unused code", "knip"],
  ["dependency versions", "sherif", "--fail-on-warnings"],
  ["tidy", "vitest", "run", "--reporter=dot", "scripts/tidy.test.ts"],
];

/** @returns the step's output when it failed, undefined when it passed. */
function run([name, program, ...args]: (typeof steps)[number]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.on("error", (error) => resolve(`${name}: ${error.message}`));
    child.on("close", (code) => resolve(code === 0 ? undefined : output || `${name}: exit ${code}`));
  });
}

let failures = 0;
for (const step of steps) {
  const started = performance.now();
  const output = await run(step);
  console.log(`${output === undefined ? "ok  " : "FAIL"} ${step[0]} (${Math.round(performance.now() - started)} ms)`);
  if (output !== undefined) {
    failures += 1;
    console.log(output);
  }
}
process.exitCode = failures > 0 ? 1 : 0;
