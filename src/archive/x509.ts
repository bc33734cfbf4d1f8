import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { LeafFacts } from '../model/backup.ts';
import { rfc3339 } from '../model/time.ts';
import { sha256Hex } from './canonical.ts';

/** One block of a PEM text. */
export interface PemBlock {
  label: string;
  der: Buffer;
  /** The block's own lines, BEGIN to END. */
  text: string;
}

/**
 * The first block of a PEM text, whatever its label and whatever stands before it; undefined where there is none.
 * cert-manager reads both keys and certificates that way (internal/pem/decode.go). Headers after the BEGIN line
 * (`Proc-Type: …`) mean an encrypted key, which cert-manager does not read either.
 */
export function firstPemBlock(pem: string): PemBlock | undefined {
  const match = /-----BEGIN ([^\r\n-]*)-----[ \t]*\r?\n([\s\S]*?)-----END \1-----/.exec(pem);
  if (match === null) return undefined;
  const [text, label = '', body = ''] = match;
  if (!/^[A-Za-z0-9+/=\s]*$/.test(body)) return undefined;
  return { label, der: Buffer.from(body, 'base64'), text };
}

/** The certificate in the first PEM block of a Secret's value (base64 of PEM), or undefined where that is unreadable. */
export function leafCertificate(tlsCrtBase64: string | undefined): X509Certificate | undefined {
  const block = firstPemBlock(decode(tlsCrtBase64));
  if (block === undefined) return undefined;
  try {
    return new X509Certificate(block.der);
  } catch {
    return undefined;
  }
}

/**
 * Facts about the leaf, the first certificate of `tls.crt` (base64 of PEM, as a Secret holds it). Undefined where the value
 * is absent, empty or unreadable.
 */
export function leafFacts(tlsCrtBase64: string | undefined): LeafFacts | undefined {
  const certificate = leafCertificate(tlsCrtBase64);
  if (certificate === undefined) return undefined;
  const publicKeySha256 = spkiSha256(() => certificate.publicKey);
  const notBefore = certificateTime(certificate.validFromDate);
  const notAfter = certificateTime(certificate.validToDate);
  if (publicKeySha256 === undefined || notBefore === undefined || notAfter === undefined) return undefined;
  return { sha256: sha256Hex(certificate.raw), serial: certificate.serialNumber, notBefore, notAfter, publicKeySha256 };
}

/** SHA-256 (hex) of the public key that belongs to `tls.key` (base64 of PEM); undefined where the key is unreadable. */
export function publicKeySha256OfPrivateKey(tlsKeyBase64: string | undefined): string | undefined {
  const key = privateKeyOf(tlsKeyBase64);
  return key === undefined ? undefined : publicKeySha256Of(key);
}

/** The same of a key that is parsed already. */
export function publicKeySha256Of(privateKey: KeyObject): string | undefined {
  return spkiSha256(() => createPublicKey(privateKey));
}

/** The private key in `tls.key` (base64 of PEM); undefined where cert-manager would not read it. */
export function privateKeyOf(tlsKeyBase64: string | undefined): KeyObject | undefined {
  const block = firstPemBlock(decode(tlsKeyBase64));
  // The three labels that cert-manager decodes (pkg/util/pki/parse.go DecodePrivateKeyBytes).
  if (block === undefined || !/^(?:EC |RSA |)PRIVATE KEY$/.test(block.label)) return undefined;
  try {
    return createPrivateKey({ key: block.text, format: 'pem' });
  } catch {
    return undefined;
  }
}

/**
 * Is this the temporary certificate that cert-manager issues while an order is under way? It is signed by a throw-away CA
 * named cert-manager.local. The serial number 1234567890 that pkg/util/pki/temporarycertificate.go puts
 * into its subject has not come to be in any certificate since 1.14, as the subject's raw bytes, made before, win.
 */
export function isTemporaryCertificate(tlsCrtBase64: string | undefined): boolean {
  const certificate = leafCertificate(tlsCrtBase64);
  return certificate !== undefined && isTemporaryLeaf(certificate);
}

/** The same of a certificate that is parsed already. */
export function isTemporaryLeaf(certificate: X509Certificate): boolean {
  // Node gives undefined for an empty name, whatever its types say.
  const issuer = ((certificate.issuer as string | undefined) ?? '').split('\n');
  return issuer.includes('CN=cert-manager.local') && certificate.subject !== certificate.issuer;
}

function decode(base64: string | undefined): string {
  return base64 === undefined ? '' : Buffer.from(base64, 'base64').toString('latin1');
}

function spkiSha256(key: () => KeyObject): string | undefined {
  try {
    return sha256Hex(key().export({ type: 'spki', format: 'der' }));
  } catch {
    return undefined;
  }
}

/** A date of a certificate as RFC 3339; undefined for one that OpenSSL could not read. */
export function certificateTime(date: Date): string | undefined {
  return Number.isNaN(date.getTime()) ? undefined : rfc3339(date);
}
