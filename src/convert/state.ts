import { addSecret, type ClusterState, keyOf } from '../backup/state.ts';
import type { Foreign } from '../check/foreign/foreign.ts';
import { CERT_MANAGER_GROUP } from '../model/kinds.ts';
import type { Certificate, CertificateRequest, Issuer, KubeObject, OwnerReference, Secret } from '../model/objects.ts';

/** Somebody else's backup in the form in which a cluster is read, so that the same code makes a backup of it. */
export function stateOf(foreign: Foreign): ClusterState {
  const state: ClusterState = {
    namespaces: new Map(
      foreign.items
        .filter(({ object }) => object.apiVersion === 'v1' && object.kind === 'Namespace')
        .map(({ object }) => [object.metadata.name, object]),
    ),
    issuers: foreign.issuers.map(({ object }) => tidy(object) as Issuer).sort(byName),
    certificates: foreign.certificates.map(({ object }) => tidy(object) as Certificate).sort(byName),
    requests: foreign.items
      .filter(({ object }) => object.kind === 'CertificateRequest' && object.apiVersion === `${CERT_MANAGER_GROUP}/v1`)
      .map(({ object }) => tidy(object) as CertificateRequest),
    secrets: new Map(),
    secretsRead: true,
    nextPrivateKeySecrets: new Map(),
    unsettled: new Map(),
    resourceVersions: {},
  };
  for (const { object } of foreign.secrets.values()) addSecret(state, tidy(object) as Secret);
  return state;
}

/** Owner references as the API server would give them: whoever took the uid away left them half. */
function tidy(object: KubeObject): KubeObject {
  const owners = object.metadata.ownerReferences as unknown;
  if (owners === undefined) return object;
  const { ownerReferences: _, ...metadata } = object.metadata;
  if (!Array.isArray(owners)) return { ...object, metadata };
  return { ...object, metadata: { ...metadata, ownerReferences: owners.flatMap(owner) } };
}

function owner(value: unknown): OwnerReference[] {
  const { apiVersion, kind, name, uid, ...rest } = (value ?? {}) as Record<string, unknown>;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || typeof name !== 'string') return [];
  return [{ ...rest, apiVersion, kind, name, uid: typeof uid === 'string' ? uid : '' }];
}

function byName(a: KubeObject, b: KubeObject): number {
  const [left, right] = [a, b].map(({ metadata }) => keyOf(metadata.namespace, metadata.name)) as [string, string];
  return left < right ? -1 : left > right ? 1 : 0;
}
