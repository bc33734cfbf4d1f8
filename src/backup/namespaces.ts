import { portable } from '../archive/portable.ts';
import type { Cluster } from '../cluster/client.ts';
import { explainApiError } from '../cluster/errors.ts';
import { NAMESPACE } from '../model/kinds.ts';
import type { KubeObject } from '../model/objects.ts';
import { isForbidden } from './refusals.ts';
import type { ClusterState } from './state.ts';

/** These exist in every cluster, and nobody restores them. */
const BUILT_IN: readonly string[] = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** The label that the API server itself sets on every namespace. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/**
 * The Namespaces of the objects that are captured, sorted by name. One that is outside the scope is read by itself; where
 * that is refused, its name is all that is kept.
 */
export async function namespacesOf(
  cluster: Cluster,
  state: ClusterState,
  objects: Iterable<KubeObject>,
): Promise<KubeObject[]> {
  const names = new Set<string>();
  for (const { metadata } of objects) {
    if (metadata.namespace !== undefined && !BUILT_IN.includes(metadata.namespace)) names.add(metadata.namespace);
  }
  return Promise.all(
    [...names].sort().map(async (name) => state.namespaces.get(name) ?? (await readOne(cluster, name))),
  );
}

async function readOne(cluster: Cluster, name: string): Promise<KubeObject> {
  const bare: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
  try {
    return (await cluster.get(NAMESPACE, undefined, name)) ?? bare;
  } catch (error) {
    if (isForbidden(error)) return bare;
    throw explainApiError(error, `read namespace ${name}`);
  }
}

/** A Namespace as it may be created elsewhere: its labels and annotations, without those that the target decides. */
export function portableNamespace(namespace: KubeObject): KubeObject {
  const copy = portable(namespace);
  const { [NAME_LABEL]: _, ...labels } = copy.metadata.labels ?? {};
  const { labels: __, ...metadata } = copy.metadata;
  return { ...copy, metadata: Object.keys(labels).length === 0 ? metadata : { ...metadata, labels } };
}
