import type { Secret } from '../../../src/model/objects.ts';
import { otherKey, type Plan } from '../plan.ts';
import { damagedTwin, type Twin, twin } from './twin.ts';

const typeOf = (key: string): string => key.slice(0, key.indexOf('-'));

/** A twin that edits the built Secret. */
const secretTwin = (name: string, edit: (secret: Secret, plan: Plan) => void): Twin =>
  twin(name, (plan) => plan.editObjects.push(({ secret }) => edit(secret as Secret, plan)));

const setData = (entries: Record<string, string | null>) => (secret: Secret) => {
  for (const [key, value] of Object.entries(entries)) {
    if (value === null) delete (secret.data as Record<string, string>)[key];
    else (secret.data as Record<string, string>)[key] = value;
  }
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Text in front of a PEM block up to an exact length in all. */
const padTo =
  (length: number) =>
  (pem: string): string => {
    const missing = length - pem.length;
    return missing < 2 ? pem : `${'#'.repeat(missing - 1)}\n${pem}`;
  };

export const EXISTENCE: Twin[] = [
  twin('no-secret', (plan) =>
    plan.editObjects.push((o) => {
      o.secret = null;
    }),
  ),
  secretTwin('data-null', (secret) => {
    (secret as unknown as { data: null }).data = null;
  }),
  secretTwin('data-absent', (secret) => void delete secret.data),
  secretTwin('data-empty', (secret) => {
    secret.data = {};
  }),
  secretTwin('no-key', setData({ 'tls.key': null })),
  secretTwin('no-certificate', setData({ 'tls.crt': null })),
  secretTwin('empty-key', setData({ 'tls.key': '' })),
  secretTwin('empty-certificate', setData({ 'tls.crt': '' })),
  secretTwin('both-empty', setData({ 'tls.key': '', 'tls.crt': '' })),
  secretTwin('null-key', (secret) => {
    (secret.data as unknown as { 'tls.key': null })['tls.key'] = null;
  }),
  secretTwin('base64-in-lines', (secret) => {
    const data = secret.data as Record<string, string>;
    for (const [key, value] of Object.entries(data)) data[key] = value.replace(/(.{76})/g, '$1\r\n');
  }),
  secretTwin('other-data-only', (secret) => {
    secret.data = { 'ca.crt': base64('x') };
  }),
  secretTwin('type-opaque', (secret) => {
    secret.type = 'Opaque';
  }),
];

export const KEY_PAIR: Twin[] = [
  secretTwin('key-garbage', setData({ 'tls.key': base64('this is no key') })),
  secretTwin('key-newline', setData({ 'tls.key': base64('\n') })),
  secretTwin('certificate-garbage', setData({ 'tls.crt': base64('this is no certificate') })),
  secretTwin('certificate-blank', setData({ 'tls.crt': base64(' ') })),
  secretTwin('both-garbage', setData({ 'tls.key': base64('k'), 'tls.crt': base64('c') })),
  secretTwin('key-is-certificate', (secret) => {
    const data = secret.data as Record<string, string>;
    data['tls.key'] = data['tls.crt'] as string;
  }),
  twin('key-other-same-type', (plan) => {
    plan.keys.secret = otherKey(plan.random, typeOf(plan.keys.secret), plan.keys.secret);
  }),
  twin('key-other-type', (plan) => {
    plan.keys.secret = typeOf(plan.keys.secret) === 'p256' ? 'rsa2048-0' : 'p256-0';
  }),
  twin('leaf-of-other-key', (plan) => {
    plan.keys.leaf = otherKey(plan.random, typeOf(plan.keys.leaf), plan.keys.leaf);
  }),
  twin('leaf-p224', (plan) => {
    plan.keys.leaf = 'p224-0';
  }),
  twin('key-pkcs1', (plan) => {
    plan.keyEncoding = 'PKCS1';
  }),
  twin('key-pkcs8', (plan) => {
    plan.keyEncoding = 'PKCS8';
  }),
  twin('key-crlf', (plan) => {
    plan.editKey = (pem) => pem.replaceAll('\n', '\r\n');
  }),
  twin('key-no-final-newline', (plan) => {
    plan.editKey = (pem) => pem.trimEnd();
  }),
  twin('key-text-before', (plan) => {
    plan.editKey = (pem) => `Key of the shop:\n${pem}`;
  }),
  twin('key-text-after', (plan) => {
    plan.editKey = (pem) => `${pem}-- end --\nbye`;
  }),
  twin('key-twice', (plan) => {
    plan.editKey = (pem) => pem + pem;
  }),
  twin('key-ec-parameters-first', (plan) => {
    plan.editKey = (pem) => `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${pem}`;
  }),
  twin('key-other-label', (plan) => {
    plan.editKey = (pem) => pem.replaceAll(/(BEGIN|END) [A-Z ]*PRIVATE KEY/g, '$1 ENCRYPTED PRIVATE KEY');
  }),
  twin('key-13000-bytes', (plan) => {
    plan.editKey = padTo(13000);
  }),
  twin('key-13001-bytes', (plan) => {
    plan.editKey = padTo(13001);
  }),
  twin('certificate-65000-bytes', (plan) => {
    plan.editCertificate = padTo(65000);
  }),
  twin('certificate-65001-bytes', (plan) => {
    plan.editCertificate = padTo(65001);
  }),
  twin('certificate-330000-bytes', (plan) => {
    plan.editCertificate = padTo(330000);
  }),
  twin('certificate-330001-bytes', (plan) => {
    plan.editCertificate = padTo(330001);
  }),
  twin('certificate-crlf', (plan) => {
    plan.editCertificate = (pem) => pem.replaceAll('\n', '\r\n');
  }),
  twin('certificate-no-final-newline', (plan) => {
    plan.editCertificate = (pem) => pem.trimEnd();
  }),
  twin('certificate-other-label', (plan) => {
    plan.editCertificate = (pem) =>
      pem.replaceAll('CERTIFICATE', plan.random.pick(['TRUSTED CERTIFICATE', 'X509 CERTIFICATE', 'ANYTHING']));
  }),
  twin('certificate-text-around', (plan) => {
    plan.editCertificate = (pem) =>
      `subject=CN = x\n${pem.replaceAll('-----END CERTIFICATE-----\n', '-----END CERTIFICATE-----\n\nissuer=CN = y\n')}`;
  }),
  twin('chain-reversed', (plan) => {
    plan.template.signer ||= 'rsa2048-5';
    plan.chain = [plan.template.signer];
    plan.editCertificate = (pem) =>
      pem
        .split(/(?<=-----END CERTIFICATE-----\n)/)
        .reverse()
        .join('');
  }),
  twin('chain-leaf-twice', (plan) => {
    plan.editCertificate = (pem) => pem + pem;
  }),
  twin('chain-longer', (plan) => {
    plan.chain = ['rsa2048-5', 'p256-5', 'p384-1', 'rsa4096-1', 'ed25519-2'];
  }),
  twin('chain-absent', (plan) => {
    plan.chain = [];
  }),
  twin('certificate-serial-zero', (plan) => {
    plan.template.serial = '0';
  }),
  twin('certificate-serial-long', (plan) => {
    plan.template.serial = '9'.repeat(40);
  }),
  twin('certificate-unknown-extension', (plan) => {
    plan.template.extensions = [
      { oid: [1, 3, 6, 1, 4, 1, 99999, 7], critical: plan.random.chance(0.5), value: 'BAIFAA==' },
    ];
  }),
  twin('certificate-acme-extensions', (plan) => {
    // Authority information, CRL distribution points, policies, as Let's Encrypt sets them.
    plan.template.extensions = [
      {
        oid: [1, 3, 6, 1, 5, 5, 7, 1, 1],
        critical: false,
        value: Buffer.from(
          `3026302406082b060105050730028618${Buffer.from('http://e6.i.lencr.org/xx').toString('hex')}`,
          'hex',
        ).toString('base64'),
      },
      {
        oid: [2, 5, 29, 31],
        critical: false,
        value: Buffer.from(
          `301e301ca01aa0188616${Buffer.from('http://x1.c.lencr.org/').toString('hex')}`,
          'hex',
        ).toString('base64'),
      },
      {
        oid: [2, 5, 29, 32],
        critical: false,
        value: Buffer.from('300a300806' + '0667810c010201', 'hex').toString('base64'),
      },
    ];
  }),
];

export const ISSUER: Twin[] = [
  twin('annotations-absent', (plan) => {
    plan.annotations = {};
  }),
  secretTwin('annotations-null', (secret) => void delete secret.metadata.annotations),
  twin('issuer-annotations-absent', (plan) => {
    plan.annotations = { 'cert-manager.io/certificate-name': 'web' };
  }),
  ...['name', 'kind', 'group'].flatMap((part) => {
    const annotation = `cert-manager.io/issuer-${part}`;
    return [
      twin(`issuer-${part}-annotation-absent`, (plan) => void delete plan.annotations[annotation]),
      twin(`issuer-${part}-annotation-empty`, (plan) => {
        plan.annotations[annotation] = '';
      }),
      twin(`issuer-${part}-annotation-other`, (plan) => {
        plan.annotations[annotation] = 'other';
      }),
      twin(`issuer-${part}-annotation-only`, (plan) => {
        plan.annotations = { [annotation]: plan.annotations[annotation] ?? '' };
      }),
      twin(`issuer-${part}-annotation-case`, (plan) => {
        plan.annotations[annotation] = (plan.annotations[annotation] ?? '').toUpperCase();
      }),
    ];
  }),
  twin('issuer-name-annotation-odd', (plan) => {
    plan.annotations['cert-manager.io/issuer-name'] = plan.random.pick([
      'a "b"',
      'zwölf',
      'new\nline',
      '\u0007\u0000\u007f',
      '\u200b',
      '\u{1f600}',
      '\\',
      'a\u00adb',
      '\ufeff',
    ]);
  }),
  twin('issuer-defaults-spelled-out', (plan) => {
    plan.annotations['cert-manager.io/issuer-kind'] = 'Issuer';
    plan.annotations['cert-manager.io/issuer-group'] = 'cert-manager.io';
    plan.spec.issuerRef = { name: plan.spec.issuerRef.name };
    plan.requestFields.issuerRef = plan.random.pick([
      { name: plan.spec.issuerRef.name },
      { name: plan.spec.issuerRef.name, kind: 'Issuer', group: 'cert-manager.io' },
      { name: plan.spec.issuerRef.name, kind: 'Issuer' },
    ]);
  }),
  ...[undefined, 'Issuer', 'ClusterIssuer', 'Odd'].flatMap((kind) =>
    [undefined, 'cert-manager.io', 'example.com'].map((group) =>
      twin(`bare-secret-${kind ?? 'none'}-${group ?? 'none'}`, (plan) => {
        plan.annotations = {};
        plan.spec.issuerRef = {
          name: 'x',
          ...(kind === undefined ? {} : { kind }),
          ...(group === undefined ? {} : { group }),
        };
        plan.requestFields.issuerRef = { ...plan.spec.issuerRef };
      }),
    ),
  ),
];

export const CERTIFICATE_NAME: Twin[] = ['', 'other', 'WEB', 'web ', 'w"eb', 'wêb'].map((name) =>
  twin(`certificate-name-${name || 'empty'}`, (plan) => {
    plan.annotations['cert-manager.io/certificate-name'] = name;
  }),
);

export const KEY_SPEC: Twin[] = [
  ...[
    undefined,
    {},
    { algorithm: '' },
    { algorithm: 'RSA' },
    { algorithm: 'RSA', size: 0 },
    { algorithm: 'RSA', size: 2048 },
    { size: 2048 },
    { algorithm: 'RSA', size: 4096 },
    { algorithm: 'RSA', size: -1 },
    { algorithm: 'ECDSA' },
    { algorithm: 'ECDSA', size: 256 },
    { algorithm: 'ECDSA', size: 384 },
    { algorithm: 'ECDSA', size: 521 },
    { algorithm: 'ECDSA', size: 2048 },
    { algorithm: 'Ed25519' },
    { algorithm: 'Ed25519', size: 256 },
    { size: 384 },
  ].map((privateKey, i) =>
    twin(`key-spec-${i}`, (plan) => {
      if (privateKey === undefined) delete plan.spec.privateKey;
      else plan.spec.privateKey = privateKey;
    }),
  ),
  twin('key-spec-encoding', (plan) => {
    plan.spec.privateKey = { ...plan.spec.privateKey, encoding: 'PKCS8' };
  }),
  twin('key-spec-rotation', (plan) => {
    plan.spec.privateKey = { ...plan.spec.privateKey, rotationPolicy: 'Always' };
  }),
  twin('key-rsa-1024', (plan) => {
    plan.keys = { secret: 'rsa1024-0', request: 'rsa1024-0', leaf: 'rsa1024-0' };
    plan.spec.privateKey = { algorithm: 'RSA', size: plan.random.pick([1024, 2048]) };
  }),
  twin('key-p224', (plan) => {
    plan.keys = { secret: 'p224-0', request: 'p224-0', leaf: 'p224-0' };
    plan.spec.privateKey = { algorithm: 'ECDSA', size: plan.random.pick([224, 256]) };
  }),
  damagedTwin('key-spec-unknown', (plan) => {
    plan.spec.privateKey = { algorithm: plan.random.pick(['ed25519', 'DSA', 'rsa']) };
  }),
];
