import { setTimeout as delay } from 'node:timers/promises';
import pLimit, { type LimitFunction } from 'p-limit';
import { leafFacts } from '../archive/x509.ts';
import type { Cluster } from '../cluster/client.ts';
import { findByName } from '../cluster/single.ts';
import {
  CERTIFICATE,
  CERTIFICATE_REQUEST,
  NEXT_PRIVATE_KEY_LABEL,
  REVISION_ANNOTATION,
  SECRET,
} from '../model/kinds.ts';
import type { Certificate, CertificateRequest, KubeObject, Secret } from '../model/objects.ts';
import type { Progress } from '../model/progress.ts';
import { referencesOf } from '../refs/closure.ts';
import { Refusals } from './refusals.ts';
import {
  addSecret,
  type ClusterState,
  controllerOf,
  groupRequests,
  isIssuing,
  keyOf,
  nextPrivateKeySecretsOf,
  secretOf,
} from './state.ts';

export interface SettleOptions {
  settleMs: number;
  progress: Progress;
  sleep?: (ms: number) => Promise<void>;
}

/** Requests that run at once while single objects are read again. */
const PARALLEL_READS = 24;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1_000;
/** For how long a Certificate may change each time it is read before that is an error. */
const CHANGING_MS = 20_000;

/**
 * Reads those Certificates again, with their Secrets and requests, that changed since `before` or are in issuance, until
 * each is at rest: the same resourceVersion before and after the reading of its Secret, and no issuance in progress.
 * What does not rest within `settleMs` (20 s at least where it keeps changing) is named in `state.unsettled`. Certificates that are gone leave the state.
 */
export async function settle(
  cluster: Cluster,
  state: ClusterState,
  before: readonly Certificate[],
  options: SettleOptions,
): Promise<void> {
  const limit = pLimit(PARALLEL_READS);
  const sleep = options.sleep ?? delay;
  const versions = new Map(
    before.map((c) => [keyOf(c.metadata.namespace, c.metadata.name), c.metadata.resourceVersion]),
  );
  let restless = state.certificates.filter(
    (c) =>
      isIssuing(c) ||
      hasTemporaryKey(state, c) ||
      versions.get(keyOf(c.metadata.namespace, c.metadata.name)) !== c.metadata.resourceVersion,
  );
  let pause = FIRST_PAUSE_MS;
  let waited = 0;
  for (let round = 0; restless.length > 0 && (round === 0 || waited < patience(state, options)); round++) {
    if (round > 0) {
      options.progress.debug(`${restless.length} Certificates changed or are in issuance: reading them again.`);
      await sleep(pause);
      waited += pause;
      pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
    }
    restless = await readAgain(cluster, state, restless, limit);
  }
}

/** What is in issuance may be told so and left; what changed under the reading is no use, and soon over. */
function patience(state: ClusterState, options: SettleOptions): number {
  const changing = [...state.unsettled.values()].includes('changing');
  return changing ? Math.max(options.settleMs, CHANGING_MS) : options.settleMs;
}

/** One round; answers those that still do not rest, as they are now. */
async function readAgain(
  cluster: Cluster,
  state: ClusterState,
  restless: readonly Certificate[],
  limit: LimitFunction,
): Promise<Certificate[]> {
  const refusals = new Refusals(cluster);
  const namespaces = [...new Set(restless.map((c) => c.metadata.namespace ?? ''))];
  // Right before and right after the rest: the shorter the time between, the likelier that nothing happens in it.
  const before = await readCertificates(cluster, restless, limit, refusals);
  // The Secrets that are named now: the spec may have changed since the round before.
  const current = restless.map((certificate, i) => before[i] ?? certificate);
  const [requests] = await Promise.all([
    Promise.all(
      namespaces.map((namespace) =>
        limit(() =>
          refusals.note(cluster.list(CERTIFICATE_REQUEST, { namespace }), 'list', CERTIFICATE_REQUEST, namespace),
        ),
      ),
    ),
    state.secretsRead || state.secretsAsked !== undefined
      ? readSecrets(cluster, state, current, limit, refusals)
      : undefined,
    state.secretsRead ? readTemporaryKeys(cluster, state, namespaces, limit, refusals) : undefined,
  ]);
  const after = await readCertificates(cluster, restless, limit, refusals);
  refusals.throwIfAny();
  const items = requests.flatMap((list) => (list?.items ?? []) as CertificateRequest[]);
  replaceRequests(state, [...restless, ...after.filter((c) => c !== undefined)], items);
  return replaceCertificates(state, current, after);
}

/** As they are now; undefined for one that is gone. */
async function readCertificates(
  cluster: Cluster,
  certificates: readonly Certificate[],
  limit: LimitFunction,
  refusals: Refusals,
): Promise<(Certificate | undefined)[]> {
  const read = ({ metadata: { namespace, name } }: Certificate): Promise<KubeObject | undefined> =>
    refusals.note(findByName(cluster, CERTIFICATE, namespace, name), 'list', CERTIFICATE, namespace);
  const now = await Promise.all(certificates.map((certificate) => limit(() => read(certificate))));
  return now as (Certificate | undefined)[];
}

