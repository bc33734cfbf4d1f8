/** A value found by a path pattern, with the concrete path that led to it. */
export interface Found {
  path: string;
  value: unknown;
}

/**
 * All values of `object` that a pattern such as `spec.acme.solvers[].dns01.cloudflare.apiTokenSecretRef` leads to.
 * `[]` stands for every element of a list; the paths in the answer carry the index. Absent fields give nothing.
 */
export function findPath(object: unknown, pattern: string): Found[] {
  let found: Found[] = [{ path: '', value: object }];
  for (const segment of pattern.split('.')) {
    const isList = segment.endsWith('[]');
    const field = isList ? segment.slice(0, -2) : segment;
    found = found.flatMap(({ path, value }) => {
      const child = isRecord(value) ? value[field] : undefined;
      const childPath = path === '' ? field : `${path}.${field}`;
      if (child === undefined || child === null) return [];
      if (!isList) return [{ path: childPath, value: child }];
      return Array.isArray(child) ? child.map((item, i) => ({ path: `${childPath}[${i}]`, value: item })) : [];
    });
  }
  return found;
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
