import type { KubeObject } from '../../model/objects.ts';

type Fields = Record<string, unknown>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): boolean => typeof value === 'string';
const isMap = (value: unknown): boolean => isFields(value) && Object.values(value).every(isText);
const isList = (value: unknown): boolean => Array.isArray(value) && value.every(isFields);

const METADATA: Record<string, (value: unknown) => boolean> = {
  uid: isText,
  resourceVersion: isText,
  creationTimestamp: isText,
  labels: isMap,
  annotations: isMap,
  ownerReferences: isList,
  managedFields: isList,
};

/**
 * The object with the shapes that the findings rely on: null counts as absent in metadata, data and status, as it does for
 * Go, and a status that is none is dropped, since nothing of it is ever applied.
 */
export function withKnownShape(object: KubeObject): KubeObject {
  const copy: KubeObject = { ...object, metadata: withoutNulls(object.metadata) as KubeObject['metadata'] };
  for (const field of ['data', 'stringData', 'spec'] as const) {
    if (copy[field] === null) delete copy[field];
    else if (field !== 'spec' && isFields(copy[field])) copy[field] = withoutNulls(copy[field]);
  }
  if ('status' in copy) {
    const status = withoutNulls(copy.status);
    const conditions = isFields(status) ? status.conditions : undefined;
    if (isFields(status) && (conditions === undefined || isList(conditions))) copy.status = status;
    else delete copy.status;
  }
  return copy;
}

/** What of metadata or spec is of another type than the API server would take; undefined where all is well. */
export function wrongShape({ metadata, spec }: KubeObject): string | undefined {
  const field = Object.keys(METADATA).find((name) => metadata[name] !== undefined && !METADATA[name]?.(metadata[name]));
  if (field !== undefined) return `metadata.${field} is of a wrong type`;
  return spec === undefined || isFields(spec) ? undefined : 'spec is of a wrong type';
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== null && one !== undefined)
      .map(([key, one]) => [key, withoutNulls(one)]),
  );
}
