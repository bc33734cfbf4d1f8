import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type Cluster } from '../../cluster/client.ts';
import { explainApiError } from '../../cluster/errors.ts';
import type { Problem } from '../../model/problems.ts';
import { readScale, type Target, writeScale } from './scale.ts';

/** How long a controller is tried to be started while the API server cannot be reached. */
const TRY_MS = 120_000;
const PAUSES_MS = [500, 1_000, 2_000, 5_000];

/**
 * Scales the controller back to `replicas`, unless something else did already. An API server that is away, overloaded or
 * restarted is waited for: nothing is worse than a controller that stays stopped.
 *
 * @returns undefined when it is done; else the problem (exit 8) with the line that does it by hand
 */
export async function startController(input: {
  cluster: Cluster;
  target: Target;
  replicas: number;
  tryMs?: number;
}): Promise<Problem | undefined> {
  const { cluster, target, replicas } = input;
  const end = performance.now() + (input.tryMs ?? TRY_MS);
  for (let tries = 0; ; tries += 1) {
    try {
      if ((await readScale(cluster, target)).replicas === 0) await writeScale(cluster, target, replicas);
      return undefined;
    } catch (error) {
      const hopeless = error instanceof ApiError && [401, 403, 404, 422].includes(error.status);
      if (hopeless || performance.now() > end) return notStarted(target, replicas, error);
      await sleep(PAUSES_MS[Math.min(tries, PAUSES_MS.length - 1)]);
    }
  }
}

function notStarted({ namespace, name }: Target, replicas: number, error: unknown): Problem {
  const { message } = explainApiError(error, `start cert-manager's controller again`);
  return {
    severity: 'error',
    code: 'controller-paused',
    message: `${message} The controller (Deployment ${namespace}/${name}) is still scaled to 0: nothing is issued or renewed.`,
    fix: `Run certkeep resume, or: kubectl -n ${namespace} scale deployment ${name} --replicas=${replicas}.`,
    object: `Deployment/${namespace}/${name}`,
  };
}
