import { groupOf } from './kinds.ts';
import type { KubeObject, OwnerReference } from './objects.ts';

/** Groups of the kinds from which cert-manager's certificate-shim makes Certificates. */
const SHIM_GROUPS: Record<string, readonly string[]> = {
  Ingress: ['networking.k8s.io', 'extensions'],
  Gateway: ['gateway.networking.k8s.io'],
  ListenerSet: ['gateway.networking.k8s.io'],
  XListenerSet: ['gateway.networking.x-k8s.io'],
};

/** The controller owner: the one by whose uid cert-manager matches (apimachinery IsControlledBy). */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/** Is it a kind from which cert-manager makes Certificates? */
export function isShimKind(apiVersion: string, kind: string): boolean {
  return SHIM_GROUPS[kind]?.includes(groupOf(apiVersion)) === true;
}

/** The Ingress, Gateway or ListenerSet that makes the Certificate; undefined where a person or another tool made it. */
export function shimOwner(certificate: KubeObject): OwnerReference | undefined {
  const owner = controllerOf(certificate);
  return owner !== undefined && isShimKind(owner.apiVersion, owner.kind) ? owner : undefined;
}
