import type { KubeObject } from '../../../model/objects.ts';
import { CRDS, names, type Resource } from './resources.ts';

/** The fields of a Backup's or Restore's spec that choose what is in it (velero pkg/apis/velero/v1). */
export interface FilterSpec {
  includedNamespaces: readonly string[];
  excludedNamespaces: readonly string[];
  includedResources: readonly string[];
  excludedResources: readonly string[];
  includeClusterResources: boolean | undefined;
  includedClusterScopedResources: readonly string[];
  excludedClusterScopedResources: readonly string[];
  includedNamespaceScopedResources: readonly string[];
  excludedNamespaceScopedResources: readonly string[];
  hasLabelSelector: boolean;
}

/** Of a CRD `related` means: where an object of its kind is in the backup; of all else: not. */
export type Inclusion = 'yes' | 'related' | 'no';

export function filterSpec(value: unknown): FilterSpec {
  const spec = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
  const list = (field: string): string[] => {
    const given = spec[field];
    return Array.isArray(given) ? given.filter((one) => typeof one === 'string') : [];
  };
  const cluster = spec.includeClusterResources;
  return {
    includedNamespaces: list('includedNamespaces'),
    excludedNamespaces: list('excludedNamespaces'),
    includedResources: list('includedResources'),
    excludedResources: list('excludedResources'),
    includeClusterResources: typeof cluster === 'boolean' ? cluster : undefined,
    includedClusterScopedResources: list('includedClusterScopedResources'),
    excludedClusterScopedResources: list('excludedClusterScopedResources'),
    includedNamespaceScopedResources: list('includedNamespaceScopedResources'),
    excludedNamespaceScopedResources: list('excludedNamespaceScopedResources'),
    hasLabelSelector: isSet(spec.labelSelector) || isSet(spec.orLabelSelectors),
  };
}

const isSet = (value: unknown): boolean => typeof value === 'object' && value !== null && Object.keys(value).length > 0;

/** Are some namespaces left out? */
export function filtersNamespaces({ includedNamespaces, excludedNamespaces }: FilterSpec): boolean {
  return excludedNamespaces.length > 0 || (includedNamespaces.length > 0 && !includedNamespaces.includes('*'));
}

/** Is the namespace in? Patterns as Velero 1.18 and later take them. */
export function includesNamespace(spec: FilterSpec, namespace: string): boolean {
  const matches = (patterns: readonly string[]) => patterns.some((pattern) => glob(pattern).test(namespace));
  if (matches(spec.excludedNamespaces)) return false;
  return spec.includedNamespaces.length === 0 || matches(spec.includedNamespaces);
}

function glob(pattern: string): RegExp {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`);
}

/**
 * Whether a Backup takes the objects of a resource (velero pkg/util/collections/includes_excludes.go: the old filters
 * GlobalIncludesExcludes, the ones by scope ScopeIncludesExcludes; CRDs of objects: pkg/backup/backup.go backupCRD).
 */
export function backupIncludes(spec: FilterSpec, resource: Resource): Inclusion {
  const inclusion = usesScopeFilters(spec) ? byScope(spec, resource) : byResource(spec, resource);
  return inclusion === 'related' && resource !== CRDS ? 'no' : inclusion;
}

/** Whether a Restore takes them (pkg/restore/restore.go): as the old filters, but CRDs come only if they are in. */
export function restoreIncludes(spec: FilterSpec, resource: Resource): boolean {
  return byResource(spec, resource) === 'yes';
}

function usesScopeFilters(spec: FilterSpec): boolean {
  const old =
    spec.includeClusterResources !== undefined || spec.includedResources.length + spec.excludedResources.length > 0;
  return (
    !old &&
    spec.includedClusterScopedResources.length +
      spec.excludedClusterScopedResources.length +
      spec.includedNamespaceScopedResources.length +
      spec.excludedNamespaceScopedResources.length >
      0
  );
}

function byResource(spec: FilterSpec, resource: Resource): Inclusion {
  const passes =
    !has(spec.excludedResources, resource) &&
    (spec.includedResources.length === 0 || has(spec.includedResources, resource));
  if (!passes) return 'no';
  if (resource.namespaced || spec.includeClusterResources === true) return 'yes';
  if (spec.includeClusterResources === false) return 'no';
  return filtersNamespaces(spec) ? 'related' : 'yes';
}

function byScope(spec: FilterSpec, resource: Resource): Inclusion {
  const [included, excluded] = resource.namespaced
    ? [spec.includedNamespaceScopedResources, spec.excludedNamespaceScopedResources]
    : [spec.includedClusterScopedResources, spec.excludedClusterScopedResources];
  if (has(excluded, resource)) return 'no';
  if (resource.namespaced) return included.length === 0 || has(included, resource) ? 'yes' : 'no';
  if (has(included, resource)) return 'yes';
  const everything =
    included.length + excluded.length === 0 &&
    !filtersNamespaces(spec) &&
    spec.excludedNamespaceScopedResources.length === 0 &&
    (spec.includedNamespaceScopedResources.length === 0 || spec.includedNamespaceScopedResources.includes('*'));
  return everything ? 'yes' : 'related';
}

function has(entries: readonly string[], resource: Resource): boolean {
  return entries.some((entry) => entry === '*' || names(entry, resource));
}

/** The spec of the Backups that a Schedule makes, or of a Backup itself. */
export function backupSpecOf(object: KubeObject): FilterSpec {
  const spec = object.spec as { template?: unknown } | undefined;
  return filterSpec(object.kind === 'Schedule' ? spec?.template : spec);
}
