/** Whether two lists hold the same strings, each as often, in any order (pkg/util/util.go EqualUnsorted). */
export function equalUnsorted(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  if (a.length === 1) return a[0] === b[0];
  const left = [...a].sort();
  const right = [...b].sort();
  return left.every((value, i) => value === right[i]);
}
