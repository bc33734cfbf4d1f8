import { apiVersion, type ResourceKind } from '../model/kinds.ts';
import type { KubeObject } from '../model/objects.ts';
import { ApiError } from './api-error.ts';

export interface ListOptions {
  /** Undefined or '': all namespaces. */
  namespace?: string;
  labelSelector?: string;
  fieldSelector?: string;
  /** Objects per page; 500 unless told otherwise. */
  limit?: number;
  /** Only metadata is asked for, which spares most of the transfer; items then have nothing else. */
  metadataOnly?: boolean;
  /** What is kept of each object, page by page, so that a long list need not be in memory whole; undefined drops it. */
  keep?: (object: KubeObject) => KubeObject | undefined;
}

export interface ListResult {
  items: KubeObject[];
  /** Of the list, for a watch that begins here; all pages are of this one moment. */
  resourceVersion: string;
}

interface Page {
  metadata?: { resourceVersion?: string; continue?: string };
  items?: KubeObject[] | null;
}

const PAGE = 500;
/** A list that outlives etcd's compaction this often is not read in one piece at all. */
const MAX_RESTARTS = 3;

/**
 * All objects of a list, page by page. A continue token that has expired (410) starts the list anew: its remainder would
 * be of another moment than its beginning.
 */
export async function listAll(
  kind: ResourceKind,
  options: ListOptions,
  fetchPage: (parameters: Record<string, string | undefined>) => Promise<unknown>,
): Promise<ListResult> {
  for (let restarts = 0; ; restarts += 1) {
    try {
      return await listOnce(kind, options, fetchPage);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 410 && restarts < MAX_RESTARTS)) throw error;
    }
  }
}

async function listOnce(
  kind: ResourceKind,
  options: ListOptions,
  fetchPage: (parameters: Record<string, string | undefined>) => Promise<unknown>,
): Promise<ListResult> {
  const version = apiVersion(kind);
  const items: KubeObject[] = [];
  let resourceVersion = '';
  let token: string | undefined;
  do {
    const page = (await fetchPage({
      limit: String(options.limit ?? PAGE),
      labelSelector: options.labelSelector,
      fieldSelector: options.fieldSelector,
      continue: token,
    })) as Page;
    resourceVersion ||= page.metadata?.resourceVersion ?? '';
    // Items of a list carry neither; the object as a whole needs both.
    for (const item of page.items ?? []) {
      const object = { ...item, apiVersion: version, kind: kind.kind };
      const kept = options.keep === undefined ? object : options.keep(object);
      if (kept !== undefined) items.push(kept);
    }
    token = page.metadata?.continue || undefined;
  } while (token !== undefined);
  return { items, resourceVersion };
}
