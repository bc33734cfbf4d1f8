import type { Problem } from '../model/problems.ts';

/** One line for each code and object, errors first. */
export function distinct(problems: readonly Problem[]): Problem[] {
  const order = { error: 0, warning: 1, note: 2 };
  const seen = new Set<string>();
  return problems
    .toSorted((a, b) => order[a.severity] - order[b.severity])
    .filter((problem) => {
      if (problem.object === undefined) return true;
      const key = `${problem.code} ${problem.object}`;
      return !seen.has(key) && seen.add(key);
    });
}
