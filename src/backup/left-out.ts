import { isWebhookCaSecret } from '../archive/allowed.ts';
import type { ManifestHeader } from '../model/backup.ts';
import { type ClusterState, isNextPrivateKeySecret, keyOf } from './state.ts';

export type LeftOut = NonNullable<ManifestHeader['leftOut']>;

/**
 * How many of the objects that were read are not in the backup, and belong in none: for the manifest and the report.
 * Orders, Challenges, Helm releases, and service account and bootstrap tokens are not even read.
 */
export function countLeftOut(
  state: ClusterState,
  captured: { secrets: ReadonlySet<string>; requests: number },
  certManagerNamespace: string,
): LeftOut {
  const counts: LeftOut = {
    certificateRequests: state.requests.length - captured.requests,
    temporaryKeys: 0,
    webhookCas: 0,
    unreferencedSecrets: 0,
  };
  for (const secret of state.secrets.values()) {
    if (captured.secrets.has(keyOf(secret.metadata.namespace, secret.metadata.name))) continue;
    if (isNextPrivateKeySecret(secret)) counts.temporaryKeys += 1;
    else if (isWebhookCaSecret(secret, certManagerNamespace)) counts.webhookCas += 1;
    else counts.unreferencedSecrets += 1;
  }
  return counts;
}

/** The same in a sentence. `secrets`: whether the mode captures those that are needed at all. */
export function leftOutWords(counts: LeftOut, secrets: 'all' | 'issuer' | 'none'): string {
  const number = (n: number, one: string, many: string): string => `${n} ${n === 1 ? one : many}`;
  const parts = [
    ...(secrets === 'all'
      ? [
          number(counts.unreferencedSecrets, 'Secret that nothing refers to', 'Secrets that nothing refers to'),
          number(counts.temporaryKeys, 'temporary key', 'temporary keys'),
          `${counts.webhookCas === 0 ? 'no' : counts.webhookCas} CA of the webhook`,
        ]
      : []),
    number(counts.certificateRequests, 'past CertificateRequest', 'past CertificateRequests'),
  ];
  return `Left out: ${parts.join(', ')}; Orders, Challenges, Helm releases and service account tokens were not read.`;
}
