import type { DeploymentShape } from '../../cluster/controller-deployment.ts';
import { isController } from '../../cluster/controller-deployment.ts';
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

/** The most that is kept of somebody else's backup, in characters of JSON. */
const MAX_KEPT = 1024 ** 3;

/**
 * Chooses what is kept of the objects of somebody else's backup: what the findings look at. Counts what it keeps, so that
 * a backup may be as large as it likes and memory not.
 */
export function keeper(): (object: KubeObject) => KubeObject | undefined {
  let kept = 0;
  return (object) => {
    const slim = keep(object);
    if (slim === undefined) return undefined;
    kept += JSON.stringify(slim).length;
    if (kept > MAX_KEPT) {
      throw new CertkeepError(
        'damaged-backup',
        `The files hold more than ${MAX_KEPT} characters of Secrets and cert-manager objects, more than any cluster does.`,
        'Check a smaller part of it at a time.',
      );
    }
    return slim;
  };
}

function keep(object: KubeObject): KubeObject | undefined {
  const group = groupOf(object.apiVersion);
  if (isCertManagerGroup(group)) return object;
  if (object.apiVersion === 'v1' && object.kind === 'Secret') return slimSecret(object);
  if (group === VELERO_GROUP) return ['Backup', 'Schedule', 'Restore'].includes(object.kind) ? object : undefined;
  if (isShimKind(object.apiVersion, object.kind) || (object.apiVersion === 'v1' && object.kind === 'Namespace')) {
    return object;
  }
  if (object.kind === 'CustomResourceDefinition') return slimCrd(object);
  if (object.kind === 'Deployment' && group === 'apps') return isInteresting(object) ? object : undefined;
  return undefined;
}

/** The copy in the annotation repeats the data. */
function slimSecret(object: KubeObject): KubeObject {
  const { metadata, data: _, stringData: __, ...rest } = object;
  const slim = { ...metadata };
  const annotations = metadata.annotations as unknown;
  if (typeof annotations === 'object' && annotations !== null && LAST_APPLIED_ANNOTATION in annotations) {
    const { [LAST_APPLIED_ANNOTATION]: ___, ...others } = annotations as Record<string, string>;
    slim.annotations = others;
  }
  if (UNREAD_SECRET_TYPES.includes(String(object.type))) return { ...rest, metadata: slim };
  return { ...object, metadata: slim };
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
    return isController(object as DeploymentShape) || isVeleroServer(object);
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
