import pLimit from 'p-limit';
import type { ResourceKind } from '../model/kinds.ts';
import type { KubeObject } from '../model/objects.ts';
import type { Cluster } from './client.ts';

/** Requests that run at once. */
const PARALLEL = 24;

/**
 * One object by a list of its name: for a kind that is listed anyway, so that nobody needs the right to get it besides.
 * The API server answers it as it answers a get. undefined where it does not exist; throws like `list`.
 */
export async function findByName(
  cluster: Cluster,
  kind: ResourceKind,
  namespace: string | undefined,
  name: string,
): Promise<KubeObject | undefined> {
  const where = namespace === undefined ? {} : { namespace };
  const { items } = await cluster.list(kind, { ...where, fieldSelector: `metadata.name=${name}` });
  return items.find((item) => item.metadata.name === name);
}

/**
 * Single objects by get: for a user who may read those that are known by name, and list none. Those that do not exist
 * are left out; throws like `get`.
 */
export async function getEach(
  cluster: Cluster,
  kind: ResourceKind,
  targets: readonly { namespace: string; name: string }[],
): Promise<KubeObject[]> {
  const limit = pLimit(PARALLEL);
  const found = await Promise.all(
    targets.map(({ namespace, name }) => limit(() => cluster.get(kind, namespace, name))),
  );
  return found.filter((object) => object !== undefined);
}
