import type { Cluster } from '../cluster/client.ts';
import { clusterUid } from '../cluster/identity.ts';
import { CertkeepError } from '../model/problems.ts';

/**
 * The uid of the cluster that is going to be written to, which must be `expected` where that is given.
 * @throws CertkeepError wrong-cluster (2), unreachable (9)
 */
export async function targetUid(cluster: Cluster, expected: string | undefined): Promise<string> {
  const uid = await clusterUid(cluster);
  if (expected === undefined || expected === uid) return uid;
  throw new CertkeepError(
    'wrong-cluster',
    `The cluster at ${cluster.server} (context ${cluster.context}) has the uid ${uid}, not the expected ${expected}.`,
    'Choose the right --context, or correct --expect-cluster (the uid of namespace kube-system).',
  );
}
