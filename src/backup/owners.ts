import { ApiError, type Cluster } from '../cluster/client.ts';
import type { IndexEntry } from '../model/backup.ts';
import { groupOf, INGRESS, type ResourceKind } from '../model/kinds.ts';
import type { Certificate, OwnerReference } from '../model/objects.ts';
import { controllerOf, shimOwner } from '../model/owners.ts';
import { Refusals } from './refusals.ts';
import { keyOf } from './state.ts';

export type Maker = NonNullable<IndexEntry['maker']>;

export { shimOwner } from '../model/owners.ts';

/** A controller that is no shim: an operator that makes Certificates of its own. */
export function foreignOwner(certificate: Certificate): OwnerReference | undefined {
  return shimOwner(certificate) === undefined ? controllerOf(certificate) : undefined;
}

/**
 * The makers of derived Certificates, by the Certificate's `namespace/name`, with those of their annotations that bear on
 * certificates. One list a kind and namespace at most.
 *
 * @throws CertkeepError `forbidden` where makers may not be listed: who makes a Certificate anew belongs to the backup.
 */
export async function readMakers(
  cluster: Cluster,
  certificates: readonly Certificate[],
  namespaces: readonly string[],
): Promise<Map<string, Maker>> {
  const owners = certificates.flatMap((certificate) => {
    const owner = shimOwner(certificate);
    return owner === undefined ? [] : [{ certificate, owner }];
  });
  const kinds = new Map(owners.map(({ owner }) => [owner.kind, shimKind(owner)]));
  const scopes = namespaces.length === 0 ? [undefined] : namespaces;
  const annotations = new Map<string, Record<string, string>>();
  const refusals = new Refusals(cluster);
  await Promise.all(
    [...kinds.values()].flatMap((kind) =>
      scopes.map(async (namespace) => {
        const read = cluster.list(kind, namespace === undefined ? {} : { namespace }).catch((error: unknown) => {
          // A version that is served no more: who makes the Certificate is known all the same.
          if (error instanceof ApiError && error.status === 404) return undefined;
          throw error;
        });
        const list = await refusals.note(read, 'list', kind, namespace);
        for (const item of list?.items ?? [])
          annotations.set(item.metadata.uid ?? '', aboutCertificates(item.metadata.annotations));
      }),
    ),
  );
  refusals.throwIfAny();
  return new Map(
    owners.map(({ certificate, owner: { apiVersion, kind, name, uid } }) => [
      keyOf(certificate.metadata.namespace, certificate.metadata.name),
      { apiVersion, kind, name, uid, annotations: annotations.get(uid) ?? {} },
    ]),
  );
}

function shimKind(owner: OwnerReference): ResourceKind {
  if (owner.kind === 'Ingress') return INGRESS;
  return {
    group: groupOf(owner.apiVersion),
    version: owner.apiVersion.slice(owner.apiVersion.indexOf('/') + 1),
    kind: owner.kind,
    plural: `${owner.kind.toLowerCase()}s`,
    namespaced: true,
  };
}

/** The index may be readable by many, and annotations of an Ingress can hold anything (headers with credentials, say). */
export function aboutCertificates(annotations: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(annotations).filter(
      ([key]) => /^(acme\.)?cert-manager\.io\//.test(key) || key === 'kubernetes.io/tls-acme',
    ),
  );
}
