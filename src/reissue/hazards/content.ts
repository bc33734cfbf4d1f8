import { Der, TAG } from '../der.ts';
import { type GateName, isOn } from '../featureGates.ts';
import type { ReissueInput } from '../input.ts';
import { ask, leafOf } from './judge.ts';
import { at, ISSUE, listAt, NOTES, PULL, type Row, type Upgrade } from './row.ts';

const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== '';
const inTree = ({ certificate }: ReissueInput): boolean =>
  (certificate.spec.issuerRef?.group || 'cert-manager.io') === 'cert-manager.io';

/** Whether the Certificate's issuer signs with a key that cert-manager holds; not known counts as yes. */
function signedHere(input: ReissueInput, { facts: { issuer } }: Upgrade): boolean {
  if (!inTree(input)) return false;
  return (
    issuer === undefined || at(issuer, 'spec', 'ca') !== undefined || at(issuer, 'spec', 'selfSigned') !== undefined
  );
}

/** The gate decides whether a field of the spec goes into the next request. */
function gateRow(gate: GateName, field: string, code: string, since: string, pull: number): Row<ReissueInput> {
  return {
    code,
    level: 'certificate',
    effect: 'next-issuance',
    since: [since],
    message: `The feature gate ${gate}, on by default since ${since}, is on in one of the two releases and off in the other: spec.${field} goes into the next certificate only where it is on.`,
    ...PULL(pull),
    advice: `Set the gate ${gate} in both releases alike, on the controller and on the webhook.`,
    crosses: ({ from, to, facts: { flags } }) => isOn(gate, from.version, flags) !== isOn(gate, to.version, flags),
    touches: ({ certificate }) => isSet(certificate.spec[field]),
  };
}

const SHA256_WITH_RSA = '1.2.840.113549.1.1.11';

/** Whether the first certificate is signed with SHA-256 by an RSA key of 3072 bits or more. */
function hasShortHash(input: ReissueInput, { to }: Upgrade): boolean {
  if (leafOf(input, to) === undefined) return false;
  const pem = /-----BEGIN [^-]+-----([^-]+)-----END/.exec(
    Buffer.from(String(input.secret?.data?.['tls.crt'] ?? ''), 'base64').toString('latin1'),
  );
  return ask(() => {
    const certificate = new Der(Buffer.from(pem?.[1] ?? '', 'base64')).read(TAG.sequence);
    certificate.element(TAG.sequence);
    const algorithm = certificate.read(TAG.sequence).oid();
    return algorithm === SHA256_WITH_RSA && certificate.bitString().length * 8 >= 3072;
  }, false);
}

