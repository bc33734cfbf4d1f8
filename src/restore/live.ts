import pLimit from 'p-limit';
import { ApiError, type Cluster } from '../cluster/client.ts';
import { explainApiError } from '../cluster/errors.ts';
import { getEach } from '../cluster/single.ts';
import {
  CERTIFICATE,
  CERTIFICATE_REQUEST,
  CLUSTER_ISSUER,
  CRD,
  INGRESS,
  ISSUER,
  NAMESPACE,
  type ResourceKind,
  SECRET,
} from '../model/kinds.ts';
import type { Certificate, CertificateRequest, KubeObject } from '../model/objects.ts';
import { CertkeepError } from '../model/problems.ts';
import { keyOf } from './kinds.ts';

/** What is on the target before the restore, of the kinds and namespaces that bear on it. */
export interface LiveState {
  /** Every object of a kind that a restore writes, by `Kind/namespace/name`. */
  objects: Map<string, KubeObject>;
  /** Live Certificates by namespace. */
  certificates: Map<string, Certificate[]>;
  /** CertificateRequests by namespace; only of namespaces that have a live Certificate. */
  requests: Map<string, CertificateRequest[]>;
  ingresses: KubeObject[];
}

/** What a restore deals with. */
export interface Wanted {
  namespaces: Set<string>;
  /** The Secrets to read where they may not be listed. */
  secrets?: readonly { namespace: string; name: string }[];
  /** Names of CRDs that are to be written. */
  crds?: readonly string[];
  /** Kinds of other groups that are to be written and that the target serves. */
  kinds?: readonly ResourceKind[];
  /** False: the target does not serve cert-manager's kinds, so there are none. */
  certManager?: boolean;
}

/** Up to this many namespaces are listed one by one; beyond, one list of the whole cluster costs less. */
const NAMESPACES_ONE_BY_ONE = 10;

/**
 * Reads the target by lists, never object by object.
 * @throws CertkeepError forbidden, unreachable, …: a list that cannot be read is never taken for empty
 */
export async function readLive(cluster: Cluster, wanted: Wanted): Promise<LiveState> {
  const allNamespaces = await listOf(cluster, NAMESPACE);
  const existing = new Set(allNamespaces.map((ns) => ns.metadata.name).filter((name) => wanted.namespaces.has(name)));
  const served = (kind: ResourceKind): Promise<KubeObject[]> =>
    wanted.certManager === false ? Promise.resolve([]) : listIn(cluster, kind, existing);
  const [secrets, issuers, clusterIssuers, certificates, ingresses] = await Promise.all([
    secretsIn(cluster, existing, wanted.secrets ?? []),
    served(ISSUER),
    wanted.certManager === false ? [] : listOf(cluster, CLUSTER_ISSUER),
    served(CERTIFICATE),
    listIngresses(cluster, existing),
  ]);
  const withCertificates = new Set(certificates.map((c) => c.metadata.namespace ?? ''));
  const requests = await listIn(cluster, CERTIFICATE_REQUEST, withCertificates);
  const objects = new Map<string, KubeObject>();
  const [crds, included] = await Promise.all([
    readCrds(cluster, wanted.crds ?? []),
    Promise.all((wanted.kinds ?? []).map((kind) => listIn(cluster, kind, existing))),
  ]);
  for (const object of [allNamespaces, secrets, issuers, clusterIssuers, certificates, crds, ...included].flat()) {
    objects.set(keyOf(object), object);
  }
  return {
    objects,
    certificates: byNamespace(certificates as Certificate[]),
    requests: byNamespace(requests as CertificateRequest[]),
    ingresses,
  };
}

/** All objects of a kind in some namespaces. */
export async function listIn(
  cluster: Cluster,
  kind: ResourceKind,
  namespaces: ReadonlySet<string>,
): Promise<KubeObject[]> {
  if (!kind.namespaced) return listOf(cluster, kind);
  if (namespaces.size > NAMESPACES_ONE_BY_ONE) {
    try {
      return (await listOf(cluster, kind)).filter((object) => namespaces.has(object.metadata.namespace ?? ''));
    } catch (error) {
      // Rights in single namespaces may be there all the same.
      if (!isForbidden(error)) throw error;
    }
  }
  const limit = pLimit(4);
  const lists = await Promise.all([...namespaces].map((namespace) => limit(() => listOf(cluster, kind, namespace))));
  return lists.flat();
}

/** One by one: a list of all CRDs of a cluster is large. */
export async function readCrds(cluster: Cluster, names: readonly string[]): Promise<KubeObject[]> {
  try {
    const found = await Promise.all(names.map((name) => cluster.get(CRD, undefined, name)));
    return found.filter((crd) => crd !== undefined);
  } catch (error) {
    throw explainApiError(error, `read ${CRD.plural}`);
  }
}

async function listOf(cluster: Cluster, kind: ResourceKind, namespace?: string): Promise<KubeObject[]> {
  try {
    return (await cluster.list(kind, namespace === undefined ? {} : { namespace })).items;
  } catch (error) {
    throw explainApiError(error, `list ${kind.plural}${namespace === undefined ? '' : ` in namespace ${namespace}`}`);
  }
}

/** A cluster that does not know Ingresses has none. */
async function listIngresses(cluster: Cluster, namespaces: ReadonlySet<string>): Promise<KubeObject[]> {
  try {
    return await listIn(cluster, INGRESS, namespaces);
  } catch (error) {
    if (error instanceof CertkeepError && error.cause instanceof ApiError && error.cause.status === 404) return [];
    throw error;
  }
}

/** Secrets of these namespaces; where they may not be listed, those of `known` one by one. Throws CertkeepError. */
export async function secretsIn(
  cluster: Cluster,
  namespaces: ReadonlySet<string>,
  known: readonly { namespace: string; name: string }[],
): Promise<KubeObject[]> {
  try {
    return await listIn(cluster, SECRET, namespaces);
  } catch (error) {
    if (!isForbidden(error)) throw error;
  }
  try {
    return await getEach(
      cluster,
      SECRET,
      known.filter(({ namespace }) => namespaces.has(namespace)),
    );
  } catch (error) {
    throw explainApiError(error, 'read Secrets');
  }
}

function isForbidden(error: unknown): boolean {
  return error instanceof CertkeepError && error.code === 'forbidden';
}

function byNamespace<T extends KubeObject>(objects: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const object of objects) {
    const namespace = object.metadata.namespace ?? '';
    const group = groups.get(namespace);
    if (group === undefined) groups.set(namespace, [object]);
    else group.push(object);
  }
  return groups;
}
