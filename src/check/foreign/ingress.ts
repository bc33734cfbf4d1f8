import type { KubeObject } from '../../model/objects.ts';

/** What is read of an Ingress, Gateway or ListenerSet. */
export interface Ingress extends KubeObject {
  spec?: {
    tls?: { secretName?: unknown }[];
    listeners?: { tls?: { certificateRefs?: { name?: unknown }[] } }[];
  };
}

const ISSUER_ANNOTATIONS: readonly string[] = [
  'cert-manager.io/issuer',
  'cert-manager.io/cluster-issuer',
  'kubernetes.io/tls-acme',
];

/** Names of the Secrets of the Certificates that cert-manager makes from it; [] where it is not annotated. */
export function tlsSecretNames({ metadata, spec }: Ingress): string[] {
  const annotations = Object.keys(metadata.annotations ?? {});
  if (!annotations.some((key) => ISSUER_ANNOTATIONS.includes(key))) return [];
  const tls = Array.isArray(spec?.tls) ? spec.tls : [];
  const listeners = Array.isArray(spec?.listeners) ? spec.listeners : [];
  const names = [
    ...tls.map((one) => one?.secretName),
    ...listeners.flatMap((one) => (one?.tls?.certificateRefs ?? []).map((ref) => ref?.name)),
  ];
  return names.filter((name) => typeof name === 'string');
}
