import { publicKeysEqual } from '../publicKey.ts';
import { Unclear } from '../read.ts';
import { certificateOr, keyOr } from './errors.ts';
import { type Policy, REASON, Violated } from './policy.ts';

/** The private key and the certificate of the Secret must belong together. */
export const secretPublicKeysDiffer: Policy = (input) => {
  const key = keyOr(input.privateKey());
  if (key instanceof Violated) return key.violation;
  const leaf = certificateOr(input.leaf());
  if (leaf instanceof Violated) return leaf.violation;
  if (publicKeysEqual(leaf.publicKey, key)) return undefined;
  return {
    reason: REASON.InvalidKeyPair,
    message: 'Issuing certificate as Secret contains a private key that does not match the certificate',
  };
};

/**
 * Before 1.13 (SecretPublicKeysDiffer with crypto/tls X509KeyPair): any failure is an invalid key pair, and its message
 * is that of Go's library.
 */
export const secretKeyPairInvalid: Policy = (input) => {
  const key = input.privateKey();
  const leaf = input.leaf();
  if (key.kind !== 'read' || leaf.kind !== 'read') {
    throw new Unclear(key.kind === 'unclear' ? key.why : leaf.kind === 'unclear' ? leaf.why : 'an unreadable key pair');
  }
  if (publicKeysEqual(leaf.value.publicKey, key.value)) return undefined;
  const detail =
    leaf.value.publicKey.type === key.value.type
      ? 'tls: private key does not match public key'
      : 'tls: private key type does not match public key type';
  return {
    reason: REASON.InvalidKeyPair,
    message: `Issuing certificate as Secret contains an invalid key-pair: ${detail}`,
  };
};
