import type { KubeObject } from '../../model/objects.ts';
import { MAX_LIST_NESTING } from './bounds.ts';

type Fields = Record<string, unknown>;

/** What a value in a manifest turned out to hold. */
export type Found = { object: KubeObject } | { what: string; fix: string };

const FIX_OBJECT = 'Give Kubernetes manifests: each object has apiVersion, kind and metadata.name.';

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * The objects of a parsed value: itself, or the items of a List, also of Lists within it. `listOf` is the apiVersion and
 * kind that items of the list around it have that do not name their own, as in the API server's own lists.
 */
export function* expand(value: unknown, listOf: ListOf | undefined, depth = 0): Generator<Found> {
  if (!isFields(value)) {
    yield { what: 'it holds something that is no Kubernetes object', fix: FIX_OBJECT };
    return;
  }
  const apiVersion = text(value.apiVersion) ?? listOf?.apiVersion;
  const kind = text(value.kind) ?? listOf?.kind;
  if (apiVersion === undefined || kind === undefined) {
    yield { what: 'it holds something without apiVersion and kind, so no Kubernetes object', fix: FIX_OBJECT };
    return;
  }
  if (kind.endsWith('List') && (Array.isArray(value.items) || value.items === null)) {
    if (depth >= MAX_LIST_NESTING) {
      yield { what: `Lists are nested more than ${MAX_LIST_NESTING} deep`, fix: FIX_OBJECT };
      return;
    }
    const inner = itemKind(value);
    for (const item of value.items ?? []) yield* expand(item, inner, depth + 1);
    return;
  }
  const { metadata } = value;
  if (!isFields(metadata) || typeof metadata.name !== 'string' || metadata.name === '') {
    yield { what: `${shown(kind)} has no metadata.name`, fix: FIX_OBJECT };
    return;
  }
  if (metadata.namespace !== undefined && metadata.namespace !== null && typeof metadata.namespace !== 'string') {
    yield { what: `metadata.namespace of ${shown(kind)} ${shown(metadata.name)} is no text`, fix: FIX_OBJECT };
    return;
  }
  yield { object: { ...value, apiVersion, kind } as KubeObject };
}

export interface ListOf {
  apiVersion: string;
  kind: string;
}

/** What the items of a list are, by its own kind: `SecretList` holds Secrets, `List` anything. */
export function itemKind(list: unknown): ListOf | undefined {
  if (!isFields(list)) return undefined;
  const apiVersion = text(list.apiVersion);
  const kind = text(list.kind);
  if (apiVersion === undefined || kind === undefined || kind === 'List' || !kind.endsWith('List')) return undefined;
  return { apiVersion, kind: kind.slice(0, -'List'.length) };
}

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** A word that somebody else chose, fit to be shown. */
const shown = (word: string): string => word.slice(0, 100).replace(/[^\x20-\x7e]/g, '?');
