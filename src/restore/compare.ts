import { canonicalJson } from '../archive/canonical.ts';
import { portable } from '../archive/portable.ts';
import { LAST_APPLIED_ANNOTATION } from '../model/kinds.ts';
import type { KubeObject } from '../model/objects.ts';

/**
 * Keys of a TLS Secret that cert-manager makes from tls.crt, tls.key, ca.crt and a password. It encodes them anew
 * (with new random bytes) whenever it rewrites the Secret, so their bytes say nothing about a reissue.
 */
const REENCODED_KEYS: readonly string[] = ['keystore.jks', 'truststore.jks', 'keystore.p12', 'truststore.p12'];

/**
 * The fields in which a live object differs from what the backup states, as paths such as `spec.dnsNames`,
 * `data[tls.crt]` or `metadata.labels[team]`; empty when it is equal. Never a value: a Secret's would be a key.
 *
 * Equal means: every field outside metadata is the same, and every label and annotation of the backup is there with
 * the same value. Labels and annotations that only the live object has are left alone by a restore and do not count;
 * neither does `last-applied-configuration`, which is an echo of the spec. A Namespace is equal when it exists.
 */
export function differences(backup: KubeObject, live: KubeObject): string[] {
  if (backup.kind === 'Namespace') return [];
  const wanted = comparable(backup);
  const found = comparable(live);
  const paths: string[] = [];
  for (const field of union(wanted, found)) {
    if (field === 'metadata') continue;
    const ignored = field === 'data' && sameKeyPair(wanted, found) ? REENCODED_KEYS : [];
    paths.push(...differingChildren(field, wanted[field], found[field], ignored));
  }
  for (const part of ['labels', 'annotations'] as const) {
    for (const [name, value] of Object.entries(wanted.metadata[part] ?? {})) {
      if (name === LAST_APPLIED_ANNOTATION) continue;
      if (found.metadata[part]?.[name] !== value) paths.push(`metadata.${part}[${name}]`);
    }
  }
  return paths.sort();
}

/** Portable, and with the defaults filled in that some versions of the CRDs fill in and others do not (1.19.0). */
function comparable(object: KubeObject): KubeObject {
  const copy = portable(object);
  // An empty map and none are the same to the API server.
  if (object.kind === 'Secret') return { ...copy, data: copy.data ?? {}, type: copy.type ?? 'Opaque' };
  const spec = copy.spec as { issuerRef?: Record<string, unknown> } | undefined;
  if (object.kind !== 'Certificate' || spec?.issuerRef === undefined) return copy;
  const { kind, group, ...rest } = spec.issuerRef;
  const issuerRef = { ...rest, kind: kind || 'Issuer', group: group || 'cert-manager.io' };
  return { ...copy, spec: { ...spec, issuerRef } };
}

/** The differing fields one level below `field`, or `field` itself where it is no object. */
function differingChildren(field: string, wanted: unknown, found: unknown, ignored: readonly string[]): string[] {
  if (!isMap(wanted) || !isMap(found)) return same(wanted, found) ? [] : [field];
  const name = (key: string) => (field === 'data' ? `${field}[${key}]` : `${field}.${key}`);
  return union(wanted, found)
    .filter((key) => !ignored.includes(key) && !same(wanted[key], found[key]))
    .map(name);
}

/** True when both hold the same certificate and private key. */
function sameKeyPair(a: KubeObject, b: KubeObject): boolean {
  const [x, y] = [a.data, b.data];
  if (a.kind !== 'Secret' || !isMap(x) || !isMap(y)) return false;
  return ['tls.crt', 'tls.key'].every((key) => Boolean(x[key]) && x[key] === y[key]);
}

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a === undefined || b === undefined) return false;
  return canonicalJson(a) === canonicalJson(b);
}

function union(a: object, b: object): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])];
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
