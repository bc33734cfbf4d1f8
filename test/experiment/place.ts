import { setTimeout as sleep } from 'node:timers/promises';
import type { Certificate, KubeObject } from '../../src/model/objects.ts';
import type { TestCluster } from '../cluster/api.ts';
import type { AnyObject } from '../cluster/kubeapi.ts';
import type { Case } from '../truth/case.ts';
import { buildCase } from '../truth/plan.ts';
import type { Maker } from '../truth/run.ts';
import { basePlan, type State } from './state.ts';

const API = '/apis/cert-manager.io/v1/namespaces';
const FAO_LABEL = 'controller.cert-manager.io/fao';

/**
 * Sets up the states on a cluster whose controller is stopped, each in a namespace of its own with the Certificate
 * `web`. Everything goes through the real API server and the real webhook; throws where they refuse something.
 */
export async function placeStates(
  cluster: TestCluster,
  states: readonly State[],
  maker: Maker,
  now: Date,
): Promise<void> {
  const cases = await Promise.all(
    states.map((state) => {
      const plan = basePlan(maker, now);
      // First, so that a state can take the label away again.
      plan.editObjects.push(({ secret }) => {
        if (secret !== null) secret.metadata.labels = { [FAO_LABEL]: 'true' };
      });
      state.change(plan);
      return buildCase(plan, state.name, state.name);
    }),
  );
  const each = (work: (one: Case) => Promise<unknown>): Promise<unknown> => Promise.all(cases.map(work));
  const create = (path: string, object: KubeObject): Promise<AnyObject> => cluster.api.call('POST', path, object);

  await each(async ({ id }) => {
    await create('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: id } });
  });
  // A creation time has whole seconds, and the older one owns a shared Secret.
  await each((one) => createCertificates(one, siblings(one, -1)));
  await sleep(1_000);
  await each(async (one) => {
    const uid = await createCertificates(one, [one.certificate]);
    await Promise.all(one.requests.map((request) => createRequest(one, request, uid)));
    if (one.secret !== null) await create(`/api/v1/namespaces/${one.id}/secrets`, inNamespace(one.secret, one.id));
  });
  await sleep(1_000);
  await each((one) => createCertificates(one, siblings(one, 1)));
  await each((one) => untilDeadAreCollected(cluster, one));

  /** Returns the uid of the last one. */
  async function createCertificates({ id }: Case, certificates: readonly Certificate[]): Promise<string> {
    let uid = '';
    for (const certificate of certificates) {
      const { status, ...object } = inNamespace(certificate, id);
      delete object.metadata.creationTimestamp;
      const created = await create(`${API}/${id}/certificates`, object);
      uid = created.metadata.uid ?? '';
      if (status === undefined) continue;
      await cluster.api.call('PUT', `${API}/${id}/certificates/${object.metadata.name}/status`, { ...created, status });
    }
    return uid;
  }

  async function createRequest({ id, certificate }: Case, request: KubeObject, uid: string): Promise<void> {
    const object = inNamespace(request, id);
    for (const owner of object.metadata.ownerReferences ?? [])
      if (owner.uid === certificate.metadata.uid) owner.uid = uid;
    await create(`${API}/${id}/certificaterequests`, object);
  }
}

/** The other Certificates of the Secret: those that are older (-1) or younger (1). */
function siblings({ certificate, siblings: all }: Case, sign: -1 | 1): Certificate[] {
  const age = (one: Certificate): number =>
    Date.parse(one.metadata.creationTimestamp ?? '') - Date.parse(certificate.metadata.creationTimestamp ?? '');
  return all.filter((one) => Math.sign(age(one)) === sign);
}

function inNamespace<T extends KubeObject>(object: T, namespace: string): T {
  const copy = structuredClone(object);
  copy.metadata.namespace = namespace;
  delete copy.metadata.uid;
  return copy;
}

/** A Secret whose owner does not exist is deleted by the garbage collector, soon: it must be gone before it is judged. */
async function untilDeadAreCollected(cluster: TestCluster, { id, secret }: Case): Promise<void> {
  if (secret?.metadata.ownerReferences === undefined) return;
  const deadline = Date.now() + 40_000;
  while ((await cluster.api.find(`/api/v1/namespaces/${id}/secrets/${secret.metadata.name}`)) !== undefined) {
    if (Date.now() > deadline) throw new Error(`${id}: the Secret of a dead owner was not collected within 40 s`);
    await sleep(100);
  }
}
