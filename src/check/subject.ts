import { objectKey } from '../archive/order.ts';
import type { OpenedBackup } from '../archive/read.ts';
import { FILE, SEALED } from '../archive/stages.ts';
import type { IndexEntry } from '../model/backup.ts';
import { isForeignGroup } from '../model/include.ts';
import { CERT_MANAGER_GROUP, groupOf } from '../model/kinds.ts';
import { type Certificate, type CertificateStatus, type KubeObject, objectName, refName } from '../model/objects.ts';

/** An opened backup with the look-ups that the checks share. */
export interface Subject {
  backup: OpenedBackup;
  now: Date;
  horizonMs: number;
  /** Where a ClusterIssuer's Secrets live; '' where that is not known. */
  clusterResourceNamespace: string;
  /** `Kind/namespace/name` of what may be absent. */
  accepted: ReadonlySet<string>;
  /** Those to be restored, in their order, then those that another object makes. */
  certificates: readonly Certificate[];
  /** `Secret/namespace/name` of all Secrets in the backup, the sealed ones included. */
  secretNames: ReadonlySet<string>;
  /** By `Kind/namespace/name`, of objects that are in the backup; without kinds of other groups. */
  index: ReadonlyMap<string, IndexEntry>;
  /** What is put back of each Certificate's status, by `apiVersion Kind/namespace/name`. */
  statuses: ReadonlyMap<string, CertificateStatus>;
  /** Is this file (a value of FILE) one that could be read? */
  readable(file: string): boolean;
}

/** Prepares the look-ups. */
export function subjectOf(
  backup: OpenedBackup,
  options: { now: Date; horizonMs: number; clusterResourceNamespace?: string; allowMissing?: readonly string[] },
): Subject {
  const { contents, manifest } = backup;
  const present = contents.index.filter((entry) => entry.file !== '');
  const recorded = (manifest.scope as { allowMissing?: unknown }).allowMissing;
  return {
    backup,
    now: options.now,
    horizonMs: options.horizonMs,
    clusterResourceNamespace: options.clusterResourceNamespace ?? manifest.certManager.clusterResourceNamespace,
    accepted: new Set([...(options.allowMissing ?? []), ...(Array.isArray(recorded) ? recorded.map(String) : [])]),
    certificates: [...contents.certificates, ...contents.derived] as Certificate[],
    secretNames: new Set(present.filter((entry) => entry.file === FILE.secrets).map(entryName)),
    // A kind of another group may be called Issuer, too.
    index: new Map(
      present.filter((e) => !isForeignGroup(groupOf(e.apiVersion))).map((entry) => [entryName(entry), entry]),
    ),
    statuses: new Map(contents.status.map((record) => [objectKey(record), record.status as CertificateStatus])),
    readable: (file) => !backup.sealed.includes(file + SEALED),
  };
}

function entryName(entry: IndexEntry): string {
  return refName(entry.kind, entry.namespace, entry.name);
}

/** `Secret/namespace/name` that the Certificate writes. */
export function leafSecretName(certificate: Certificate): string {
  return refName('Secret', certificate.metadata.namespace, certificate.spec.secretName);
}

/** The Certificate's baseline, undefined where the index has none. */
export function baselineOf(subject: Subject, certificate: KubeObject): IndexEntry['baseline'] {
  return subject.index.get(objectName(certificate))?.baseline;
}

/** `Issuer/namespace/name` or `ClusterIssuer/name` that the Certificate names; undefined for an issuer of another group. */
export function issuerNameOf(certificate: Certificate): string | undefined {
  const { name, kind, group } = certificate.spec.issuerRef;
  if (group !== undefined && group !== '' && group !== CERT_MANAGER_GROUP) return undefined;
  if (kind === 'ClusterIssuer') return refName(kind, undefined, name);
  return refName(kind === undefined || kind === '' ? 'Issuer' : kind, certificate.metadata.namespace, name);
}

/** `a`, `a and b`, `a, b, c and 7 more`. */
export function some(names: readonly string[]): string {
  if (names.length <= 3) return names.join(names.length === 2 ? ' and ' : ', ');
  return `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}
