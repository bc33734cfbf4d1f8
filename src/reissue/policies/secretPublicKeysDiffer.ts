import { certificateBlocks, privateKeyBlock } from '../pem.ts';
import { readPrivateKey } from '../privateKey.ts';
import { publicKeysEqual } from '../publicKey.ts';
import { Unclear } from '../read.ts';
import { rulesFor } from '../versions.ts';
import { readLeaf } from '../x509.ts';
import { certificateOr, keyOr } from './errors.ts';
import { type Policy, type PolicyInput, REASON, Violated } from './policy.ts';

/** The private key and the certificate of the Secret must belong together. */
export const secretPublicKeysDiffer: Policy = (input) => {
  const key = keyOr(input.privateKey(), input.rules);
  if (key instanceof Violated) return key.violation;
  const leaf = certificateOr(input.leaf(), input.rules);
  if (leaf instanceof Violated) return leaf.violation;
  if (publicKeysEqual(leaf.publicKey, key)) return undefined;
  return {
    reason: REASON.InvalidKeyPair,
    message: 'Issuing certificate as Secret contains a private key that does not match the certificate',
  };
};

/**
 * Before 1.13 (SecretPublicKeysDiffer with crypto/tls X509KeyPair): any failure is an invalid key pair, with a message of
 * Go's library.
 */
export const secretKeyPairInvalid: Policy = (input) => {
  const detail = keyPairError(input);
  if (detail === undefined) return undefined;
  return {
    reason: REASON.InvalidKeyPair,
    message: `Issuing certificate as Secret contains an invalid key-pair: tls: ${detail}`,
  };
};

function keyPairError(input: PolicyInput): string | undefined {
  const certificates = certificateBlocks(input.data('tls.crt') ?? Buffer.alloc(0), UNLIMITED);
  if (certificates.kind === 'unclear') throw new Unclear(certificates.why);
  if (certificates.kind === 'invalid') return 'failed to find any PEM data in certificate input';
  const types = certificates.value.map(({ type }) => type);
  if (types.every((type) => type !== 'CERTIFICATE')) {
    if (types.length === 1 && types[0]?.endsWith('PRIVATE KEY')) {
      return 'failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched';
    }
    return `failed to find "CERTIFICATE" PEM block in certificate input after skipping PEM blocks of the following types: [${types.join(' ')}]`;
  }
  if (types.some((type) => type !== 'CERTIFICATE')) throw new Unclear('PEM blocks of several types');
  const keyBlock = privateKeyBlock(input.data('tls.key') ?? Buffer.alloc(0), UNLIMITED);
  if (keyBlock.kind === 'unclear') throw new Unclear(keyBlock.why);
  if (keyBlock.kind === 'invalid') return 'failed to find any PEM data in key input';
  const leaf = readLeaf(input.data('tls.crt') ?? Buffer.alloc(0), UNLIMITED);
  const key = readPrivateKey(input.data('tls.key') ?? Buffer.alloc(0), UNLIMITED);
  if (leaf.kind !== 'read') throw new Unclear(leaf.kind === 'unclear' ? leaf.why : 'an unusual certificate');
  if (key.kind !== 'read') throw new Unclear(key.kind === 'unclear' ? key.why : 'an unusual private key');
  if (publicKeysEqual(leaf.value.publicKey, key.value)) return undefined;
  return leaf.value.publicKey.type === key.value.type
    ? 'private key does not match public key'
    : 'private key type does not match public key type';
}

/** Go's own key pair has no limits of size. */
const UNLIMITED = rulesFor('1.11.0');
