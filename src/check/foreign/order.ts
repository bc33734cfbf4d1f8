import { objectName, refName } from '../../model/objects.ts';
import { isShimKind } from '../../model/owners.ts';
import type { Problem } from '../../model/problems.ts';
import { referencesOf } from '../../refs/closure.ts';
import { leafSecretName } from '../subject.ts';
import type { Foreign, Item } from './foreign.ts';
import { type Ingress, tlsSecretNames } from './ingress.ts';

/** The order of the objects in the files, which is the order in which `kubectl apply` writes them. */
export function fileOrder(foreign: Foreign): Problem[] {
  return [
    ...foreign.certificates.flatMap((item) => {
      return isAfter(foreign, leafSecretName(item.object), item)
        ? [
            problem(
              item,
              'cert-manager finds no Secret for it and issues anew (DoesNotExist) before the Secret is there',
            ),
          ]
        : [];
    }),
    ...foreign.issuers.flatMap((item) => {
      const keys = referencesOf(item.object, foreign.clusterResourceNamespace.name).filter(
        (r) => r.role === 'account-key',
      );
      return keys.some((r) => isAfter(foreign, refName('Secret', r.namespace, r.name), item))
        ? [
            problem(
              item,
              'cert-manager finds no account key for it and registers a new ACME account before the Secret is there',
            ),
          ]
        : [];
    }),
    ...foreign.items.flatMap((item) => {
      if (!isShimKind(item.object.apiVersion, item.object.kind)) return [];
      const names = tlsSecretNames(item.object as Ingress);
      return names.some((name) => isAfter(foreign, refName('Secret', item.object.metadata.namespace, name), item))
        ? [problem(item, 'cert-manager makes its Certificate and issues it anew before the Secret is there')]
        : [];
    }),
  ];
}

/** Does the Secret stand further down than the object? */
function isAfter(foreign: Foreign, secret: string, item: Item): boolean {
  const found = foreign.secrets.get(secret);
  return found !== undefined && found.position > item.position;
}

function problem({ object }: Item, what: string): Problem {
  return {
    severity: 'error',
    code: 'restore-order',
    message: `It stands before its Secret. Applied in this order while cert-manager runs, ${what}.`,
    fix: 'Apply the Secrets first, wait until all are there, then issuers, then Certificates, then Ingresses; or `certkeep check --convert DIR`, whose restore keeps the order.',
    object: objectName(object),
  };
}
