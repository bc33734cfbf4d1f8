import { ECDH } from 'node:crypto';
import { Der, TAG } from './der.ts';
import { Unclear } from './read.ts';

/** A public key of one of the types that cert-manager compares. */
export type PublicKey =
  | { type: 'rsa'; modulus: Buffer; exponent: number }
  | { type: 'ecdsa'; curve: CurveName; point: Buffer }
  | { type: 'ed25519'; bytes: Buffer };

export type CurveName = keyof typeof CURVES;

/** The curves that Go knows: object identifier, OpenSSL's name, size in bits. */
export const CURVES = {
  'P-224': { oid: '1.3.132.0.33', openssl: 'secp224r1', bits: 224 },
  'P-256': { oid: '1.2.840.10045.3.1.7', openssl: 'prime256v1', bits: 256 },
  'P-384': { oid: '1.3.132.0.34', openssl: 'secp384r1', bits: 384 },
  'P-521': { oid: '1.3.132.0.35', openssl: 'secp521r1', bits: 521 },
} as const;

export const RSA_OID = '1.2.840.113549.1.1.1';
export const ECDSA_OID = '1.2.840.10045.2.1';
export const ED25519_OID = '1.3.101.112';

/** The curve of a named-curve OBJECT IDENTIFIER; throws Unclear for others. */
export function curveOf(oid: string): CurveName {
  for (const name of Object.keys(CURVES) as CurveName[]) if (CURVES[name].oid === oid) return name;
  throw new Unclear('unknown elliptic curve');
}

/**
 * A SubjectPublicKeyInfo (crypto/x509 parsePublicKey). Keys of other types are unclear: Go reads some of them, but
 * cert-manager cannot compare them.
 */
export function readPublicKeyInfo(info: Der): PublicKey {
  const algorithm = info.read(TAG.sequence);
  const oid = algorithm.oid();
  let key: PublicKey;
  if (oid === RSA_OID) {
    if (algorithm.content(TAG.null).length !== 0) throw new Unclear('RSA key parameters not NULL');
    key = readRsa(info);
  } else if (oid === ECDSA_OID) {
    const curve = curveOf(algorithm.oid());
    const point = info.bitString();
    assertOnCurve(curve, point);
    key = { type: 'ecdsa', curve, point };
  } else if (oid === ED25519_OID) {
    const bytes = info.bitString();
    if (bytes.length !== 32) throw new Unclear('Ed25519 key of a wrong length');
    key = { type: 'ed25519', bytes };
  } else {
    throw new Unclear('public key of a type that cert-manager does not use');
  }
  algorithm.finish();
  info.finish();
  return key;
}

function readRsa(info: Der): PublicKey {
  const outer = info.bitString();
  const sequence = readWhole(outer);
  const modulus = sequence.unsigned();
  const exponent = sequence.small();
  sequence.finish();
  if (modulus.length < 128 || modulus.length > 2048 || exponent < 3 || exponent % 2 === 0 || exponent >= 2 ** 31) {
    throw new Unclear('RSA key of an unusual size');
  }
  if (((modulus.at(-1) as number) & 1) === 0) throw new Unclear('RSA modulus is even');
  return { type: 'rsa', modulus, exponent };
}

/** The content of a SEQUENCE that is all there is. */
export function readWhole(bytes: Buffer): Der {
  const outer = new Der(bytes);
  const inner = outer.read(TAG.sequence);
  outer.finish();
  return inner;
}

const CHECKED_POINTS = 2000;
const onCurve = new Set<string>();

/** Go refuses points that are not on their curve, and compressed ones. */
function assertOnCurve(curve: CurveName, point: Buffer): void {
  const size = Math.ceil(CURVES[curve].bits / 8);
  if (point.length !== 1 + 2 * size || point[0] !== 4) throw new Unclear('elliptic curve point not uncompressed');
  const key = curve + point.toString('latin1');
  if (onCurve.has(key)) return;
  ECDH.convertKey(point, CURVES[curve].openssl, undefined, undefined, 'uncompressed');
  if (onCurve.size < CHECKED_POINTS) onCurve.add(key);
}

/** Whether two public keys are the same (pkg/util/pki PublicKeysEqual). */
export function publicKeysEqual(a: PublicKey, b: PublicKey): boolean {
  if (a.type === 'rsa' && b.type === 'rsa') return a.exponent === b.exponent && a.modulus.equals(b.modulus);
  if (a.type === 'ecdsa' && b.type === 'ecdsa') return a.curve === b.curve && a.point.equals(b.point);
  if (a.type === 'ed25519' && b.type === 'ed25519') return a.bytes.equals(b.bytes);
  return false;
}
