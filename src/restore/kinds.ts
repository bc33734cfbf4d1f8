import { isForeignGroup } from '../model/include.ts';
import {
  apiVersion,
  CERT_MANAGER_GROUP,
  CERTIFICATE,
  CLUSTER_ISSUER,
  CRD,
  groupOf,
  ISSUER,
  NAMESPACE,
  type ResourceKind,
  SECRET,
} from '../model/kinds.ts';
import { type KubeObject, refName } from '../model/objects.ts';

/** The kinds that a restore writes without being asked. What else a backup may hold needs an --include (included.ts). */
const WRITABLE: readonly ResourceKind[] = [NAMESPACE, SECRET, ISSUER, CLUSTER_ISSUER, CERTIFICATE];

/** How to address an object of those kinds; undefined for every other one. */
export function writableKind(object: KubeObject): ResourceKind | undefined {
  return WRITABLE.find((k) => k.kind === object.kind && apiVersion(k) === object.apiVersion);
}

/** True for an Issuer or ClusterIssuer of cert-manager itself. */
export function isOwnIssuer(object: KubeObject): boolean {
  return (
    groupOf(object.apiVersion) === CERT_MANAGER_GROUP &&
    (object.kind === ISSUER.kind || object.kind === CLUSTER_ISSUER.kind)
  );
}

export function isCrd(object: KubeObject): boolean {
  return object.kind === CRD.kind && groupOf(object.apiVersion) === CRD.group;
}

/**
 * The key under which one object is looked up among others of all kinds: `Kind/namespace/name`; for a kind of another
 * group, which may be called Issuer too, `Kind.group/namespace/name`.
 */
export function keyOf(object: {
  apiVersion?: string;
  kind: string;
  metadata: { namespace?: string; name: string };
}): string {
  const group = groupOf(object.apiVersion ?? '');
  const kind = isForeignGroup(group) ? `${object.kind}.${group}` : object.kind;
  return refName(kind, object.metadata.namespace, object.metadata.name);
}

/** `namespace/name`: the key of a Secret among Secrets. */
export function secretKey(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}
