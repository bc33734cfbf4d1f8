import { objectName, refName } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import type { PlannedObject } from './actions.ts';
import { keyOf } from './kinds.ts';
import type { LiveState } from './live.ts';

/** Annotations by which cert-manager's ingress-shim takes up an Ingress (pkg/controller/certificate-shim/helper.go). */
const SHIM_ANNOTATIONS: readonly string[] = [
  'cert-manager.io/issuer',
  'cert-manager.io/cluster-issuer',
  'kubernetes.io/tls-acme',
];

/**
 * Warnings about live Ingresses whose TLS Secret is missing on the target and comes with this restore: cert-manager is
 * issuing for them already, so every second counts and their Certificates may end up with a new leaf.
 */
export function makersWithoutSecret(planned: readonly PlannedObject[], live: LiveState): Problem[] {
  const missing = new Set(
    planned.filter((p) => p.object.kind === 'Secret' && p.action === 'create').map((p) => keyOf(p.object)),
  );
  const problems: Problem[] = [];
  for (const ingress of live.ingresses) {
    const annotations = ingress.metadata.annotations ?? {};
    if (!SHIM_ANNOTATIONS.some((name) => annotations[name] !== undefined)) continue;
    const tls = (ingress.spec as { tls?: { secretName?: string }[] } | undefined)?.tls ?? [];
    for (const { secretName } of tls) {
      const secret = refName('Secret', ingress.metadata.namespace, secretName ?? '');
      if (!missing.has(secret)) continue;
      const name = objectName({ kind: 'Ingress', metadata: ingress.metadata });
      problems.push({
        severity: 'warning',
        code: 'made-by-another-object',
        message: `${name} is on the target already while its ${secret} is not: cert-manager is issuing a new certificate for it at this moment.`,
        fix: `Take the Ingress and the Certificate ${secretName} that it made away until the restore is done (kubectl -n ${ingress.metadata.namespace} delete certificate ${secretName}), then apply the Ingress again: it will find its Secret.`,
        object: name,
      });
    }
  }
  return problems;
}