/** What the next issuance makes: keys, signatures, contents; and what is left of earlier ones. */
export const CONTENT_ROWS: Row<ReissueInput>[] = [
  {
    code: 'rotation-policy-default',
    level: 'certificate',
    effect: 'next-issuance',
    since: ['1.18.0'],
    message:
      'Since 1.18 the private key is made anew at every issuance unless spec.privateKey.rotationPolicy says Never. (1.18 and 1.19 have a feature gate against it, DefaultPrivateKeyRotationPolicyAlways; 1.20 has not.)',
    ...ISSUE(7601),
    advice: 'Set rotationPolicy: Never where the key is pinned.',
    crosses: ({ from, to, facts: { flags } }) =>
      !isOn('DefaultPrivateKeyRotationPolicyAlways', from.version, flags) &&
      isOn('DefaultPrivateKeyRotationPolicyAlways', to.version, flags),
    touches: ({ certificate }) => !certificate.spec.privateKey?.rotationPolicy,
    changes: ({ certificate: { spec } }) => [
      { path: 'spec.privateKey.rotationPolicy', before: spec.privateKey?.rotationPolicy, after: 'Never' },
    ],
  },
  {
    code: 'revision-history-limit-default',
    level: 'certificate',
    effect: 'cleanup',
    since: ['1.18.0'],
    message: 'Since 1.18 only the last CertificateRequest is kept unless spec.revisionHistoryLimit says more.',
    ...NOTES('1.18'),
    advice: 'Set spec.revisionHistoryLimit where older requests are evidence.',
    touches: ({ certificate }) => !isSet(certificate.spec.revisionHistoryLimit),
    changes: ({ certificate, requests }) => {
      const own = requests.filter((request) =>
        request?.metadata?.ownerReferences?.some(({ uid }) => uid === certificate.metadata?.uid),
      ).length;
      return own > 1 ? [{ path: 'spec.revisionHistoryLimit', before: undefined, after: own }] : [];
    },
  },
  {
    code: 'rsa-signature-hash',
    level: 'certificate',
    effect: 'next-issuance',
    since: ['1.17.0'],
    message:
      'Since 1.17 CA and SelfSigned issuers sign with SHA-384 where their RSA key has 3072 bits, and with SHA-512 where it has 4096, no longer with SHA-256. This certificate was signed by such a key.',
    ...PULL(7368),
    advice: 'See that everything that verifies the certificate knows these hashes; nothing brings SHA-256 back.',
    touches: (input, upgrade) => signedHere(input, upgrade) && hasShortHash(input, upgrade),
  },
  {
    code: 'signature-algorithm-dropped',
    level: 'certificate',
    effect: 'next-issuance',
    since: ['1.18.0'],
    backwards: true,
    message: 'Before 1.18 there is no spec.signatureAlgorithm: it is dropped, and the next request signed by default.',
    ...NOTES('1.18'),
    advice: 'Nothing avoids it but 1.18 or later.',
    touches: ({ certificate }) => isSet(certificate.spec.signatureAlgorithm),
  },
  gateRow('LiteralCertificateSubject', 'literalSubject', 'literal-subject-gate', '1.15.0', 7030),
  gateRow('OtherNames', 'otherNames', 'other-names-gate', '1.20.0', 8288),
  gateRow('NameConstraints', 'nameConstraints', 'name-constraints-gate', '1.17.0', 7494),
  {
    code: 'name-constraints-uris',
    level: 'certificate',
    effect: 'next-issuance',
    since: ['1.17.4', '1.18.2'],
    message:
      'Before 1.17.4 and 1.18.2 the URI domains that spec.nameConstraints permits were put among the excluded ones. The next certificate has them right.',
    ...PULL(7816),
    advice:
      'Have the CA certificate issued anew at a time of your choice, since what it signs may become valid or invalid.',
    touches: ({ certificate }) => listAt(certificate.spec, 'nameConstraints', 'permitted', 'uriDomains').length > 0,
  },
  {
    code: 'request-critical-extensions',
    level: 'certificate',
    effect: 'next-issuance',
    since: ['1.14.0'],
    message:
      'Since 1.14 the extensions KeyUsage and BasicConstraints of a CertificateRequest are marked critical. The issuer is one of another group, which may refuse that.',
    ...PULL(6053),
    advice: 'Try one issuance with this issuer before the upgrade of the others.',
    touches: (input) => !inTree(input),
  },
  {
    code: 'copied-critical-flags',
    level: 'certificate',
    effect: 'next-issuance',
    since: ['1.14.0'],
    until: ['1.14.2'],
    message:
      'The CA and SelfSigned issuers of 1.14.0 and 1.14.1 copy the critical flag of extensions from the request instead of setting it by themselves.',
    ...PULL(6724),
    advice: 'Go to 1.14.2 or later.',
    touches: signedHere,
  },
  {
    code: 'keystore-certificate-authorities',
    level: 'certificate',
    effect: 'next-issuance',
    since: ['1.12.9', '1.13.5', '1.14.4'],
    message:
      'JKS and PKCS#12 keystores now hold all the CA certificates that the issuer gives; before, only the first.',
    ...PULL(6806),
    advice: 'See that what reads the keystore takes several entries.',
    touches: ({ certificate }) =>
      ['jks', 'pkcs12'].some((kind) => at(certificate.spec, 'keystores', kind, 'create') === true),
  },
  {
    code: 'keystore-profile-dropped',
    level: 'certificate',
    effect: 'next-issuance',
    since: ['1.21.0'],
    backwards: true,
    message:
      'Before 1.21 there is no PKCS#12 profile Modern2026: an API server with the older CRDs refuses edits of the Certificate, and the next keystore is made with the profile LegacyRC2.',
    ...PULL(8841),
    advice: 'Set the profile Modern2023 first.',
    touches: ({ certificate }) => at(certificate.spec, 'keystores', 'pkcs12', 'profile') === 'Modern2026',
    changes: () => [{ path: 'spec.keystores.pkcs12.profile', before: 'Modern2026', after: 'Modern2023' }],
  },
  {
    code: 'keystore-password-dropped',
    level: 'certificate',
    effect: 'renewal',
    since: ['1.17.0'],
    backwards: true,
    message:
      'Before 1.17 a keystore has no password in the spec, only a passwordSecretRef: the password is dropped, and the next issuance fails.',
    ...PULL(6657),
    advice: 'Put the password into a Secret and refer to that with passwordSecretRef.',
    touches: ({ certificate }) =>
      ['jks', 'pkcs12'].some((kind) => isSet(at(certificate.spec, 'keystores', kind, 'password'))),
  },
];
