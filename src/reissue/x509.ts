import { constructed, Der, TAG } from './der.ts';
import { certificateExtensions } from './extensions.ts';
import { type Name, readName } from './name.ts';
import { certificateBlocks } from './pem.ts';
import { type PublicKey, readPublicKeyInfo } from './publicKey.ts';
import { type Read, strictly, Unclear } from './read.ts';
import { type AltNames, checkDnsNames, NO_ALT_NAMES } from './san.ts';
import type { Rules } from './versions.ts';

/** What cert-manager looks at in a certificate. */
export interface X509 {
  /** Seconds since 1970. */
  notBefore: number;
  notAfter: number;
  subject: Name;
  publicKey: PublicKey;
  altNames: AltNames;
}

/**
 * The first certificate in tls.crt (pkg/util/pki/parse.go DecodeX509CertificateBytes): every PEM block must be a
 * certificate that Go accepts, though only the first is used.
 */
export function readLeaf(bytes: Buffer, rules: Rules): Read<X509> {
  const blocks = certificateBlocks(bytes, rules);
  if (blocks.kind !== 'read') return blocks;
  return strictly('the certificate', () => {
    const [leaf, ...chain] = blocks.value;
    const certificate = readCertificate((leaf as { der: Buffer }).der);
    for (const { der } of chain) checkChainCertificate(der);
    checkDnsNames(certificate.altNames, rules);
    return certificate;
  });
}

const CHECKED_CERTIFICATES = 500;
const checked = new Set<string>();

/** The same few intermediates stand in thousands of Secrets: each is read once. */
function checkChainCertificate(der: Buffer): void {
  const key = der.toString('latin1');
  if (checked.has(key)) return;
  readCertificate(der);
  if (checked.size < CHECKED_CERTIFICATES) checked.add(key);
}

/** One certificate (crypto/x509 parseCertificate). Throws Unclear at anything that is not plain and standard. */
export function readCertificate(der: Buffer): X509 {
  const outer = new Der(der);
  const certificate = outer.read(TAG.sequence);
  outer.finish();
  const tbs = certificate.read(TAG.sequence);
  const signatureAlgorithm = certificate.element(TAG.sequence);
  certificate.bitString();
  certificate.finish();

  const version = readVersion(tbs);
  tbs.unsigned(); // serial number: Go refuses negative ones
  const inner = tbs.element(TAG.sequence);
  if (!inner.equals(signatureAlgorithm)) throw new Unclear('two signature algorithms');
  const algorithm = new Der(inner).read(TAG.sequence);
  algorithm.oid();
  if (!algorithm.empty) algorithm.any();
  algorithm.finish();
  readName(tbs.read(TAG.sequence));
  const validity = tbs.read(TAG.sequence);
  const notBefore = readTime(validity);
  const notAfter = readTime(validity);
  validity.finish();
  const subject = readName(tbs.read(TAG.sequence));
  const publicKey = readPublicKeyInfo(tbs.read(TAG.sequence));
  let altNames = NO_ALT_NAMES;
  if (version === 3 && !tbs.empty) {
    const explicit = tbs.read(constructed(3));
    altNames = certificateExtensions(explicit.read(TAG.sequence));
    explicit.finish();
  }
  tbs.finish();
  return { notBefore, notAfter, subject, publicKey, altNames };
}

function readVersion(tbs: Der): number {
  if (tbs.peek() !== constructed(0)) return 1;
  const explicit = tbs.read(constructed(0));
  const version = explicit.small() + 1;
  explicit.finish();
  if (version !== 3) throw new Unclear('a certificate of an unusual version');
  return version;
}

/** UTCTime or GeneralizedTime with seconds, in Z; anything else is unclear. Seconds since 1970. */
function readTime(der: Der): number {
  const tag = der.peek();
  const text = der.any().content.toString('latin1');
  const match =
    tag === TAG.utcTime
      ? /^()(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text)
      : tag === TAG.generalizedTime
        ? /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(text)
        : null;
  if (match === null) throw new Unclear('a time that is not plain');
  const [century, yy, month, day, hour, minute, second] = match.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const year = tag === TAG.utcTime ? (yy < 50 ? 2000 + yy : 1900 + yy) : century * 100 + yy;
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  const date = new Date(time);
  const real =
    year >= 1950 &&
    date.getUTCMonth() === month - 1 &&
    date.getUTCDate() === day &&
    date.getUTCHours() === hour &&
    date.getUTCMinutes() === minute &&
    date.getUTCSeconds() === second;
  if (!real) throw new Unclear('a time that does not exist');
  return time / 1000;
}
