import { LAST_APPLIED_ANNOTATION } from '../model/kinds.ts';
import type { KubeObject, ObjectMeta } from '../model/objects.ts';

/**
 * Fields of metadata that are restored. All others belong to one cluster, or to one life of the object: uid,
 * resourceVersion, generation, creationTimestamp, managedFields, ownerReferences, selfLink, those of a deletion, and
 * finalizers: whoever wanted to be asked before the deletion may not run on the target, which then could not delete it.
 */
export const PORTABLE_METADATA: readonly string[] = ['name', 'namespace', 'labels', 'annotations'];

/** Labels and annotations that say how strictly a namespace is policed: the target cluster decides that, not a backup. */
export function isSecurityPolicyKey(key: string): boolean {
  return key.startsWith('pod-security.kubernetes.io/') || key.startsWith('openshift.io/sa.scc.');
}

/**
 * A copy of the object as it may be created on another cluster: without status and without the metadata that belongs to
 * the cluster it came from. Of a Namespace only name, labels and annotations stay, less those of pod security. The
 * last-applied annotation is taken off Secrets, whose data it would repeat, and off Namespaces, which are only ever
 * created; everywhere else a later `kubectl apply` needs it. The argument is left as it is.
 */
export function portable(object: KubeObject): KubeObject {
  const { status: _, ...rest } = object;
  const metadata = Object.fromEntries(
    Object.entries(object.metadata).filter(([field]) => PORTABLE_METADATA.includes(field)),
  ) as ObjectMeta;
  if (object.apiVersion === 'v1' && object.kind === 'Namespace') return portableNamespace(object, metadata);
  if (object.apiVersion === 'v1' && object.kind === 'Secret') keep(metadata, (key) => key !== LAST_APPLIED_ANNOTATION);
  return { ...rest, metadata };
}

function portableNamespace(object: KubeObject, metadata: ObjectMeta): KubeObject {
  keep(metadata, (key) => key !== LAST_APPLIED_ANNOTATION && !isSecurityPolicyKey(key));
  return { apiVersion: object.apiVersion, kind: object.kind, metadata };
}

/** Keeps the labels and annotations whose key passes; a map that ends up empty is left out. */
function keep(metadata: ObjectMeta, wanted: (key: string) => boolean): void {
  for (const field of ['labels', 'annotations'] as const) {
    const map = metadata[field];
    if (map === undefined) continue;
    const kept = Object.fromEntries(Object.entries(map).filter(([key]) => wanted(key)));
    if (Object.keys(kept).length > 0) metadata[field] = kept;
    else delete metadata[field];
  }
}
