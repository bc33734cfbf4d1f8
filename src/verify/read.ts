import pLimit from 'p-limit';
import { certificateBaseline } from '../backup/baseline.ts';
import { UNREAD_SECRET_TYPES } from '../backup/capture.ts';
import { groupRequests, keyOf } from '../backup/state.ts';
import { ApiError, type Cluster } from '../cluster/client.ts';
import { explainApiError } from '../cluster/errors.ts';
import type { ListOptions } from '../cluster/list.ts';
import { getEach } from '../cluster/single.ts';
import { CERTIFICATE, CERTIFICATE_REQUEST, NEXT_PRIVATE_KEY_LABEL, type ResourceKind, SECRET } from '../model/kinds.ts';
import type { Certificate, CertificateRequest, KubeObject, Secret } from '../model/objects.ts';
import { CertkeepError } from '../model/problems.ts';
import type { Observed } from './evidence.ts';

/** Up to so many namespaces are listed one by one: it needs fewer rights, and moves fewer foreign Secrets. */
const MAX_SINGLE_LISTS = 50;
const PARALLEL_LISTS = 12;
const SECRET_FIELDS = UNREAD_SECRET_TYPES.map((type) => `type!=${type}`).join(',');

/**
 * All objects of a kind in these namespaces: lists only, never a request an object. Where there are many namespaces it is
 * one list over all, unless that is forbidden. Throws CertkeepError.
 */
export async function listIn(
  cluster: Cluster,
  kind: ResourceKind,
  namespaces: readonly string[],
  options: Omit<ListOptions, 'namespace'> = {},
): Promise<KubeObject[]> {
  const what = `list ${kind.kind}s`;
  if (namespaces.length > MAX_SINGLE_LISTS) {
    const wanted = new Set(namespaces);
    const keep = (object: KubeObject): KubeObject | undefined => {
      if (!wanted.has(object.metadata.namespace ?? '')) return undefined;
      return options.keep === undefined ? object : options.keep(object);
    };
    try {
      return (await cluster.list(kind, { ...options, keep })).items;
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 403)) throw explainApiError(error, what);
    }
  }
  const limit = pLimit(PARALLEL_LISTS);
  try {
    const lists = await Promise.all(
      namespaces.map((namespace) => limit(() => cluster.list(kind, { ...options, namespace }))),
    );
    return lists.flatMap((list) => list.items);
  } catch (error) {
    throw explainApiError(error, what);
  }
}

/** The Certificates of these namespaces, by `namespace/name`. */
export async function readCertificates(
  cluster: Cluster,
  namespaces: readonly string[],
): Promise<Map<string, Certificate>> {
  const list = (await listIn(cluster, CERTIFICATE, namespaces)) as Certificate[];
  return new Map(list.map((certificate) => [key(certificate), certificate]));
}

export interface ReadOptions {
  baseline: 'secrets' | 'requests';
  /** Whether a Certificate (`namespace/name`) is compared: the Secrets of others are not read one by one. */
  isExpected: (name: string) => boolean;
}

/**
 * Everything that is compared, of all Certificates of these namespaces, by `namespace/name`. Of Secrets only the
 * certificate and the key are kept, for as long as it takes to make facts of them.
 */
export async function readObserved(
  cluster: Cluster,
  namespaces: readonly string[],
  options: ReadOptions,
): Promise<Map<string, Observed>> {
  const [certificates, requests, listed] = await Promise.all([
    readCertificates(cluster, namespaces),
    listIn(cluster, CERTIFICATE_REQUEST, namespaces) as Promise<CertificateRequest[]>,
    options.baseline === 'secrets' ? listSecrets(cluster, namespaces) : undefined,
  ]);
  const secrets =
    options.baseline === 'secrets'
      ? (listed ??
        (await secretsOf(
          cluster,
          [...certificates.values()].filter((c) => options.isExpected(key(c))),
        )))
      : [];
  const requestsByOwner = groupRequests(requests);
  const secretByKey = new Map(secrets.map((secret) => [key(secret), secret]));
  const nextKeys = listed === undefined ? nextKeysByStatus(certificates.values()) : nextKeysByOwner(listed);
  const uids = new Set([...certificates.values()].map((certificate) => certificate.metadata.uid));
  const observed = new Map<string, Observed>();
  for (const [name, certificate] of certificates) {
    const uid = certificate.metadata.uid ?? '';
    const secret = secretByKey.get(keyOf(certificate.metadata.namespace, certificate.spec.secretName));
    const strange = secret?.metadata.ownerReferences?.find(
      (owner) => owner.kind === 'Certificate' && !uids.has(owner.uid),
    );
    observed.set(name, {
      certificate,
      facts: certificateBaseline(
        certificate,
        options.baseline === 'secrets' ? secret : 'not-read',
        requestsByOwner.get(uid) ?? [],
        nextKeys.get(uid) ?? [],
        options.baseline,
      ),
      ...(strange === undefined ? {} : { strangeOwner: strange.uid }),
    });
  }
  return observed;
}

/** Secrets by lists; undefined where they may not be listed. */
async function listSecrets(cluster: Cluster, namespaces: readonly string[]): Promise<Secret[] | undefined> {
  try {
    // No selector by label: a Secret whose label somebody removed must be found too.
    const options = { fieldSelector: SECRET_FIELDS, keep: leafOnly };
    return (await listIn(cluster, SECRET, namespaces, options)) as Secret[];
  } catch (error) {
    if (error instanceof CertkeepError && error.code === 'forbidden') return undefined;
    throw error;
  }
}

/** The Secrets of these Certificates one by one, for a user who may read them by name only. */
async function secretsOf(cluster: Cluster, certificates: readonly Certificate[]): Promise<Secret[]> {
  const targets = new Map(
    certificates.map(({ metadata: { namespace = '' }, spec: { secretName: name } }) => [
      keyOf(namespace, name),
      { namespace, name },
    ]),
  );
  try {
    return (await getEach(cluster, SECRET, [...targets.values()])).map(leafOnly) as Secret[];
  } catch (error) {
    throw explainApiError(error, 'read the Secrets of Certificates');
  }
}

function leafOnly(object: KubeObject): KubeObject {
  const { apiVersion, kind, metadata, data } = object as Secret;
  const kept = { ...metadata };
  delete kept.managedFields;
  delete kept.annotations;
  const leaf = Object.fromEntries(
    ['tls.crt', 'tls.key'].flatMap((name) => (data?.[name] === undefined ? [] : [[name, data[name]]])),
  );
  return { apiVersion, kind, metadata: kept, data: leaf };
}

/** The key of an issuance in progress, in the Certificate's own words. */
function nextKeysByStatus(certificates: Iterable<Certificate>): Map<string, string[]> {
  return new Map(
    [...certificates].flatMap(({ metadata, status }) =>
      status?.nextPrivateKeySecretName === undefined ? [] : [[metadata.uid ?? '', [status.nextPrivateKeySecretName]]],
    ),
  );
}

function nextKeysByOwner(secrets: readonly Secret[]): Map<string, string[]> {
  const byOwner = new Map<string, string[]>();
  for (const secret of secrets) {
    if (secret.metadata.labels?.[NEXT_PRIVATE_KEY_LABEL] !== 'true') continue;
    for (const owner of secret.metadata.ownerReferences ?? []) {
      byOwner.set(owner.uid, [...(byOwner.get(owner.uid) ?? []), secret.metadata.name]);
    }
  }
  return byOwner;
}

function key(object: KubeObject): string {
  return keyOf(object.metadata.namespace, object.metadata.name);
}
