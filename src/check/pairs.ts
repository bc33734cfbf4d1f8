import { sha256Hex } from '../archive/canonical.ts';
import { certificateTime, isTemporaryLeaf, leafCertificate, privateKeyOf, publicKeySha256Of } from '../archive/x509.ts';
import { objectName, type Secret } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import { baselineOf, leafSecretName, type Subject } from './subject.ts';

/** Public facts of a Secret's `tls.crt` and `tls.key`; null where there is none that can be read. */
export interface PairFacts {
  /** SHA-256 of the leaf's DER. */
  leaf: string | null;
  /** RFC 3339; '' without a leaf. */
  notAfter: string;
  /** SHA-256 of the public key that belongs to the private one. */
  key: string | null;
  /** Whether the two belong together; null where one of them is missing. */
  fits: boolean | null;
  /** cert-manager's own, while an order is under way. */
  isTemporary: boolean;
}

/**
 * Do key and certificate of each Secret belong together, and are they those that the index describes?
 * @param facts of the Secrets that could be read, by `Secret/namespace/name`.
 */
export function pairProblems(subject: Subject, facts: ReadonlyMap<string, PairFacts>): Problem[] {
  return [
    ...[...facts].flatMap(([name, { fits }]) => (fits === false ? [mismatch(name)] : [])),
    ...subject.certificates.flatMap((certificate) => {
      const name = leafSecretName(certificate);
      const found = facts.get(name);
      if (found === undefined) return [];
      const object = objectName(certificate);
      if (found.isTemporary) return [temporary(object)];
      const baseline = baselineOf(subject, certificate);
      if (baseline === undefined || baseline.leafAbsent === 'not-read') return [];
      const same = found.leaf === (baseline.leaf?.sha256 ?? null) && found.key === baseline.keySha256;
      return same ? [] : [otherThanDescribed(object, name)];
    }),
  ];
}

/** The facts of one Secret. */
export function factsOf(secret: Secret): PairFacts {
  const certificate = leafCertificate(secret.data?.['tls.crt']);
  const key = privateKeyOf(secret.data?.['tls.key']);
  return {
    leaf: certificate === undefined ? null : sha256Hex(certificate.raw),
    notAfter: certificate === undefined ? '' : (certificateTime(certificate.validToDate) ?? ''),
    key: (key && publicKeySha256Of(key)) ?? null,
    // Compared by OpenSSL itself, which costs less than to write both keys down.
    fits: certificate === undefined || key === undefined ? null : certificate.checkPrivateKey(key),
    isTemporary: certificate !== undefined && isTemporaryLeaf(certificate),
  };
}

function mismatch(secret: string): Problem {
  return {
    severity: 'error',
    code: 'key-mismatch',
    message: `The private key in ${secret} does not belong to the certificate beside it.`,
    fix: 'Mend it at the source and back up again, or take an older backup; whoever uses this Secret cannot serve TLS with it.',
    object: secret,
  };
}

function temporary(object: string): Problem {
  return {
    severity: 'error',
    code: 'temporary-certificate',
    message: `The Secret of ${object} holds cert-manager's temporary self-signed certificate and not an issued one. After a restore it may pass for the real one until it expires.`,
    fix: 'Back up again once the Certificate is Ready; --wait waits for issuances in progress.',
    object,
  };
}

function otherThanDescribed(object: string, secret: string): Problem {
  return {
    severity: 'error',
    code: 'damaged-backup',
    message: `${secret} holds another certificate or key than the index describes for ${object}, so one of them was exchanged.`,
    fix: 'Do not restore this backup before you know who changed it; take another copy.',
    object,
  };
}
