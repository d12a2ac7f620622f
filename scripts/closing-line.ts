/**
 * The last line of a test run, plain enough for any reader: `N passed, N failed, N skipped`. Before it every skipped test
 * stands with its reason. In CI everything is installed, so there a test may skip only for want of data that lives outside
 * the repository; any other skip fails the run.
 */

import { readConfig } from "@banyan/kernel";
import type { Reporter, TestCase, TestModule } from "vitest/node";

/** A reason that CI accepts begins so. */
const outsideData = "needs data outside the repository";

export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string): number => tests.filter((test) => test.result().state === state).length;
    const skipped = tests.filter((test) => test.result().state === "skipped");
    for (const test of skipped) process.stdout.write(`skipped: ${test.fullName} (${reasonOf(test)})\n`);
    const unexplained = skipped.filter((test) => !reasonOf(test).startsWith(outsideData));
    if (readConfig().CI && unexplained.length > 0) {
      process.stdout.write(`CI may skip only what ${outsideData}; ${unexplained.length} skipped for another reason\n`);
      process.exitCode = 1;
    }
    process.stdout.write(`${count("passed")} passed, ${count("failed")} failed, ${skipped.length} skipped\n`);
  }
}

function reasonOf(test: TestCase): string {
  const result = test.result();
  return (result.state === "skipped" && result.note) || "no reason given";
}
