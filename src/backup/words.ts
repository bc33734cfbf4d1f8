/** `a`, `a and b`, `a, b, c and 7 more`. */
export function some(names: readonly string[]): string {
  const [first = ''] = names;
  if (names.length <= 1) return first;
  if (names.length === 2) return names.join(' and ');
  const shown = names.slice(0, 3).join(', ');
  return names.length === 3 ? shown : `${shown} and ${names.length - 3} more`;
}
