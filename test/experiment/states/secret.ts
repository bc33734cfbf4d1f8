import { about, all, fromTheStart, issuer, keeps, keyOfType, onSecret, reissues, type State } from '../state.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const data = (entries: Record<string, string>) =>
  onSecret((secret) => {
    secret.data = { ...secret.data, ...entries };
  });

/** Text in front of a PEM block up to an exact length in all. */
export const padTo =
  (length: number) =>
  (pem: string): string =>
    `${'#'.repeat(length - pem.length - 1)}\n${pem}`;

/** What the policies on the Secret alone find: existence, data, key pair, issuer, name, key. */
export const SECRET: State[] = [
  ...about(
    'SecretDoesNotExist',
    reissues('secret-absent', (plan) =>
      plan.editObjects.push((objects) => {
        objects.secret = null;
      }),
    ),
    reissues(
      'secret-labelled-not-ours',
      onSecret((secret) => {
        secret.metadata.labels = { 'controller.cert-manager.io/fao': 'false' };
      }),
    ),
    reissues(
      'secret-of-dead-owner',
      onSecret((secret) => {
        const uid = '00000000-0000-4000-8000-000000000000';
        secret.metadata.ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid }];
      }),
    ),
    keeps(
      'secret-without-label',
      onSecret((secret) => {
        delete secret.metadata.labels;
      }),
      // Up to 1.20 the Secret may be out of sight while cert-manager labels it.
      { since: '1.21' },
    ),
  ),
  ...about(
    'SecretIsMissingData',
    reissues('key-empty', data({ 'tls.key': '' })),
    reissues('certificate-empty', data({ 'tls.crt': '' })),
    reissues(
      'data-absent',
      onSecret((secret) => {
        secret.type = 'Opaque';
        delete secret.data;
      }),
    ),
    keeps(
      'type-opaque-more-data',
      all(
        onSecret((secret) => {
          secret.type = 'Opaque';
        }),
        data({ 'extra.txt': base64('x') }),
      ),
    ),
  ),
  ...about(
    'SecretPublicKeysDiffer',
    reissues('key-garbage', data({ 'tls.key': base64('no key') })),
    reissues('certificate-garbage', data({ 'tls.crt': base64('no certificate') })),
    reissues('key-of-other-pair', (plan) => {
      plan.keys.secret = 'p256-1';
    }),
    reissues('key-oversized', (plan) => {
      plan.editKey = padTo(13_001);
    }),
    keeps('key-at-size-limit', (plan) => {
      plan.editKey = padTo(13_000);
    }),
    reissues('certificate-oversized', (plan) => {
      plan.editCertificate = padTo(330_001);
    }),
    reissues('key-ec-parameters-first', (plan) => {
      plan.editKey = (pem) => `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${pem}`;
    }),
    reissues('chain-reversed', (plan) => {
      plan.editCertificate = (pem) =>
        pem
          .split(/(?<=-----END CERTIFICATE-----\n)/)
          .reverse()
          .join('');
    }),
    keeps('chain-long', (plan) => {
      plan.chain = ['p256-5', 'rsa2048-5', 'p384-1'];
    }),
    keeps('chain-absent', (plan) => {
      plan.chain = [];
    }),
    keeps('pem-crlf-and-comments', (plan) => {
      plan.editKey = (pem) => `The key:\r\n${pem.replaceAll('\n', '\r\n')}`;
      plan.editCertificate = (pem) => pem.replaceAll('-----END CERTIFICATE-----\n', '-----END CERTIFICATE-----\n\n');
    }),
  ),
  ...about(
    'SecretIssuerAnnotationsMismatch',
    reissues('issuer-name-other', (plan) => {
      plan.annotations['cert-manager.io/issuer-name'] = 'elsewhere';
    }),
    reissues('issuer-kind-other', (plan) => {
      plan.annotations['cert-manager.io/issuer-kind'] = 'Issuer';
    }),
    reissues('issuer-group-other', (plan) => {
      plan.annotations['cert-manager.io/issuer-group'] = 'example.com';
    }),
    reissues('no-annotations-clusterissuer', issuer({ name: 'gone', kind: 'ClusterIssuer' }, false)),
    reissues('no-annotations-other-group', issuer({ name: 'gone', kind: 'Odd', group: 'example.com' }, false)),
    keeps('no-annotations-issuer', issuer({ name: 'gone', kind: 'Issuer', group: 'cert-manager.io' }, false)),
    keeps('issuer-kind-omitted', (plan) => {
      issuer({ name: 'gone' })(plan);
      plan.annotations['cert-manager.io/issuer-kind'] = 'Issuer';
      plan.annotations['cert-manager.io/issuer-group'] = 'cert-manager.io';
    }),
    reissues('issuer-group-annotation-alone', (plan) => {
      issuer({ name: 'gone' })(plan);
      delete plan.annotations['cert-manager.io/issuer-name'];
      delete plan.annotations['cert-manager.io/issuer-kind'];
      plan.annotations['cert-manager.io/issuer-group'] = 'cert-manager.io';
    }),
  ),
  ...about(
    'SecretCertificateNameAnnotationsMismatch',
    reissues('certificate-name-other', (plan) => {
      plan.annotations['cert-manager.io/certificate-name'] = 'other';
    }),
    keeps('certificate-name-absent', (plan) => {
      delete plan.annotations['cert-manager.io/certificate-name'];
    }),
  ),
  ...about(
    'SecretPrivateKeyMismatchesSpec',
    reissues('key-algorithm-edited', (plan) => {
      plan.spec.privateKey = { algorithm: 'RSA' };
    }),
    reissues('key-size-edited', (plan) => {
      plan.spec.privateKey = { algorithm: 'ECDSA', size: 384 };
    }),
    reissues('key-spec-removed', (plan) => {
      delete plan.spec.privateKey;
    }),
    keeps('key-encoding-edited', (plan) => {
      plan.spec.privateKey = { ...plan.spec.privateKey, encoding: 'PKCS8', rotationPolicy: 'Never' };
    }),
    keeps('key-pkcs8', (plan) => {
      plan.keyEncoding = 'PKCS8';
    }),
    keeps('key-rsa-by-default', keyOfType('rsa2048-0', undefined)),
    reissues('key-rsa-too-small', (plan) => {
      keyOfType('rsa2048-1', { algorithm: 'RSA', size: 2048 })(plan);
      plan.spec.privateKey = { algorithm: 'RSA', size: 4096 };
    }),
    keeps('key-ed25519', keyOfType('ed25519-0', { algorithm: 'Ed25519' })),
    reissues('key-ed25519-to-ecdsa', (plan) => {
      keyOfType('ed25519-1', { algorithm: 'Ed25519' })(plan);
      plan.spec.privateKey = { algorithm: 'ECDSA' };
    }),
    keeps(
      'key-ecdsa-384',
      all(
        keyOfType('p384-0', { algorithm: 'ECDSA', size: 384 }),
        fromTheStart((spec) => {
          spec.dnsNames = ['p384.example.com'];
        }),
      ),
    ),
  ),
];
