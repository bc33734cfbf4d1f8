import { publicKeysEqual } from '../publicKey.ts';
import { keyOr, requestOr } from './errors.ts';
import { type Policy, REASON, Violated } from './policy.ts';

/** The current CertificateRequest, where there is one, must have been made with the Secret's key. */
export const secretPublicKeyDiffersFromCurrentCertificateRequest: Policy = (input) => {
  if (input.current === undefined) return undefined;
  const key = keyOr(input.privateKey(), input.rules);
  if (key instanceof Violated) return key.violation;
  const csr = requestOr(input.currentCsr());
  if (csr instanceof Violated) return csr.violation;
  if (publicKeysEqual(csr.publicKey, key)) return undefined;
  return {
    reason: REASON.SecretMismatch,
    message: 'Secret contains a private key that does not match the current CertificateRequest',
  };
};
