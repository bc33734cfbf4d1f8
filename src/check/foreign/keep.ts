import {
  controllerArguments,
  type DeploymentShape,
  isController,
  versionOf,
} from '../../cluster/controller-deployment.ts';
import { groupOf, LAST_APPLIED_ANNOTATION } from '../../model/kinds.ts';
import type { KubeObject } from '../../model/objects.ts';
import { isShimKind } from '../../model/owners.ts';
import { CertkeepError } from '../../model/problems.ts';

/** cert-manager's groups, those of before 0.11 included. */
export function isCertManagerGroup(group: string): boolean {
  return /^(acme\.)?cert-manager\.io$/.test(group) || group === 'certmanager.k8s.io';
}

export const VELERO_GROUP = 'velero.io';

/** Secrets that nothing of cert-manager refers to, and that may be most of what a cluster holds: their names are enough. */
const UNREAD_SECRET_TYPES: readonly string[] = [
  'helm.sh/release.v1',
  'kubernetes.io/service-account-token',
  'bootstrap.kubernetes.io/token',
];

/** The most that is kept of somebody else's backup, in characters of JSON: twice what 50,000 Certificates come to. */
const MAX_KEPT = 512 * 1024 ** 2;

/** What of an object is kept: what the findings look at, or what a backup made of it needs. */
export type Purpose = 'check' | 'convert';

/**
 * Chooses what is kept of the objects of somebody else's backup. Counts it, so that the backup may be as large as it likes
 * and memory not.
 */
export function keeper(purpose: Purpose): (object: KubeObject) => KubeObject | undefined {
  const most = purpose === 'check' ? MAX_KEPT : 2 * MAX_KEPT;
  let kept = 0;
  return (object) => {
    const slim = keep(object, purpose);
    if (slim === undefined) return undefined;
    kept += JSON.stringify(slim).length;
    if (kept > most) {
      throw new CertkeepError(
        'damaged-backup',
        `The files hold more than ${most} characters of Secrets and cert-manager objects, more than any cluster does.`,
        'Check a smaller part of it at a time.',
      );
    }
    return slim;
  };
}

function keep(object: KubeObject, purpose: Purpose): KubeObject | undefined {
  const group = groupOf(object.apiVersion);
  const isSecret = object.apiVersion === 'v1' && object.kind === 'Secret';
  if (isSecret || isCertManagerGroup(group)) {
    const whole = isSecret ? withoutCopy(object) : object;
    return purpose === 'convert' ? whole : slim(whole, isSecret);
  }
  if (group === VELERO_GROUP) return ['Backup', 'Schedule', 'Restore'].includes(object.kind) ? object : undefined;
  if (isShimKind(object.apiVersion, object.kind) || (object.apiVersion === 'v1' && object.kind === 'Namespace')) {
    return object;
  }
  if (object.kind === 'CustomResourceDefinition') return slimCrd(object);
  if (object.kind === 'Deployment' && group === 'apps') return isInteresting(object) ? object : undefined;
  return undefined;
}

/** kubectl's copy in the annotation repeats the data; and of Secrets of unread types only the name matters. */
function withoutCopy(object: KubeObject): KubeObject {
  const { metadata, data: _, stringData: __, ...rest } = object;
  const annotations = metadata.annotations as unknown;
  const slim = { ...metadata };
  if (typeof annotations === 'object' && annotations !== null && LAST_APPLIED_ANNOTATION in annotations) {
    const { [LAST_APPLIED_ANNOTATION]: ___, ...others } = annotations as Record<string, string>;
    slim.annotations = others;
  }
  if (UNREAD_SECRET_TYPES.includes(String(object.type))) return { ...rest, metadata: slim };
  return { ...object, metadata: slim };
}

/** Without who owned which field, the past of requests, and those values of a Secret that no finding looks at. */
function slim(object: KubeObject, isSecret: boolean): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata;
  if (ONE_TIME.includes(object.kind)) return { apiVersion: object.apiVersion, kind: object.kind, metadata };
  if (!isSecret) return { ...object, metadata };
  return {
    ...object,
    metadata,
    ...(object.data === undefined ? {} : { data: pairOnly(object.data) }),
    ...(object.stringData === undefined ? {} : { stringData: pairOnly(object.stringData) }),
  };
}

const ONE_TIME: readonly string[] = ['CertificateRequest', 'Order', 'Challenge'];

/** Certificate and key; others only where they make the Secret impossible. */
function pairOnly(data: unknown): unknown {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return data;
  return Object.fromEntries(
    Object.entries(data).filter(([key, value]) => key === 'tls.crt' || key === 'tls.key' || typeof value !== 'string'),
  );
}

/** Its name is all that is asked for. */
function slimCrd(object: KubeObject): KubeObject | undefined {
  const group = (object.spec as { group?: unknown } | undefined)?.group;
  if (!isCertManagerGroup(String(group))) return undefined;
  return { apiVersion: object.apiVersion, kind: object.kind, metadata: { name: object.metadata.name } };
}

/** cert-manager's controller, and Velero's server, whose arguments say in which order it restores. */
function isInteresting(object: KubeObject): boolean {
  try {
    if (isVeleroServer(object)) return true;
    if (!isController(object as DeploymentShape)) return false;
    controllerArguments(object as DeploymentShape);
    versionOf(object as DeploymentShape);
    return true;
  } catch {
    // A Deployment of another shape than the API server would take.
    return false;
  }
}

/** The Deployment that `velero install` and the Helm chart make: a container whose arguments begin with `server`. */
export function isVeleroServer(object: KubeObject): boolean {
  if (object.kind !== 'Deployment') return false;
  const containers = (object as DeploymentShape).spec?.template?.spec?.containers ?? [];
  return containers.some(
    (c) => /velero/.test(c.image ?? c.name) && [...(c.command ?? []), ...(c.args ?? [])].includes('server'),
  );
}
