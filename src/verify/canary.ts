import { randomBytes } from 'node:crypto';
import { controllerOf } from '../backup/state.ts';
import { ApiError, type Cluster } from '../cluster/client.ts';
import { explainApiError } from '../cluster/errors.ts';
import { findByName } from '../cluster/single.ts';
import { CERTIFICATE, CERTIFICATE_REQUEST, NEXT_PRIVATE_KEY_LABEL, SECRET } from '../model/kinds.ts';
import type { Certificate, KubeObject } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import type { Clock } from '../model/progress.ts';
import { Deadline, waitFor } from './wait.ts';

const PREFIX = 'certkeep-canary-';
const LABEL = { name: 'app.kubernetes.io/managed-by', value: 'certkeep' };
/** Canaries older than this are of a run that died. */
const LEFT_BEHIND_MS = 60 * 60 * 1000;
/** The garbage collector learns of new CRDs only after up to 30 s. */
const DELETION_LIMIT_MS = 45_000;
/** After an interrupt there is little time left before the runner kills us. */
const HASTY_DELETION_MS = 5000;

export interface CanaryOptions {
  cluster: Cluster;
  namespace: string;
  everyMs: number;
  signal: AbortSignal | undefined;
}

/**
 * A throw-away Certificate whose issuer does not exist. Its trigger comes after that of every Certificate that the
 * controller knew before, in the same queue: once its CertificateRequest is there, all of those have been decided on.
 */
export class Canary {
  readonly #options: CanaryOptions;
  readonly #object: KubeObject;

  private constructor(options: CanaryOptions, object: KubeObject) {
    this.#options = options;
    this.#object = object;
  }

  get name(): string {
    return this.#object.metadata.name;
  }

  /** Creates it; a problem (exit 8) where that is refused. Throws for an unreachable server and a missing right. */
  static async create(options: CanaryOptions): Promise<Canary | Problem> {
    const { namespace, cluster } = options;
    const name = `${PREFIX}${randomBytes(5).toString('hex')}`;
    try {
      return new Canary(options, await cluster.create(CERTIFICATE, canaryCertificate(namespace, name)));
    } catch (error) {
      if (error instanceof ApiError && error.maybeOurs) {
        // An earlier try was cut off after it had made the object; the random name is ours alone.
        const ours = await findByName(cluster, CERTIFICATE, namespace, name);
        if (ours !== undefined) return new Canary(options, ours);
      }
      return refused(error, namespace);
    }
  }

  /** True once cert-manager has made its CertificateRequest: the sign, since its Issuing condition comes too early. */
  async seen(deadline: Deadline): Promise<boolean> {
    const { cluster, namespace, everyMs, signal } = this.#options;
    const { uid } = this.#object.metadata;
    const found = await waitFor(
      async () => {
        const requests = await cluster.list(CERTIFICATE_REQUEST, { namespace });
        return requests.items.some((request) => controllerOf(request)?.uid === uid) ? true : undefined;
      },
      { deadline, everyMs, signal },
    );
    return found === true;
  }

