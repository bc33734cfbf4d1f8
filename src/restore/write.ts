import { ApiError, type Cluster } from '../cluster/client.ts';
import { explainApiError } from '../cluster/errors.ts';
import { findByName } from '../cluster/single.ts';
import { type ResourceKind, SECRET } from '../model/kinds.ts';
import { type KubeObject, objectName } from '../model/objects.ts';
import { CertkeepError } from '../model/problems.ts';
import { listed, type PlannedObject } from './actions.ts';
import { differences } from './compare.ts';
import { createdByApply, OWN_MANAGER } from './managers.ts';
import { isIssuing } from './status.ts';

/** How often a guarded status write is tried again after somebody else wrote the object in between. */
const STATUS_TRIES = 5;

/** An object as the API server answered to its creation. */
export interface Created {
  object: KubeObject;
  /** False where somebody else created an equal object meanwhile: then it is theirs, and nothing more is written. */
  ours: boolean;
}

/**
 * Creates one object under the manager that its plan names. Never overwrites: an object that exists by now is either
 * equal, or the run ends.
 * @throws CertkeepError cluster-changed (7), write-refused (7), forbidden (6), unreachable (9), …
 */
export async function createObject(cluster: Cluster, item: PlannedObject): Promise<Created> {
  const { object, method } = item;
  const kind = item.kind as ResourceKind;
  const name = objectName(object);
  try {
    if (method?.how === 'apply') return { object: await applyNew(cluster, kind, object, method.manager), ours: true };
    const created = await createNew(cluster, kind, object, method?.manager ?? OWN_MANAGER);
    if (!created.ours || method?.how !== 'create-then-own') return created;
    return { object: await writeManagers(cluster, item), ours: true };
  } catch (error) {
    throw explainApiError(error, `create ${name}`);
  }
}

/**
 * Writes the source's managedFields back as they were, by a merge patch.
 * @throws what the cluster throws
 */
export async function writeManagers(cluster: Cluster, { object, kind, method }: PlannedObject): Promise<KubeObject> {
  if (method?.how !== 'create-then-own') throw new Error('an object with one manager needs no second call');
  const { namespace, name } = object.metadata;
  const patch = { metadata: { managedFields: method.managedFields } };
  return cluster.mergePatch(kind as ResourceKind, namespace, name, patch, { fieldManager: OWN_MANAGER });
}

async function applyNew(
  cluster: Cluster,
  kind: ResourceKind,
  object: KubeObject,
  manager: string,
): Promise<KubeObject> {
  const name = objectName(object);
  let answer: KubeObject;
  try {
    answer = await cluster.apply(kind, object, { fieldManager: manager });
  } catch (error) {
    // Fields of another manager: the object exists by now. Without force nothing was overwritten.
    if (error instanceof ApiError && error.status === 409) throw changed(name, 'it was created meanwhile, and differs');
    throw error;
  }
  if (!createdByApply(answer, manager)) {
    throw changed(name, 'it was created by something else at the same moment, and was overwritten with the backup');
  }
  return answer;
}

/** By the rights that there are: of Secrets to get them, of all else to list them. */
function readOne(cluster: Cluster, kind: ResourceKind, object: KubeObject): Promise<KubeObject | undefined> {
  const { namespace, name } = object.metadata;
  return kind.kind === SECRET.kind ? cluster.get(kind, namespace, name) : findByName(cluster, kind, namespace, name);
}

async function createNew(cluster: Cluster, kind: ResourceKind, object: KubeObject, manager: string): Promise<Created> {
  try {
    return { object: await cluster.create(kind, object, { fieldManager: manager }), ours: true };
  } catch (error) {
    if (!(error instanceof ApiError) || error.reason !== 'AlreadyExists') throw error;
    const live = await readOne(cluster, kind, object);
    const name = objectName(object);
    if (live === undefined) throw changed(name, 'it was created and deleted again at the same moment');
    const paths = differences(object, live);
    if (paths.length > 0) throw changed(name, `it was created meanwhile, and differs in ${listed(paths)}`);
    // An earlier try of the same request may have been cut off after it was done.
    return { object: live, ours: error.maybeOurs };
  }
}

/**
 * Writes status back by a merge patch of /status: a PUT meets a conflict with a running controller nine times in ten.
 *
 * @param from with this object's resourceVersion as a condition, and never while an issuance is under way; undefined:
 *   without condition, which is right for a Certificate that cert-manager has no reason to issue
 * @returns the answer, or undefined where an issuance is under way, which must be left alone
 * @throws CertkeepError
 */
export async function writeStatus(
  cluster: Cluster,
  item: PlannedObject,
  from: KubeObject | undefined,
): Promise<KubeObject | undefined> {
  const kind = item.kind as ResourceKind;
  const { namespace, name } = item.object.metadata;
  const options = { fieldManager: OWN_MANAGER, subresource: 'status' };
  const what = `write the status of ${objectName(item.object)}`;
  let current = from;
  for (let tries = 1; ; tries += 1) {
    if (current !== undefined && isIssuing(current)) return undefined;
    const resourceVersion = current?.metadata.resourceVersion;
    const condition = resourceVersion === undefined ? {} : { metadata: { resourceVersion } };
    try {
      return await cluster.mergePatch(kind, namespace, name, { ...condition, status: item.status }, options);
    } catch (error) {
      const conflict = error instanceof ApiError && error.status === 409 && current !== undefined;
      if (!conflict || tries >= STATUS_TRIES) throw explainApiError(error, what);
    }
    try {
      current = await findByName(cluster, kind, namespace, name);
    } catch (error) {
      throw explainApiError(error, what);
    }
    if (current === undefined) throw changed(objectName(item.object), 'it was deleted right after it was created');
  }
}

function changed(name: string, what: string): CertkeepError {
  return new CertkeepError(
    'cluster-changed',
    `${name} changed on the target while it was being restored: ${what}.`,
    'Find out what else writes it (a GitOps controller, a second restore, an Ingress), then run the same command again: it continues.',
    { object: name },
  );
}
