import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type Cluster } from '../cluster/client.ts';
import { explainApiError } from '../cluster/errors.ts';
import type { KubeObject } from '../model/objects.ts';
import { objectName } from '../model/objects.ts';
import { CertkeepError } from '../model/problems.ts';

const LIMIT_MS = 30_000;
const PAUSE_MS = 200;

interface CrdSpec {
  group: string;
  names: { plural: string };
  versions: { name: string; served: boolean }[];
}

/**
 * Waits until the API server serves what new CRDs define: it accepts a CRD some time before it knows its objects.
 * @throws CertkeepError api-unavailable where it does not within half a minute (two CRDs may claim one name)
 */
export async function untilServed(cluster: Cluster, crds: readonly KubeObject[]): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  for (const crd of crds) {
    while (!(await isServed(cluster, crd.spec as CrdSpec))) {
      if (Date.now() > deadline) {
        throw new CertkeepError(
          'api-unavailable',
          `${objectName(crd)} was created, but the API server does not serve it.`,
          'Look at its conditions with kubectl describe crd, then run the same command again: it continues.',
          { object: objectName(crd) },
        );
      }
      await sleep(PAUSE_MS);
    }
  }
}

async function isServed(cluster: Cluster, spec: CrdSpec): Promise<boolean> {
  const version = spec.versions.find((v) => v.served)?.name ?? '';
  try {
    await cluster.getPath(`/apis/${spec.group}/${version}/${spec.names.plural}?limit=1`);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    // Served, but not ours to read.
    if (error instanceof ApiError && error.status === 403) return true;
    throw explainApiError(error, `see whether ${spec.names.plural}.${spec.group} is served`);
  }
}
