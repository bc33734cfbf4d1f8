import { setTimeout as sleep } from 'node:timers/promises';
import type { Certificate } from '../../src/model/objects.ts';
import type { TestCluster } from '../cluster/api.ts';
import { type AnyObject, KubeError } from '../cluster/kubeapi.ts';

const DEPLOYMENT = '/apis/apps/v1/namespaces/cert-manager/deployments/cert-manager';
const PODS = '/api/v1/namespaces/cert-manager/pods?labelSelector=app.kubernetes.io%2Fcomponent%3Dcontroller';
const TRIGGER = 'cert-manager-certificates-trigger';

/** All objects of a path. While a CRD changes, the API server says 429 for a moment: then it is asked again. */
export async function list<T = AnyObject>({ api }: TestCluster, path: string): Promise<T[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return (await api.call<{ items: T[] }>('GET', path)).items;
    } catch (error) {
      if (!(error instanceof KubeError && error.status === 429) || attempt > 50) throw error;
      await sleep(100);
    }
  }
}

/** Stops the controller alone (the webhook goes on judging) and waits until its process has ended. */
export async function stopController(cluster: TestCluster): Promise<void> {
  await cluster.api.mergePatch(`${DEPLOYMENT}/scale`, { spec: { replicas: 0 } });
  await until('the controller ends', 60, async () => (await list(cluster, PODS)).length === 0);
}

export async function startController(cluster: TestCluster): Promise<void> {
  await cluster.api.mergePatch(`${DEPLOYMENT}/scale`, { spec: { replicas: 1 } });
}

/** How often the controller's process ended by itself and was started again. */
export async function restarts(cluster: TestCluster): Promise<number> {
  const pods = await list<AnyObject & { status?: { containerStatuses?: { restartCount: number }[] } }>(cluster, PODS);
  return Math.max(0, ...pods.map(({ status }) => status?.containerStatuses?.[0]?.restartCount ?? 0));
}

/** What became of a Certificate. */
export interface Observed {
  outcome: 'keep' | 'reissue';
  /** Of the Issuing condition; where an issuance is over already, '' and the event's message. */
  reason: string;
  message: string;
  /** The messages of the trigger controller's events. */
  events: string[];
}

/**
 * Waits until the controller has decided on all Certificates: two canaries one after the other, each created after all
 * else and told by its CertificateRequest, and between them the readiness controller's condition on every Certificate but
 * those that it cannot judge. Then what the controller did is read, by `namespace/name`.
 *
 * `expected` are those that should be issued: their events, which are written last, are waited for as well, for a bounded
 * time; a missing one shows in the result.
 */
export async function observeDecisions(
  cluster: TestCluster,
  expected: readonly string[],
  withoutReadiness: readonly string[],
): Promise<Map<string, Observed>> {
  await canary(cluster, 'canary-1');
  await until('every Certificate has its Ready condition', 120, async () =>
    (await list<Certificate>(cluster, '/apis/cert-manager.io/v1/certificates')).every(
      (certificate) =>
        withoutReadiness.includes(keyOf(certificate)) ||
        certificate.status?.conditions?.some(
          ({ type, observedGeneration }) => type === 'Ready' && observedGeneration === certificate.metadata.generation,
        ),
    ),
  );
  await canary(cluster, 'canary-2');
  let observed = await read(cluster);
  const deadline = Date.now() + 30_000;
  while (expected.some((key) => observed.get(key)?.events.length === 0) && Date.now() < deadline) {
    await sleep(250);
    observed = await read(cluster);
  }
  return observed;
}

async function read(cluster: TestCluster): Promise<Map<string, Observed>> {
  const [certificates, events] = await Promise.all([
    list<Certificate>(cluster, '/apis/cert-manager.io/v1/certificates'),
    list<AnyObject & TriggerEvent>(cluster, '/api/v1/events?fieldSelector=involvedObject.kind%3DCertificate'),
  ]);
  return new Map(
    certificates.map((certificate) => {
      const own = events
        .filter(({ involvedObject, source, reason }) => {
          const isOurs = involvedObject.uid === certificate.metadata.uid && source?.component === TRIGGER;
          return isOurs && reason === 'Issuing';
        })
        .map(({ message }) => message);
      const issuing = certificate.status?.conditions?.find(
        ({ type, status }) => type === 'Issuing' && status === 'True',
      );
      const outcome = issuing !== undefined || own.length > 0 ? 'reissue' : 'keep';
      const { reason = '', message = own[0] ?? '' } = issuing ?? {};
      return [keyOf(certificate), { outcome, reason, message, events: own }];
    }),
  );
}

interface TriggerEvent {
  involvedObject: { uid: string };
  source?: { component?: string };
  reason: string;
  message: string;
}

export const keyOf = ({ metadata }: Certificate): string => `${metadata.namespace}/${metadata.name}`;

/** A Certificate made now, whose CertificateRequest shows that the controller has come to it. */
export async function canary(cluster: TestCluster, name: string): Promise<void> {
  const { api } = cluster;
  const namespace = 'default';
  await api.call('POST', `/apis/cert-manager.io/v1/namespaces/${namespace}/certificates`, {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name, namespace },
    spec: {
      secretName: name,
      dnsNames: ['canary.example.com'],
      issuerRef: { name: 'gone', kind: 'Issuer', group: 'cert-manager.io' },
      privateKey: { algorithm: 'ECDSA' },
    },
  });
  const request = `/apis/cert-manager.io/v1/namespaces/${namespace}/certificaterequests/${name}-1`;
  await until(`${name} has its request`, 120, async () => (await api.find(request)) !== undefined);
}

/** Asks until it is so. Throws with `what` after so many seconds. */
export async function until(what: string, seconds: number, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`not within ${seconds} s: ${what}`);
    await sleep(200);
  }
}
