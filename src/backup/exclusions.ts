import { isAllowedSecretType, isWebhookCaSecret, SECRET_TYPES } from '../archive/allowed.ts';
import { refName, type Secret } from '../model/objects.ts';
import { isNextPrivateKeySecret } from './state.ts';

/**
 * Secrets of these types are never part of a backup and may be most of what a cluster holds, so they are not even
 * transferred: Helm's releases, and tokens that only the cluster that made them accepts.
 */
export const UNREAD_SECRET_TYPES: readonly string[] = [
  'helm.sh/release.v1',
  'kubernetes.io/service-account-token',
  'bootstrap.kubernetes.io/token',
];

/** Why a Secret is never captured, even where something names it. */
export interface Exclusion {
  /** As the end of "Secret x is …". */
  because: string;
  /** Whoever needs it finds one of the target cluster's own, if that is made there: a prerequisite, not a loss. */
  prerequisite: boolean;
  /** What to do, where it is not what to do about a Secret that does not exist. */
  fix?: string;
}

/**
 * Secrets that a restore must not write: cert-manager's temporary keys (they start issuances), its webhook's own CA
 * (after which every write to a cert-manager resource fails), and types that the format does not hold: Helm's releases,
 * tokens that only the cluster which made them accepts. Undefined for every other Secret.
 */
export function exclusionOf(secret: Secret, certManagerNamespace: string): Exclusion | undefined {
  if (isNextPrivateKeySecret(secret)) {
    return { because: 'a temporary key of an issuance in progress', prerequisite: false };
  }
  if (isWebhookCaSecret(secret, certManagerNamespace)) {
    return { because: 'the CA of cert-manager’s own webhook, which each cluster makes itself', prerequisite: true };
  }
  if (secret.type === 'kubernetes.io/service-account-token') {
    return { because: 'a service account token, which only the cluster that made it accepts', prerequisite: true };
  }
  if (!isAllowedSecretType(secret.type)) {
    return {
      because: `of type ${secret.type}, and a backup holds only those of harmless types (${SECRET_TYPES.join(', ')})`,
      prerequisite: false,
      fix: `Make it anew with the type Opaque (cert-manager looks at the data only), or bring it to the target cluster yourself and accept the gap with --allow-missing ${refName('Secret', secret.metadata.namespace, secret.metadata.name)}.`,
    };
  }
  return undefined;
}
