/** Patterns for paths and route ids: `*` stands for anything within one step of a path, `**` for anything at all. */

export function globExpression(glob: string): RegExp {
  const source = stepsOf(glob)
    .map((step) => (step === "**" ? ".*" : step === "*" ? "[^/]*" : step.replaceAll(/[.+?^${}()|[\]\\]/g, "\\$&")))
    .join("");
  return new RegExp(`^${source}$`, "s");
}

/** Wildcards and single characters. */
function stepsOf(glob: string): string[] {
  return glob.match(/\*\*|\*|[^*]/gs) ?? [];
}

/** Whether some path matches both. */
export function globsIntersect(left: string, right: string): boolean {
  const [a, b] = [stepsOf(left), stepsOf(right)];
  const known = new Map<number, boolean>();
  const meet = (i: number, j: number): boolean => {
    const key = i * (b.length + 1) + j;
    const before = known.get(key);
    if (before !== undefined) return before;
    known.set(key, false);
    const result = meetAt(i, j);
    known.set(key, result);
    return result;
  };
  const meetAt = (i: number, j: number): boolean => {
    const [one, other] = [a[i], b[j]];
    if (one === undefined && other === undefined) return true;
    if (isWild(one) && meet(i + 1, j)) return true;
    if (isWild(other) && meet(i, j + 1)) return true;
    if (one === undefined || other === undefined) return false;
    if (isWild(one) && isWild(other)) return meet(i + 1, j) || meet(i, j + 1);
    if (isWild(one)) return takes(one, other) && meet(i, j + 1);
    if (isWild(other)) return takes(other, one) && meet(i + 1, j);
    return one === other && meet(i + 1, j + 1);
  };
  return meet(0, 0);
}

const isWild = (step: string | undefined): step is string => step === "*" || step === "**";
const takes = (wild: string, character: string): boolean => wild === "**" || character !== "/";