async function readSecrets(
  cluster: Cluster,
  state: ClusterState,
  certificates: readonly Certificate[],
  limit: LimitFunction,
  refusals: Refusals,
): Promise<void> {
  // A keystore's password belongs to the same spec as the leaf. Without the right to list, only leaves are asked for.
  const named = certificates
    .flatMap((certificate) => referencesOf(certificate, ''))
    .filter(({ role }) => state.secretsRead || role === 'leaf-secret');
  const distinct = new Map(named.map((reference) => [keyOf(reference.namespace, reference.name), reference]));
  await Promise.all(
    [...distinct].map(([key, { namespace, name }]) =>
      limit(async () => {
        const secret = state.secretsRead
          ? await refusals.note(findByName(cluster, SECRET, namespace, name), 'list', SECRET, namespace)
          : await refusals.note(cluster.get(SECRET, namespace, name), 'get', SECRET, namespace, '', name);
        state.secretsAsked?.add(key);
        if (secret === undefined) state.secrets.delete(key);
        else addSecret(state, secret as Secret);
      }),
    ),
  );
}

/** The Secrets of issuances in progress come and go with them. */
async function readTemporaryKeys(
  cluster: Cluster,
  state: ClusterState,
  namespaces: readonly string[],
  limit: LimitFunction,
  refusals: Refusals,
): Promise<void> {
  const labelSelector = `${NEXT_PRIVATE_KEY_LABEL}=true`;
  await Promise.all(
    namespaces.map((namespace) =>
      limit(async () => {
        const read = cluster.list(SECRET, { namespace, labelSelector });
        const list = await refusals.note(read, 'list', SECRET, namespace);
        for (const gone of state.nextPrivateKeySecrets.get(namespace) ?? []) {
          state.secrets.delete(keyOf(namespace, gone.metadata.name));
        }
        state.nextPrivateKeySecrets.delete(namespace);
        for (const secret of (list?.items ?? []) as Secret[]) addSecret(state, secret);
      }),
    ),
  );
}

/** Only those of the Certificates that were read again: the others' requests fit the state as it was read first. */
function replaceRequests(
  state: ClusterState,
  certificates: readonly Certificate[],
  requests: readonly CertificateRequest[],
): void {
  const uids = new Set(certificates.map((c) => c.metadata.uid));
  const isTheirs = (request: CertificateRequest): boolean => uids.has(controllerOf(request)?.uid);
  state.requests = [...state.requests.filter((r) => !isTheirs(r)), ...requests.filter(isTheirs)];
}

function replaceCertificates(
  state: ClusterState,
  before: readonly Certificate[],
  after: readonly (Certificate | undefined)[],
): Certificate[] {
  const requestsByOwner = groupRequests(state.requests);
  const changed = new Map<string, Certificate | undefined>();
  const still: Certificate[] = [];
  before.forEach((was, i) => {
    const is = after[i];
    const key = keyOf(was.metadata.namespace, was.metadata.name);
    changed.set(key, is);
    state.unsettled.delete(key);
    if (is === undefined) return;
    const moved = is.metadata.resourceVersion !== was.metadata.resourceVersion;
    const coherent = !moved && !isHalfWritten(state, is, requestsByOwner.get(is.metadata.uid ?? '') ?? []);
    if (!coherent) state.unsettled.set(key, 'changing');
    else if (isIssuing(is)) state.unsettled.set(key, 'issuing');
    else if (!hasTemporaryKey(state, is)) return;
    still.push(is);
  });
  state.certificates = state.certificates
    .map((c) => {
      const key = keyOf(c.metadata.namespace, c.metadata.name);
      return changed.has(key) ? changed.get(key) : c;
    })
    .filter((c) => c !== undefined);
  return still;
}

/** The temporary key of an issuance goes a moment after the issuance has ended (keymanager_controller.go). */
function hasTemporaryKey(state: ClusterState, certificate: Certificate): boolean {
  return nextPrivateKeySecretsOf(state, certificate).length > 0;
}

/**
 * Whether the Secret already holds what an issuance in progress was given, while the Certificate's status does not yet
 * say so (issuing_controller.go writes the Secret first, then the revision).
 */
function isHalfWritten(
  state: ClusterState,
  certificate: Certificate,
  requests: readonly CertificateRequest[],
): boolean {
  if (!isIssuing(certificate)) return false;
  const secret = secretOf(state, certificate.metadata.namespace ?? '', certificate.spec.secretName);
  if (secret === undefined || secret === 'not-read') return false;
  const leaf = leafFacts(secret.data?.['tls.crt']);
  const next = String((certificate.status?.revision ?? 0) + 1);
  return requests.some(
    (request) =>
      controllerOf(request)?.uid === certificate.metadata.uid &&
      request.metadata.annotations?.[REVISION_ANNOTATION] === next &&
      leaf !== undefined &&
      leafFacts(request.status?.certificate)?.sha256 === leaf.sha256,
  );
}
