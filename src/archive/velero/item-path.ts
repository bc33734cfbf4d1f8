/** Where an item lies in a Velero backup (velero pkg/archive/filesystem.go, parser.go). */
export interface ItemPath {
  /** `plural.group`, `plural` for the core group. */
  resource: string;
  /** '' for a cluster-scoped object. */
  namespace: string;
  name: string;
  /** The copy below `VERSION/` or `VERSION-preferredversion/` that Velero writes beside the plain one. */
  isCopy: boolean;
}

/**
 * Reads `resources/<plural.group>/[<version>[-preferredversion]/](cluster|namespaces/<ns>)/<name>.json`; a leading `./`, as
 * whoever packs a backup anew may bring, is passed over. Undefined for every other path.
 */
export function parseItemPath(path: string): ItemPath | undefined {
  const [root, resource, ...rest] = path.replace(/^\.\//, '').split('/');
  if (root !== 'resources' || resource === undefined) return undefined;
  const isCopy = /^v\d[a-z0-9]*(-preferredversion)?$/.test(rest[0] ?? '');
  const [scope, ...tail] = isCopy ? rest.slice(1) : rest;
  const [namespace, ...names] = scope === 'namespaces' ? tail : ['', ...tail];
  const file = names.join('/');
  if ((scope !== 'namespaces' && scope !== 'cluster') || namespace === undefined || !file.endsWith('.json')) {
    return undefined;
  }
  if (scope === 'namespaces' && namespace === '') return undefined;
  return { resource, namespace, name: file.slice(0, -'.json'.length), isCopy };
}
