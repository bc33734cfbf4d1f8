import type { BackupContents, IndexEntry, ManagedFieldsRecord, StatusRecord } from '../model/backup.ts';
import { CERTIFICATE_NAME_ANNOTATION } from '../model/kinds.ts';
import { type KubeObject, refName } from '../model/objects.ts';
import { SECRET_ROLE_ORDER } from './stages.ts';

/** Compares texts by UTF-16 code unit, so that no locale has a say. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** One object, by what identifies it: apiVersion, kind, namespace, name. */
export function objectKey(o: {
  apiVersion: string;
  kind: string;
  namespace?: string | undefined;
  name: string;
}): string {
  return `${o.apiVersion} ${refName(o.kind, o.namespace, o.name)}`;
}

/** The same of a Kubernetes object. */
export function keyOfObject(object: KubeObject): string {
  const { namespace, name } = object.metadata;
  return objectKey({ apiVersion: object.apiVersion, kind: object.kind, namespace, name });
}

/**
 * The contents in the order in which they are written, which is the order of the restore: namespaces and CRDs by name;
 * Secrets by role (what an issuer needs first), then namespace and name; issuers by kind, namespace and name; Certificates of
 * CAs first, then by namespace and name, and where several have one Secret, the one that the Secret's annotation
 * names before the others (it would be issued anew by another that came first). The same contents give the same order.
 */
export function ordered(contents: BackupContents, roles: ReadonlyMap<string, IndexEntry>): BackupContents {
  const secretRank = (secret: KubeObject): number => {
    const role = roles.get(keyOfObject(secret))?.role ?? 'other-secret';
    return SECRET_ROLE_ORDER.indexOf(role);
  };
  const namedOwner = new Map(
    contents.secrets.map((s) => [
      `${s.metadata.namespace}/${s.metadata.name}`,
      s.metadata.annotations?.[CERTIFICATE_NAME_ANNOTATION],
    ]),
  );
  return {
    namespaces: contents.namespaces.toSorted(byName),
    crds: contents.crds.toSorted(byName),
    secrets: contents.secrets.toSorted((a, b) => secretRank(a) - secretRank(b) || byName(a, b)),
    issuers: contents.issuers.toSorted(byKindAndName),
    certificates: orderCertificates(contents.certificates, namedOwner),
    derived: contents.derived.toSorted(byName),
    status: contents.status.toSorted(byRecord),
    managedFields: contents.managedFields.toSorted(byRecord),
    requests: contents.requests.toSorted(byName),
    index: contents.index,
  };
}

function byName(a: KubeObject, b: KubeObject): number {
  return (
    compareText(a.metadata.namespace ?? '', b.metadata.namespace ?? '') || compareText(a.metadata.name, b.metadata.name)
  );
}

function byKindAndName(a: KubeObject, b: KubeObject): number {
  return compareText(`${a.apiVersion} ${a.kind}`, `${b.apiVersion} ${b.kind}`) || byName(a, b);
}

function byRecord(a: StatusRecord | ManagedFieldsRecord, b: StatusRecord | ManagedFieldsRecord): number {
  return compareText(objectKey(a), objectKey(b));
}

/** Certificates that share a Secret stay together, as one group with the rank and the place of its first. */
function orderCertificates(
  certificates: readonly KubeObject[],
  namedOwner: ReadonlyMap<string, string | undefined>,
): KubeObject[] {
  const groups = Map.groupBy(certificates, secretOf);
  const sorted = [...groups].map(([secret, members]) => {
    const owner = namedOwner.get(secret);
    const rank = (c: KubeObject): number => (c.metadata.name === owner ? 0 : isCa(c) ? 1 : 2);
    return { rank: members.some(isCa) ? 0 : 1, members: members.toSorted((a, b) => rank(a) - rank(b) || byName(a, b)) };
  });
  sorted.sort((a, b) => a.rank - b.rank || byName(a.members[0] as KubeObject, b.members[0] as KubeObject));
  return sorted.flatMap((group) => group.members);
}

function isCa(certificate: KubeObject): boolean {
  return (certificate.spec as { isCA?: unknown } | undefined)?.isCA === true;
}

function secretOf(certificate: KubeObject): string {
  const { secretName } = (certificate.spec ?? {}) as { secretName?: unknown };
  return `${certificate.metadata.namespace}/${String(secretName)}`;
}
