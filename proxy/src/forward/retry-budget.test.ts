import { expect, test } from "vitest";
import { fixedClock } from "@banyan/kernel";
import { limits } from "../limits.ts";
import { RetryBudget } from "./retry-budget.ts";

const takeAll = (budget: RetryBudget): number => {
  let taken = 0;
  while (taken < 1_000 && budget.take()) taken += 1;
  return taken;
};

test("a quiet proxy may retry a few times, a busy one a tenth of its requests, counted over ten seconds", () => {
  const clock = fixedClock(new Date(0));
  const budget = new RetryBudget(clock);
  expect(takeAll(budget)).toBe(limits.retriesFree);
  for (let i = 0; i < 200; i += 1) budget.request();
  expect(takeAll(budget)).toBe(20);
  clock.advance(5_000);
  expect(takeAll(budget)).toBe(0);
  clock.advance(6_000);
  expect(takeAll(budget)).toBe(limits.retriesFree);
  expect(budget.refused).toBe(4);
});
