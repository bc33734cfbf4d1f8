import { dump } from 'js-yaml';
import type { Certificate } from '../model/objects.ts';
import type { Change } from '../reissue/hazards.ts';

const CONTEXT = 3;

/** The edits that avoid a hazard as a unified diff of the Certificate's manifest; '' where there are none. */
export function hazardDiff(certificate: Certificate, changes: readonly Change[] = []): string {
  const { metadata, spec, apiVersion, kind } = certificate;
  const manifest = {
    apiVersion,
    kind,
    metadata: { name: metadata.name, namespace: metadata.namespace },
    spec: withoutPasswords(spec),
  };
  const before = lines(manifest);
  const edited = changes.reduce<Record<string, unknown>>(
    (object, { path, after: value }) => changed(object, path.split('.'), value),
    manifest,
  );
  const after = lines(edited);
  const name = `Certificate ${metadata.namespace ?? ''}/${metadata.name}`;
  return unified(before, after, name);
}

function lines(value: object): string[] {
  return dump(value, { lineWidth: -1, noRefs: true, skipInvalid: true }).trimEnd().split('\n');
}

/** Keystores may have their password in the spec. */
function withoutPasswords(spec: Certificate['spec']): unknown {
  return JSON.parse(JSON.stringify(spec), (key: string, value: unknown) =>
    key === 'password' && typeof value === 'string' ? '(not shown)' : value,
  );
}

/** A copy with the value at the path; undefined takes it away. */
function changed(object: Record<string, unknown>, path: readonly string[], value: unknown): Record<string, unknown> {
  const [first, ...rest] = path;
  if (first === undefined) return object;
  const inner = object[first];
  const fields = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {};
  return { ...object, [first]: rest.length === 0 ? value : changed(fields, rest, value) };
}

/** One hunk: all that lies between the first and the last line that differ. */
function unified(before: readonly string[], after: readonly string[], name: string): string {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) start += 1;
  let end = 0;
  while (
    end < before.length - start &&
    end < after.length - start &&
    before[before.length - 1 - end] === after[after.length - 1 - end]
  )
    end += 1;
  if (start === before.length && start === after.length) return '';
  const from = Math.max(0, start - CONTEXT);
  const tail = Math.min(CONTEXT, end);
  const head = before.slice(from, start);
  const removed = before.slice(start, before.length - end);
  const added = after.slice(start, after.length - end);
  const foot = before.slice(before.length - end, before.length - end + tail);
  const range = (length: number) => `${from + 1},${length}`;
  const around = head.length + foot.length;
  return [
    `--- ${name}`,
    `+++ ${name}`,
    `@@ -${range(around + removed.length)} +${range(around + added.length)} @@`,
    ...head.map((line) => ` ${line}`),
    ...removed.map((line) => `-${line}`),
    ...added.map((line) => `+${line}`),
    ...foot.map((line) => ` ${line}`),
  ].join('\n');
}
