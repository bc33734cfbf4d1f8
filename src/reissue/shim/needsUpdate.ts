import type { Certificate, PrivateKeySpec } from '../../model/objects.ts';
import { parseDuration } from '../goDuration.ts';
import type { Wanted } from './certificate.ts';
import type { ShimRules } from './rules.ts';

/**
 * Whether the shim finds that the Certificate in place differs from what its maker asks for (certNeedsUpdate in
 * sync.go). It looks at some fields only; but where one of them differs, it replaces the spec as a whole. The Certificate has
 * passed `wrongInPlace`.
 */
export function needsUpdate(existing: Certificate, { spec, labels }: Wanted, rules: ShimRules): boolean {
  const now = existing.spec;
  return (
    !sameLabels(existing.metadata.labels ?? undefined, labels) ||
    (now.commonName ?? '') !== (spec.commonName ?? '') ||
    !sameList(now.dnsNames ?? [], spec.dnsNames ?? []) ||
    now.secretName !== spec.secretName ||
    (now.issuerRef.name ?? '') !== spec.issuerRef.name ||
    (now.issuerRef.kind ?? '') !== (spec.issuerRef.kind ?? '') ||
    !sameLimit(now.revisionHistoryLimit ?? undefined, spec.revisionHistoryLimit, rules) ||
    !samePrivateKey(now.privateKey ?? {}, spec.privateKey ?? {}) ||
    (rules.comparesDurations &&
      !(sameDuration(now.duration, spec.duration) && sameDuration(now.renewBefore, spec.renewBefore)))
  );
}

type StringMap = Readonly<Record<string, string>>;

/** reflect.DeepEqual: no map is not an empty map. */
function sameLabels(a: StringMap | undefined, b: StringMap | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const names = Object.keys(a);
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && (a[name] ?? '') === b[name])
  );
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one, i) => one === b[i]);
}

function sameLimit(a: unknown, b: unknown, rules: ShimRules): boolean {
  return rules.comparesLimitByValue ? a === b : a === undefined && b === undefined;
}

function samePrivateKey(a: PrivateKeySpec, b: PrivateKeySpec): boolean {
  return (
    (a.algorithm ?? '') === (b.algorithm ?? '') &&
    (a.encoding ?? '') === (b.encoding ?? '') &&
    (a.rotationPolicy ?? '') === (b.rotationPolicy ?? '') &&
    // The size of an Ed25519 key means nothing.
    (a.algorithm === 'Ed25519' || (a.size ?? 0) === (b.size ?? 0))
  );
}

function sameDuration(a: string | null | undefined, b: string | undefined): boolean {
  if (a === undefined || a === null || b === undefined) return (a ?? undefined) === b;
  return parseDuration(a) === parseDuration(b);
}
