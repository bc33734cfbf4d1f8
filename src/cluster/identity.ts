import { NAMESPACE } from '../model/kinds.ts';
import { CertkeepError } from '../model/problems.ts';
import type { Cluster } from './client.ts';
import { explainApiError } from './errors.ts';

/** The identity of a cluster: the uid of its namespace kube-system. Throws CertkeepError. */
export async function clusterUid(cluster: Cluster): Promise<string> {
  let uid: string | undefined;
  try {
    uid = (await cluster.get(NAMESPACE, undefined, 'kube-system'))?.metadata.uid;
  } catch (error) {
    throw explainApiError(error, 'read namespace kube-system');
  }
  if (uid !== undefined && uid !== '') return uid;
  throw new CertkeepError(
    'unreachable',
    `The server ${cluster.server} has no namespace kube-system: it is no Kubernetes cluster, or not one that can be told from others.`,
    'Check the server of the kubeconfig context.',
  );
}

/**
 * Refuses another cluster than `expected`; '' and undefined expect none.
 * @throws CertkeepError wrong-cluster (2)
 */
export function requireCluster(cluster: Cluster, uid: string, expected: string | undefined): void {
  if (expected === undefined || expected === '' || expected === uid) return;
  throw new CertkeepError(
    'wrong-cluster',
    `This is cluster ${uid} (${cluster.server}), not ${expected} as --expect-cluster says.`,
    'Choose the right --context, or correct --expect-cluster: it is the uid of the namespace kube-system.',
  );
}

/** The API server's version as it names itself, for example `v1.36.3`. Throws CertkeepError. */
export async function kubernetesVersion(cluster: Cluster): Promise<string> {
  try {
    const version = (await cluster.getPath('/version')) as { gitVersion?: unknown };
    return typeof version.gitVersion === 'string' ? version.gitVersion : '';
  } catch (error) {
    throw explainApiError(error, 'read the version of Kubernetes');
  }
}
