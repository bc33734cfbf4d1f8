import { createECDH, createPrivateKey, createPublicKey } from 'node:crypto';
import { constructed, context, Der, TAG } from './der.ts';
import { type PemBlock, privateKeyBlock } from './pem.ts';
import {
  CURVES,
  type CurveName,
  curveOf,
  ECDSA_OID,
  ED25519_OID,
  type PublicKey,
  RSA_OID,
  readWhole,
} from './publicKey.ts';
import { invalid, type Read, strictly, Unclear } from './read.ts';
import type { Rules } from './versions.ts';

/**
 * The public half of tls.key (pkg/util/pki/parse.go DecodePrivateKeyBytes): PKCS#8, PKCS#1 or SEC 1. As Go does, the
 * public key is computed from the private one; what an encoding says of it beside is not believed.
 */
export function readPrivateKey(bytes: Buffer, rules: Rules): Read<PublicKey> {
  const block = privateKeyBlock(bytes, rules);
  if (block.kind !== 'read') return block;
  const { type } = block.value;
  if (type !== 'PRIVATE KEY' && type !== 'EC PRIVATE KEY' && type !== 'RSA PRIVATE KEY') {
    return invalid(`unknown private key type: ${type}`);
  }
  return strictly('the private key', () => readBlock(block.value));
}

function readBlock({ type, der }: PemBlock): PublicKey {
  if (type === 'RSA PRIVATE KEY') return readRsa(der);
  if (type === 'EC PRIVATE KEY') return readEc(der, undefined);
  const pkcs8 = readWhole(der);
  const version = pkcs8.small();
  const algorithm = pkcs8.read(TAG.sequence);
  const oid = algorithm.oid();
  const key = pkcs8.content(TAG.octetString);
  // Attributes and, in version 1, the public key: Go ignores them.
  pkcs8.optional(constructed(0));
  if (version === 1) pkcs8.optional(context(1));
  pkcs8.finish();
  if (version > 1) throw new Unclear('unknown version of PKCS#8');
  if (oid === RSA_OID) {
    if (!algorithm.empty && algorithm.content(TAG.null).length !== 0) throw new Unclear('unusual parameters');
    algorithm.finish();
    return readRsa(key);
  }
  if (oid === ECDSA_OID) {
    const curve = curveOf(algorithm.oid());
    algorithm.finish();
    return readEc(key, curve);
  }
  if (oid === ED25519_OID) {
    algorithm.finish();
    return readEd25519(key);
  }
  throw new Unclear('private key of a type that cert-manager does not use');
}

const toBigInt = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);

/** PKCS#1, with the checks of crypto/rsa checkPrivateKey: a key that fails them Go refuses. */
function readRsa(der: Buffer): PublicKey {
  const sequence = readWhole(der);
  if (sequence.small() !== 0) throw new Unclear('RSA key with more than two primes');
  const modulus = sequence.unsigned();
  const exponent = sequence.small();
  const [d, p, q, dp, dq, qInv] = Array.from({ length: 6 }, () => toBigInt(sequence.unsigned())) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  sequence.finish();
  if (modulus.length < 128 || modulus.length > 2048) throw new Unclear('RSA key of an unusual size');
  if (exponent < 3 || exponent % 2 === 0 || exponent >= 2 ** 31) throw new Unclear('unusual RSA exponent');
  const n = toBigInt(modulus);
  const e = BigInt(exponent);
  const half = BigInt(Math.floor(bitLength(modulus) / 2));
  const consistent =
    p > 2n &&
    q > 2n &&
    p * q === n &&
    n % 2n === 1n &&
    d < n &&
    d % (p - 1n) === dp &&
    d % (q - 1n) === dq &&
    (dp * e) % (p - 1n) === 1n &&
    (dq * e) % (q - 1n) === 1n &&
    qInv < p &&
    (qInv * q) % p === 1n &&
    d >> half > 0n &&
    (p > q ? p - q : q - p) >> (half - 100n) > 0n;
  if (!consistent) throw new Unclear('RSA key whose numbers do not fit together');
  return { type: 'rsa', modulus, exponent };
}

/** Number of bits of an unsigned number without leading zero bytes. */
export function bitLength(bytes: Buffer): number {
  return bytes.length * 8 - Math.clz32(bytes[0] ?? 0) + 24;
}

/** SEC 1 ECPrivateKey; `curve` is what PKCS#8 around it says. */
function readEc(der: Buffer, curve: CurveName | undefined): PublicKey {
  const sequence = readWhole(der);
  if (sequence.small() !== 1) throw new Unclear('unknown version of an EC key');
  const scalar = sequence.content(TAG.octetString);
  const parameters = sequence.optional(constructed(0));
  const publicKey = sequence.optional(constructed(1));
  sequence.finish();
  if (publicKey !== undefined) checkBitString(publicKey);
  const named = parameters === undefined ? undefined : readCurve(parameters);
  const actual = curve ?? named;
  if (actual === undefined || (named !== undefined && named !== actual)) throw new Unclear('EC key without one curve');
  const { bits, openssl } = CURVES[actual];
  if (scalar.length !== Math.ceil(bits / 8)) throw new Unclear('EC key of an unusual length');
  const ecdh = createECDH(openssl);
  ecdh.setPrivateKey(scalar);
  return { type: 'ecdsa', curve: actual, point: ecdh.getPublicKey() };
}

function checkBitString(content: Buffer): void {
  const der = new Der(content);
  der.bitString();
  der.finish();
}

function readCurve(parameters: Buffer): CurveName {
  const der = new Der(parameters);
  const oid = der.oid();
  der.finish();
  return curveOf(oid);
}

const ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');

function readEd25519(key: Buffer): PublicKey {
  const der = new Der(key);
  const seed = der.content(TAG.octetString);
  der.finish();
  if (seed.length !== 32) throw new Unclear('Ed25519 key of an unusual length');
  const pkcs8 = Buffer.concat([ED25519_PREFIX, seed]);
  const info = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })).export({
    format: 'der',
    type: 'spki',
  });
  return { type: 'ed25519', bytes: info.subarray(-32) };
}
