import { constructed, Der, TAG } from './der.ts';
import { requestExtensions } from './extensions.ts';
import { type Name, readName } from './name.ts';
import { requestBlock } from './pem.ts';
import { type PublicKey, readPublicKeyInfo, readWhole } from './publicKey.ts';
import { type Read, strictly, Unclear } from './read.ts';
import { type AltNames, checkDnsNames, NO_ALT_NAMES } from './san.ts';
import type { Rules } from './versions.ts';

/** What cert-manager looks at in a PKCS#10 certificate request. */
export interface Csr {
  subject: Name;
  /** DER of the subject. */
  rawSubject: Buffer;
  publicKey: PublicKey;
  altNames: AltNames;
}

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

/** spec.request of a CertificateRequest (pkg/util/pki/parse.go DecodeX509CertificateRequestBytes). */
export function readRequest(bytes: Buffer, rules: Rules): Read<Csr> {
  const block = requestBlock(bytes, rules);
  if (block.kind !== 'read') return block;
  return strictly('the certificate request', () => {
    const csr = readCsr(block.value.der);
    checkDnsNames(csr.altNames, rules);
    return csr;
  });
}

/** A certificate request's DER (crypto/x509 ParseCertificateRequest). The signature is not checked, as in cert-manager. */
function readCsr(der: Buffer): Csr {
  const request = readWhole(der);
  const info = request.read(TAG.sequence);
  const algorithm = request.read(TAG.sequence);
  algorithm.oid();
  if (!algorithm.empty) algorithm.any();
  algorithm.finish();
  request.bitString();
  request.finish();

  if (info.small() > 2) throw new Unclear('an unusual version');
  const rawSubject = info.element(TAG.sequence);
  const subject = readName(new Der(rawSubject).read(TAG.sequence));
  const publicKey = readPublicKeyInfo(info.read(TAG.sequence));
  const attributes = info.read(constructed(0));
  info.finish();
  let altNames = NO_ALT_NAMES;
  let seen = false;
  while (!attributes.empty) {
    const attribute = attributes.read(TAG.sequence);
    if (attribute.oid() !== EXTENSION_REQUEST) continue;
    const values = attribute.read(TAG.set);
    attribute.finish();
    if (seen) throw new Unclear('two lists of extensions');
    seen = true;
    altNames = requestExtensions(values.read(TAG.sequence));
    values.finish();
  }
  return { subject, rawSubject, publicKey, altNames };
}
