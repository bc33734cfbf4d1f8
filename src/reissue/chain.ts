import { currentCertificateNearingExpiry } from './policies/currentCertificateNearingExpiry.ts';
import { currentCertificateRequestMismatchesSpec } from './policies/currentCertificateRequestMismatchesSpec.ts';
import type { Policy } from './policies/policy.ts';
import { secretCertificateNameAnnotationsMismatch } from './policies/secretCertificateNameAnnotationsMismatch.ts';
import { secretDoesNotExist } from './policies/secretDoesNotExist.ts';
import { secretIsMissingData } from './policies/secretIsMissingData.ts';
import { secretIssuerAnnotationsMismatch } from './policies/secretIssuerAnnotationsMismatch.ts';
import { secretPrivateKeyMismatchesSpec } from './policies/secretPrivateKeyMismatchesSpec.ts';
import { secretPublicKeyDiffersFromCurrentCertificateRequest } from './policies/secretPublicKeyDiffersFromCurrentCertificateRequest.ts';
import { secretKeyPairInvalid, secretPublicKeysDiffer } from './policies/secretPublicKeysDiffer.ts';
import type { Rules } from './versions.ts';

/** A policy with the name of upstream's function. */
export interface NamedPolicy {
  name: string;
  check: Policy;
}

const named = (name: string, check: Policy): NamedPolicy => ({ name, check });

const EXISTS = named('SecretDoesNotExist', secretDoesNotExist);
const DATA = named('SecretIsMissingData', secretIsMissingData);
const KEYS = named('SecretPublicKeysDiffer', secretPublicKeysDiffer);
const OLD_KEYS = named('SecretPublicKeysDiffer', secretKeyPairInvalid);
const ISSUER = named('SecretIssuerAnnotationsMismatch', secretIssuerAnnotationsMismatch);
const OLD_ISSUER = named('SecretIssuerAnnotationsNotUpToDate', secretIssuerAnnotationsMismatch);
const NAME = named('SecretCertificateNameAnnotationsMismatch', secretCertificateNameAnnotationsMismatch);
const KEY_SPEC = named('SecretPrivateKeyMismatchesSpec', secretPrivateKeyMismatchesSpec);
const OLD_KEY_SPEC = named('SecretPrivateKeyMatchesSpec', secretPrivateKeyMismatchesSpec);
const REQUEST_KEY = named(
  'SecretPublicKeyDiffersFromCurrentCertificateRequest',
  secretPublicKeyDiffersFromCurrentCertificateRequest,
);
const REQUEST = named('CurrentCertificateRequestMismatchesSpec', currentCertificateRequestMismatchesSpec);
const OLD_REQUEST = named('CurrentCertificateRequestNotValidForSpec', currentCertificateRequestMismatchesSpec);
/** Always the last one: the only policy that time alone can violate. */
export const NEARING_EXPIRY = named('CurrentCertificateNearingExpiry', currentCertificateNearingExpiry);

/** NewTriggerPolicyChain of a release (internal/controller/certificates/policies/policies.go). */
export function triggerPolicyChain(rules: Rules): readonly NamedPolicy[] {
  if (!rules.rewrittenChain) return [EXISTS, DATA, OLD_KEYS, OLD_KEY_SPEC, OLD_ISSUER, OLD_REQUEST, NEARING_EXPIRY];
  return rules.certificateName
    ? [EXISTS, DATA, KEYS, ISSUER, NAME, KEY_SPEC, REQUEST_KEY, REQUEST, NEARING_EXPIRY]
    : [EXISTS, DATA, KEYS, ISSUER, KEY_SPEC, REQUEST_KEY, REQUEST, NEARING_EXPIRY];
}
