import { type KubeObject, type OwnerReference, objectName } from '../../model/objects.ts';
import { isShimKind } from '../../model/owners.ts';
import type { Problem } from '../../model/problems.ts';
import type { Foreign } from './foreign.ts';

/** Kinds that are refused whole: what their owners would be does not matter. */
const REFUSED: readonly string[] = ['CertificateRequest', 'Order', 'Challenge'];

/** Owner references in manifests: kubectl writes them as they stand, and another cluster has other uids. */
export function staleOwners(foreign: Foreign): Problem[] {
  return foreign.items.flatMap(({ object }): Problem[] => {
    const owners = object.metadata.ownerReferences as unknown;
    if (!Array.isArray(owners) || owners.length === 0 || REFUSED.includes(object.kind)) return [];
    const [owner] = owners as Partial<OwnerReference>[];
    if (owner === undefined) return [];
    const who = `${String(owner.kind)} ${String(owner.name)}`;
    const isShim = object.kind === 'Certificate' && isShimKind(String(owner.apiVersion), String(owner.kind));
    return [
      {
        severity: 'error',
        code: 'stale-owner',
        message: owner.uid === undefined || owner.uid === '' ? withoutUid(who) : withUid(who, object),
        fix: isShim
          ? `Leave this Certificate out: once its Secret is there, the ${String(owner.kind)} makes it anew, without a reissue. Apply that after the Secrets.`
          : 'Take metadata.ownerReferences off before it is applied; cert-manager sets its own again.',
        object: objectName(object),
      },
    ];
  });
}

function withoutUid(who: string): string {
  return `It names ${who} as its owner, without a uid: \`kubectl apply\` refuses the whole file (ownerReferences[0]: missing required field "uid"), and nothing at all is restored.`;
}

function withUid(who: string, object: KubeObject): string {
  return `It names ${who} as its owner by a uid. Only where that very object still exists is it right; elsewhere the garbage collector deletes the restored ${object.kind} within seconds. Take the uid away, and \`kubectl apply\` refuses the whole file.`;
}
