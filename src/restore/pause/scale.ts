import { ApiError, type Cluster } from '../../cluster/client.ts';
import { DEPLOYMENT, POD } from '../../model/kinds.ts';
import { CertkeepError } from '../../model/problems.ts';
import { Deadline, waitFor } from '../../verify/wait.ts';
import { OWN_MANAGER } from '../managers.ts';

/** A Deployment by name. */
export interface Target {
  namespace: string;
  name: string;
}

/** What `deployments/scale` says (autoscaling/v1 Scale). */
export interface Scale {
  /** Wanted. */
  replicas: number;
  /** There, as the Deployment's own controller counts them. */
  present: number;
  /** Label selector of its Pods, as text. */
  selector: string;
}

/** How long a controller may take to stop: the Pod's grace period is 30 s unless the chart says otherwise. */
const STOP_MS = 90_000;
/** Where Pods may not be listed: the process lived 1.3 to 2.2 s longer than its lease and its replica. */
const UNSEEN_PODS_MS = 3_000;
const POLL_MS = 250;

/** Reads the scale. Throws ApiError. */
export async function readScale(cluster: Cluster, { namespace, name }: Target): Promise<Scale> {
  const path = `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/deployments/${encodeURIComponent(name)}/scale`;
  const answer = (await cluster.getPath(path)) as {
    spec?: { replicas?: number };
    status?: { replicas?: number; selector?: string };
  };
  return {
    replicas: answer.spec?.replicas ?? 0,
    present: answer.status?.replicas ?? 0,
    selector: answer.status?.selector ?? '',
  };
}

/** Sets the number of replicas, of this one Deployment, by its subresource scale. Throws ApiError. */
export async function writeScale(cluster: Cluster, { namespace, name }: Target, replicas: number): Promise<void> {
  const options = { subresource: 'scale', fieldManager: OWN_MANAGER };
  await cluster.mergePatch(DEPLOYMENT, namespace, name, { spec: { replicas } }, options);
}

/**
 * Waits until no process of it is left. The controller gives up its lease, and its replica is counted out, a second or two
 * before the last worker has ended; only that its Pods are gone tells.
 *
 * @returns false where something else scaled it back meanwhile
 * @throws CertkeepError controller-not-stopped (8) after 90 s; what `signal` was aborted with; ApiError
 */
export async function awaitStopped(
  cluster: Cluster,
  target: Target,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  let pods = 0;
  let hiddenSince: number | undefined;
  const stopped = await waitFor(
    async () => {
      const scale = await readScale(cluster, target);
      if (scale.replicas > 0) return false;
      if (scale.present > 0) return undefined;
      const left = await countPods(cluster, target.namespace, scale.selector);
      if (left === undefined) {
        hiddenSince ??= performance.now();
        return performance.now() - hiddenSince >= UNSEEN_PODS_MS ? true : undefined;
      }
      pods = left;
      return left === 0 ? true : undefined;
    },
    { deadline: new Deadline(STOP_MS), everyMs: POLL_MS, signal },
  );
  if (stopped !== undefined) return stopped;
  throw new CertkeepError(
    'controller-not-stopped',
    `cert-manager's controller (Deployment ${target.namespace}/${target.name}) was scaled to 0 and did not stop in ${STOP_MS / 1000} seconds${pods > 0 ? `: ${pods} ${pods === 1 ? 'Pod is' : 'Pods are'} left` : ''}.`,
    `See what holds it: kubectl -n ${target.namespace} get pods. The controller is started again; nothing was written.`,
    { object: `Deployment/${target.namespace}/${target.name}` },
  );
}

/** Pods of the selector; undefined where they may not be listed. */
async function countPods(cluster: Cluster, namespace: string, labelSelector: string): Promise<number | undefined> {
  try {
    return (await cluster.list(POD, { namespace, labelSelector })).items.length;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return undefined;
    throw error;
  }
}
