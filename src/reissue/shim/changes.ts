import type { Certificate } from '../../model/objects.ts';
import { parseDuration } from '../goDuration.ts';

/** One difference between a Certificate in place and what it becomes. */
export interface Change {
  /** `spec.dnsNames`, `metadata.labels["app"]`. */
  path: string;
  /** undefined where the field was, or is then, absent. */
  before: unknown;
  after: unknown;
}

/** Differences in labels, annotations and spec, field by field; lists as a whole. A duration counts by its length. */
export function changesBetween(before: Certificate | undefined, after: Certificate | undefined): Change[] {
  const changes: Change[] = [];
  if (before === undefined || after === undefined) return changes;
  compareMaps('metadata.labels', before.metadata.labels, after.metadata.labels, changes);
  compareMaps('metadata.annotations', before.metadata.annotations, after.metadata.annotations, changes);
  compareFields('spec', before.spec, after.spec, changes);
  return changes;
}

function compareMaps(path: string, before: unknown, after: unknown, changes: Change[]): void {
  for (const [name, a, b] of pairs(before, after)) add(`${path}["${name}"]`, a, b, changes);
}

function compareFields(path: string, before: unknown, after: unknown, changes: Change[]): void {
  for (const [name, a, b] of pairs(before, after)) {
    if (isObject(a) && isObject(b)) compareFields(`${path}.${name}`, a, b, changes);
    else add(`${path}.${name}`, a, b, changes);
  }
}

function pairs(before: unknown, after: unknown): [name: string, before: unknown, after: unknown][] {
  const a = isObject(before) ? before : {};
  const b = isObject(after) ? after : {};
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].map((name) => [name, a[name], b[name]]);
}

function add(path: string, before: unknown, after: unknown, changes: Change[]): void {
  if (JSON.stringify(before) === JSON.stringify(after)) return;
  if (/^spec\.(duration|renewBefore)$/.test(path) && typeof before === 'string' && typeof after === 'string') {
    if (parseDuration(before) === parseDuration(after)) return;
  }
  changes.push({ path, before, after });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
