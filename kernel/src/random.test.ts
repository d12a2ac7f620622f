import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRandom } from "./random.ts";

test("the same seed gives the same numbers, another seed others", () => {
  const draw = (seed: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 20 }, () => random.next());
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
});

test("int stays within its bounds and reaches both", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1000 }), (seed) => {
      const random = seededRandom(seed);
      const seen = new Set(Array.from({ length: 200 }, () => random.int(3, 6)));
      expect([...seen].sort()).toEqual([3, 4, 5, 6]);
    }),
  );
});