  /**
   * Deletes it with all that cert-manager made for it, and waits until that is gone. Deleted by us what the garbage
   * collector leaves; a warning where something stays. Never throws: it runs on the way out of a failure too.
   */
  async remove(): Promise<Problem | undefined> {
    const { signal } = this.#options;
    try {
      return await removeCanary(
        this.#options,
        this.#object,
        signal?.aborted === true ? HASTY_DELETION_MS : DELETION_LIMIT_MS,
      );
    } catch (error) {
      return leftBehind(this.#options.namespace, this.name, explainApiError(error, 'delete it').message);
    }
  }
}

/** Removes canaries that earlier, interrupted runs left in the namespace. Failures are told as warnings. */
export async function removeLeftovers(options: CanaryOptions, clock: Clock): Promise<Problem[]> {
  const { cluster, namespace } = options;
  try {
    const list = await cluster.list(CERTIFICATE, { namespace, labelSelector: `${LABEL.name}=${LABEL.value}` });
    const old = list.items.filter(
      ({ metadata }) =>
        metadata.name.startsWith(PREFIX) &&
        clock.now().getTime() - Date.parse(metadata.creationTimestamp ?? '') > LEFT_BEHIND_MS,
    );
    const problems = await Promise.all(old.map((object) => removeCanary(options, object, DELETION_LIMIT_MS)));
    return problems.filter((problem) => problem !== undefined);
  } catch (error) {
    const explained = explainApiError(error, 'remove the canaries of earlier runs');
    if (explained.code === 'forbidden') throw explained;
    const { message, fix } = explained;
    return [{ severity: 'warning', code: 'unproven', message, fix }];
  }
}

async function removeCanary(options: CanaryOptions, canary: KubeObject, limitMs: number): Promise<Problem | undefined> {
  const { cluster, namespace, everyMs } = options;
  const { name, uid } = canary.metadata;
  await cluster.delete(CERTIFICATE, namespace, name, {
    propagationPolicy: 'Foreground',
    ...(uid === undefined ? {} : { uid }),
  });
  const rests = async (): Promise<(() => Promise<void>)[]> => {
    const found: (() => Promise<void>)[] = [];
    const requests = await cluster.list(CERTIFICATE_REQUEST, { namespace });
    const secrets = await nextKeys(cluster, namespace);
    for (const [kind, objects] of [
      [CERTIFICATE_REQUEST, requests.items],
      [SECRET, secrets],
    ] as const) {
      for (const object of objects) {
        if (object.metadata.ownerReferences?.some((owner) => owner.uid === uid) !== true) continue;
        found.push(() => cluster.delete(kind, namespace, object.metadata.name));
      }
    }
    return found;
  };
  const gone = async (): Promise<true | undefined> =>
    (await findByName(cluster, CERTIFICATE, namespace, name))?.metadata.uid === uid || (await rests()).length > 0
      ? undefined
      : true;
  // The signal is left out on purpose: this is what an interrupted run still has to do.
  const half = limitMs / 2;
  if ((await waitFor(gone, { deadline: new Deadline(half), everyMs, signal: undefined })) === true) return undefined;
  for (const remove of await rests()) await remove();
  if ((await waitFor(gone, { deadline: new Deadline(half), everyMs, signal: undefined })) === true) return undefined;
  return leftBehind(namespace, name, 'It is being deleted, but the garbage collector has not finished.');
}

/** cert-manager's keys for next certificates; [] where Secrets may not be listed there. */
async function nextKeys(cluster: Cluster, namespace: string): Promise<KubeObject[]> {
  try {
    return (await cluster.list(SECRET, { namespace, labelSelector: `${NEXT_PRIVATE_KEY_LABEL}=true` })).items;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return [];
    throw error;
  }
}

function canaryCertificate(namespace: string, name: string): Certificate {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { namespace, name, labels: { [LABEL.name]: LABEL.value } },
    spec: {
      secretName: name,
      dnsNames: ['certkeep-canary.invalid'],
      // No such issuer: nothing is ever signed, and no CA is asked.
      issuerRef: { group: 'cert-manager.io', kind: 'Issuer', name: `${name}-no-such-issuer` },
      privateKey: { algorithm: 'ECDSA', size: 256 },
    },
  };
}

function refused(error: unknown, namespace: string): Problem {
  const waive = 'or go on without it, which proves less: --no-canary';
  const problem = (message: string, fix: string): Problem => ({
    severity: 'error',
    code: 'controller-not-seen',
    message,
    fix,
  });
  if (error instanceof ApiError && error.status === 403 && error.user !== '') {
    throw explainApiError(error, `create the canary in the namespace ${namespace} (--no-canary waives it)`);
  }
  if (error instanceof ApiError && error.status === 404) {
    return problem(
      `The canary could not be created: the namespace ${namespace} does not exist.`,
      'Choose an existing one with --canary-namespace.',
    );
  }
  if (error instanceof ApiError && error.status < 500) {
    return problem(
      `The canary was refused in the namespace ${namespace}${error.detail === '' ? '' : `: ${error.detail.replace(/\.$/, '')}`}.`,
      `Where a policy refuses it, choose another namespace with --canary-namespace, ${waive}.`,
    );
  }
  const explained = explainApiError(error, `create the canary in the namespace ${namespace}`);
  if (explained.code !== 'write-refused') throw explained;
  return problem(explained.message, explained.fix);
}

function leftBehind(namespace: string, name: string, why: string): Problem {
  return {
    severity: 'warning',
    code: 'unproven',
    message: `The canary Certificate ${namespace}/${name} is still there. ${why}`,
    fix: `Delete it: kubectl -n ${namespace} delete certificate ${name} --cascade=foreground.`,
    object: `Certificate/${namespace}/${name}`,
  };
}
