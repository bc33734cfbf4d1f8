import { describe, expect, it } from 'vitest';
import { makePair, makeRequest } from '../../../test/fixtures/backups/x509.ts';
import { FAO_LABEL } from '../../model/kinds.ts';
import type { Certificate, CertificateRequest, Issuer, Secret } from '../../model/objects.ts';
import { controllerFlags } from '../flags.ts';
import {
  CERTIFICATE_HAZARDS,
  CLUSTER_HAZARDS,
  type Hazard,
  hazardsOf,
  hazardsOfCluster,
  hazardsOfIssuer,
  ISSUER_HAZARDS,
  type UpgradeFacts,
} from '../hazards.ts';
import type { ReissueInput } from '../input.ts';

const PAIR = makePair({ commonName: 'web', dnsNames: ['a.example.com'] });
const OTHER = makePair();

const relabelled = (pem: string): string =>
  Buffer.from(pem.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE')).toString('base64');

interface State {
  metadata?: Record<string, unknown>;
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  /** The Secret's data in place of the pair's; null: no Secret. */
  data?: Record<string, string> | null;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  /** spec.request and issuerRef of the current CertificateRequest; null: there is none. */
  request?: { request?: string; issuerRef?: object } | null;
  requests?: CertificateRequest[];
  /** Names of other Certificates with the same secretName. */
  siblings?: string[];
  facts?: UpgradeFacts;
}

const ISSUER_REF = { name: 'ca', kind: 'Issuer', group: 'cert-manager.io' };
const base64 = (length: number): string => Buffer.alloc(length, '#').toString('base64');

function requestNamed(name: string, spec: object, uid = 'u'): CertificateRequest {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'CertificateRequest',
    metadata: {
      name,
      namespace: 'a',
      annotations: { 'cert-manager.io/certificate-revision': '1' },
      ownerReferences: [{ apiVersion: 'cert-manager.io/v1', kind: 'Certificate', name: 'web', uid, controller: true }],
    },
    spec: { issuerRef: ISSUER_REF, request: makeRequest(PAIR, { dnsNames: ['a.example.com'] }), ...spec },
  } as CertificateRequest;
}

/** A Certificate at revision 1 with everything in order, but for what is said. */
function state({
  metadata,
  spec,
  status,
  data,
  labels,
  annotations,
  request,
  requests,
  siblings,
}: State): ReissueInput {
  const certificate = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'web', namespace: 'a', uid: 'u', ...metadata },
    spec: {
      secretName: 's',
      issuerRef: ISSUER_REF,
      dnsNames: ['a.example.com'],
      privateKey: { algorithm: 'ECDSA', rotationPolicy: 'Never' },
      revisionHistoryLimit: 1,
      ...spec,
    },
    status: { revision: 1, ...status },
  } as unknown as Certificate;
  const secret = {
    kind: 'Secret',
    metadata: {
      name: 's',
      namespace: 'a',
      labels: labels ?? { [FAO_LABEL]: 'true' },
      annotations: annotations ?? {
        'cert-manager.io/issuer-name': 'ca',
        'cert-manager.io/issuer-kind': 'Issuer',
        'cert-manager.io/issuer-group': 'cert-manager.io',
        'cert-manager.io/certificate-name': 'web',
      },
    },
    data: { 'tls.key': PAIR.key, 'tls.crt': PAIR.crt, ...data },
  } as unknown as Secret;
  return {
    certificate,
    secret: data === null ? undefined : secret,
    requests: [...(request === null ? [] : [requestNamed('web-1', request ?? {})]), ...(requests ?? [])],
    siblings: [
      certificate,
      ...(siblings ?? []).map((name) => ({ ...certificate, metadata: { ...certificate.metadata, name, uid: name } })),
    ],
  };
}

interface Example {
  /** What is touched, and a twin that is not. */
  touched: State;
  spared: State;
  /** An upgrade that crosses the change, and one that does not. */
  over: [from: string, to: string];
  besides: [from: string, to: string];
}

const long = { notBefore: new Date('2020-01-01'), notAfter: new Date('2036-01-01') };
const LONG = makePair(long);
const CENTURY = makePair({ notBefore: new Date('2096-02-01'), notAfter: new Date('2106-01-01') });
const leapDay = (cron: string): State => ({
  spec: { renewBefore: '70080h', renewal: { policy: 'RenewBefore', windows: [{ cron, windowDuration: '1h' }] } },
  data: { 'tls.crt': CENTURY.crt, 'tls.key': CENTURY.key },
});
const EXPIRED = makePair({ notAfter: new Date('2026-02-01') });
const SHORT_HASH = makePair({ algorithm: 'rsa', bits: 3072 });
const OTHER_KEY = { request: { request: makeRequest(OTHER, { dnsNames: ['a.example.com'] }) } };
const LITERAL = { literalSubject: 'CN=web' };
const literalRequest = (dnsNames: string[]) => ({ request: makeRequest(PAIR, { commonName: 'web', dnsNames }) });
const flags = (...args: string[]): State => ({ facts: { flags: controllerFlags(args) } });
const issuing = { conditions: [{ type: 'Issuing', status: 'True' }] };
const OID = '1.3.6.1.4.1.311.20.2.3';

const CERTIFICATE_EXAMPLES: Record<string, Example> = {
  'literal-subject-compared-fully': {
    touched: { spec: LITERAL, request: literalRequest(['b.example.com']) },
    spared: { spec: LITERAL, request: literalRequest(['a.example.com']) },
    over: ['1.11.5', '1.12.0'],
    besides: ['1.12.0', '1.12.3'],
  },
  'issuance-in-progress': {
    touched: { status: issuing },
    spared: { status: { conditions: [{ type: 'Issuing', status: 'False' }] } },
    over: ['1.11.5', '1.12.14'],
    besides: ['1.12.14', '1.13.6'],
  },
  'ip-addresses-as-text': {
    touched: {
      spec: { ipAddresses: ['::ffff:10.0.0.1'] },
      request: { request: makeRequest(PAIR, { dnsNames: ['a.example.com'], ipAddresses: [[10, 0, 0, 1]] }) },
    },
    spared: {
      spec: { ipAddresses: ['10.0.0.1'] },
      request: { request: makeRequest(PAIR, { dnsNames: ['a.example.com'], ipAddresses: [[10, 0, 0, 1]] }) },
    },
    over: ['1.12.4', '1.12.3'],
    besides: ['1.12.3', '1.12.4'],
  },
  'keystore-certificate-authorities': {
    touched: { spec: { keystores: { jks: { create: true } } } },
    spared: { spec: { keystores: { jks: { create: false } } } },
    over: ['1.14.3', '1.14.4'],
    besides: ['1.14.4', '1.15.0'],
  },
  'request-size-limit': {
    touched: { request: { request: base64(6501) } },
    spared: { request: { request: base64(6500) } },
    over: ['1.16.1', '1.16.2'],
    besides: ['1.16.1', '1.19.0'],
  },
  'private-key-size-limit': {
    touched: { data: { 'tls.key': base64(13001) } },
    spared: { data: { 'tls.key': base64(13000) } },
    over: ['1.15.3', '1.21.2'],
    besides: ['1.17.0', '1.21.2'],
  },
  'certificate-size-limit': {
    touched: { data: { 'tls.crt': base64(65001) } },
    spared: { data: { 'tls.crt': base64(65000) } },
    over: ['1.16.0', '1.16.5'],
    besides: ['1.16.0', '1.17.0'],
  },
  'filtered-secret-cache': {
    touched: { labels: {} },
    spared: {},
    over: ['1.11.5', '1.13.6'],
    besides: ['1.13.6', '1.14.7'],
  },
  'request-key-compared': {
    touched: OTHER_KEY,
    spared: {},
    over: ['1.12.14', '1.13.0'],
    besides: ['1.13.0', '1.14.0'],
  },
  'shared-secret-flapping': {
    touched: { siblings: ['other'] },
    spared: {},
    over: ['1.13.6', '1.12.14'],
    besides: ['1.13.1', '1.12.14'],
  },
  'deleting-certificate': {
    touched: { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } },
    spared: {},
    over: ['1.18.0', '1.17.4'],
    besides: ['1.17.4', '1.18.0'],
  },
  'key-pair-read-otherwise': {
    touched: { data: { 'tls.crt': relabelled(PAIR.certificatePem) } },
    spared: {},
    over: ['1.13.0', '1.12.14'],
    besides: ['1.12.14', '1.13.0'],
  },
  'issuer-annotations-strict': {
    touched: { annotations: {} },
    spared: {},
    over: ['1.13.6', '1.12.14'],
    besides: ['1.12.14', '1.13.6'],
  },
  'stable-request-names': {
    touched: { requests: [requestNamed('web-2', {}, 'somebody')] },
    spared: { requests: [requestNamed('web-2', {})] },
    over: ['1.12.14', '1.13.0'],
    besides: ['1.13.0', '1.21.2'],
  },
  'certificate-name-compared': {
    touched: { annotations: { 'cert-manager.io/issuer-name': 'ca', 'cert-manager.io/certificate-name': 'old' } },
    spared: { annotations: { 'cert-manager.io/issuer-name': 'ca', 'cert-manager.io/certificate-name': 'web' } },
    over: ['1.13.1', '1.14.0'],
    besides: ['1.13.2', '1.14.0'],
  },
  'shared-secret-owner': {
    touched: { siblings: ['other'] },
    spared: {},
    over: ['1.13.1', '1.13.2'],
    besides: ['1.14.0', '1.15.0'],
  },
  'shared-secret-owner-by-chance': {
    touched: { siblings: ['other'] },
    spared: {},
    over: ['1.13.0', '1.13.3'],
    besides: ['1.13.0', '1.13.4'],
  },
  'other-names-compared': {
    touched: { spec: { otherNames: [{ oid: OID, utf8Value: 'x' }] } },
    spared: { spec: { otherNames: null } },
    over: ['1.13.6', '1.14.0'],
    besides: ['1.14.0', '1.15.0'],
  },
  'request-critical-extensions': {
    touched: { spec: { issuerRef: { name: 'x', kind: 'X', group: 'example.com' } } },
    spared: {},
    over: ['1.13.6', '1.14.7'],
    besides: ['1.14.0', '1.15.0'],
  },
  'copied-critical-flags': {
    touched: { facts: { issuer: issuer({ ca: {} }) } },
    spared: { facts: { issuer: issuer({ acme: {} }) } },
    over: ['1.13.6', '1.14.1'],
    besides: ['1.13.6', '1.14.2'],
  },
  'literal-subject-encoding': {
    touched: { spec: LITERAL, request: literalRequest(['a.example.com']) },
    spared: { spec: { commonName: 'web' }, request: literalRequest(['a.example.com']) },
    over: ['1.14.7', '1.15.0'],
    besides: ['1.15.0', '1.21.2'],
  },
  'literal-subject-attributes': {
    touched: {
      spec: { literalSubject: '2.5.4.3=web' },
      request: { request: makeRequest(PAIR, { commonName: 'web', dnsNames: ['a.example.com'], printable: true }) },
    },
    spared: {
      spec: LITERAL,
      request: { request: makeRequest(PAIR, { commonName: 'web', dnsNames: ['a.example.com'], printable: true }) },
    },
    over: ['1.15.0', '1.14.7'],
    besides: ['1.14.7', '1.15.0'],
  },
  'literal-subject-gate': {
    touched: { spec: LITERAL },
    spared: {},
    over: ['1.14.7', '1.15.0'],
    besides: ['1.15.0', '1.21.2'],
  },
  'renew-before-not-positive': {
    touched: { spec: { renewBefore: '0s' } },
    spared: { spec: { renewBefore: '1h' } },
    over: ['1.15.5', '1.16.5'],
    besides: ['1.16.0', '1.17.0'],
  },
  'percentage-dropped': {
    touched: { spec: { renewBeforePercentage: 20 } },
    spared: { spec: { renewBefore: '24h' } },
    over: ['1.16.5', '1.15.5'],
    besides: ['1.15.5', '1.16.5'],
  },
  'percentage-introduced': {
    touched: { spec: { renewBeforePercentage: 20 } },
    spared: { spec: { renewBefore: '24h' } },
    over: ['1.15.5', '1.16.5'],
    besides: ['1.16.0', '1.16.5'],
  },
  'percentage-inverted': {
    touched: { spec: { renewBeforePercentage: 20 } },
    spared: { spec: { renewBeforePercentage: 50 } },
    over: ['1.16.0', '1.16.3'],
    besides: ['1.16.3', '1.17.0'],
  },
  'rsa-signature-hash': {
    touched: { data: { 'tls.crt': SHORT_HASH.crt, 'tls.key': SHORT_HASH.key } },
    spared: {
      data: { 'tls.crt': SHORT_HASH.crt, 'tls.key': SHORT_HASH.key },
      facts: { issuer: issuer({ acme: {} }) },
    },
    over: ['1.16.5', '1.17.0'],
    besides: ['1.17.0', '1.18.0'],
  },
  'keystore-password-dropped': {
    touched: { spec: { keystores: { jks: { password: 'changeit' } } } },
    spared: { spec: { keystores: { jks: { passwordSecretRef: { name: 'p' } } } } },
    over: ['1.17.4', '1.16.5'],
    besides: ['1.16.5', '1.17.4'],
  },
  'name-constraints-gate': {
    touched: { spec: { nameConstraints: { critical: true } } },
    spared: {},
    over: ['1.16.5', '1.17.0'],
    besides: ['1.17.0', '1.18.0'],
  },
  'name-constraints-uris': {
    touched: { spec: { nameConstraints: { permitted: { uriDomains: ['x'] } } } },
    spared: { spec: { nameConstraints: { excluded: { uriDomains: ['x'] } } } },
    over: ['1.18.1', '1.19.0'],
    besides: ['1.17.4', '1.19.0'],
  },
  'rotation-policy-default': {
    touched: { spec: { privateKey: { algorithm: 'ECDSA' } } },
    spared: {},
    over: ['1.17.4', '1.18.0'],
    besides: ['1.18.0', '1.20.0'],
  },
  'revision-history-limit-default': {
    touched: { spec: { revisionHistoryLimit: undefined } },
    spared: {},
    over: ['1.17.4', '1.18.0'],
    besides: ['1.18.0', '1.19.0'],
  },
  'signature-algorithm-dropped': {
    touched: { spec: { signatureAlgorithm: 'ECDSAWithSHA512' } },
    spared: {},
    over: ['1.18.0', '1.17.4'],
    besides: ['1.17.4', '1.18.0'],
  },
  'issuer-ref-compared-literally': {
    touched: { request: { issuerRef: { name: 'ca' } } },
    spared: {},
    over: ['1.18.3', '1.18.2'],
    besides: ['1.18.2', '1.18.3'],
  },
  'issued-key-checked': {
    touched: OTHER_KEY,
    spared: {},
    over: ['1.18.3', '1.18.5'],
    besides: ['1.19.3', '1.20.0'],
  },
  'issuer-ref-defaults': {
    touched: { spec: { issuerRef: { name: 'ca' } } },
    spared: {},
    over: ['1.18.2', '1.19.0'],
    besides: ['1.18.3', '1.19.0'],
  },
  'issuer-ref-empty': {
    touched: { spec: { issuerRef: { name: 'ca', kind: '' } } },
    spared: {},
    over: ['1.18.2', '1.19.0'],
    besides: ['1.18.2', '1.19.1'],
  },
  'issuer-ref-defaults-removed': {
    touched: {},
    spared: { spec: { issuerRef: { name: 'ca', kind: 'ClusterIssuer' } } },
    over: ['1.19.0', '1.19.1'],
    besides: ['1.18.2', '1.19.1'],
  },
  'other-names-gate': {
    touched: { spec: { otherNames: [] } },
    spared: {},
    over: ['1.19.4', '1.20.0'],
    besides: ['1.20.0', '1.21.0'],
  },
  'back-off-changed': {
    touched: {
      status: { lastFailureTime: '2026-01-01T00:00:00Z' },
      ...flags('--certificate-request-minimum-backoff-duration=2h'),
    },
    spared: flags('--certificate-request-minimum-backoff-duration=2h'),
    over: ['1.19.4', '1.20.0'],
    besides: ['1.20.0', '1.21.0'],
  },
  'unlabelled-secret-events': {
    touched: { labels: { [FAO_LABEL]: 'false' } },
    spared: {},
    over: ['1.20.2', '1.21.2'],
    besides: ['1.21.0', '1.21.2'],
  },
  'percentage-overflow': {
    touched: { spec: { renewBeforePercentage: 90 }, data: { 'tls.crt': LONG.crt, 'tls.key': LONG.key } },
    spared: { spec: { renewBeforePercentage: 90 } },
    over: ['1.20.2', '1.21.0'],
    besides: ['1.21.0', '1.21.2'],
  },
  'renewal-disabled-crash': {
    touched: { spec: { renewal: { policy: 'Disabled' } } },
    spared: { spec: { renewal: { policy: 'RenewBefore' } } },
    over: ['1.20.2', '1.21.0'],
    besides: ['1.20.2', '1.21.1'],
  },
  'renewal-window-leap-day': {
    touched: leapDay('0 0 29 2 *'),
    spared: leapDay('0 0 1 3 *'),
    over: ['1.21.1', '1.21.2'],
    besides: ['1.21.0', '1.21.1'],
  },
  'renewal-policy-dropped': {
    touched: { spec: { renewal: { policy: 'Disabled' } } },
    spared: { spec: { renewal: { policy: 'RenewBefore' } } },
    over: ['1.21.2', '1.20.2'],
    besides: ['1.20.2', '1.21.2'],
  },
  'acme-renewal-info': {
    touched: flags('--feature-gates=ACMEUseARI=true'),
    spared: {
      facts: { ...flags('--feature-gates=ACMEUseARI=true').facts, issuer: issuer({ ca: {} }) },
    },
    over: ['1.20.2', '1.21.0'],
    besides: ['1.21.0', '1.21.2'],
  },
  'expired-certificate-refused': {
    touched: {
      data: { 'tls.crt': EXPIRED.crt, 'tls.key': EXPIRED.key },
      facts: { now: new Date('2026-03-01T00:00:00Z') },
    },
    spared: { facts: { now: new Date('2026-03-01T00:00:00Z') } },
    over: ['1.20.2', '1.21.0'],
    besides: ['1.21.0', '1.21.2'],
  },
  'keystore-profile-dropped': {
    touched: { spec: { keystores: { pkcs12: { profile: 'Modern2026' } } } },
    spared: { spec: { keystores: { pkcs12: { profile: 'Modern2023' } } } },
    over: ['1.21.0', '1.20.2'],
    besides: ['1.20.2', '1.21.0'],
  },
};

const acme = (solver: unknown, more: object = {}): Issuer => issuer({ acme: { solvers: [solver], ...more } });
function issuer(spec: object, kind = 'Issuer'): Issuer {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind,
    metadata: { name: 'i', ...(kind === 'Issuer' ? { namespace: 'a' } : {}) },
    spec,
  } as Issuer;
}
const vault = (serviceAccount: string): Issuer =>
  issuer({ vault: { auth: { kubernetes: { serviceAccountRef: { name: serviceAccount } } } } }, 'ClusterIssuer');
const route53 = { dns01: { route53: { secretAccessKeySecretRef: { name: 'aws' } } } };

interface IssuerExample extends Omit<Example, 'touched' | 'spared'> {
  touched: [Issuer, UpgradeFacts?];
  spared: [Issuer, UpgradeFacts?];
}

const ISSUER_EXAMPLES: Record<string, IssuerExample> = {
  'preferred-chain': {
    touched: [acme({}, { preferredChain: 'X1' })],
    spared: [acme({}, { preferredChain: '' })],
    over: ['1.14.7', '1.15.0'],
    besides: ['1.15.0', '1.16.0'],
  },
  'cluster-issuer-namespace': {
    touched: [issuer({ acme: {} }, 'ClusterIssuer')],
    spared: [issuer({ acme: {} })],
    over: ['1.15.5', '1.16.0'],
    besides: ['1.15.5', '1.16.1'],
  },
  'venafi-duration': {
    touched: [issuer({ venafi: { cloud: {} } })],
    spared: [issuer({ ca: {} })],
    over: ['1.15.5', '1.16.0'],
    besides: ['1.16.0', '1.17.0'],
  },
  'venafi-oauth': {
    touched: [issuer({ venafi: { tpp: {} } })],
    spared: [issuer({ venafi: { cloud: {} } })],
    over: ['1.15.5', '1.16.0'],
    besides: ['1.16.0', '1.17.0'],
  },
  'http01-path-type': {
    touched: [acme({ http01: { ingress: {} } })],
    spared: [acme({ http01: { gatewayHTTPRoute: {} } })],
    over: ['1.17.4', '1.18.2'],
    besides: ['1.18.0', '1.18.2'],
  },
  'acme-profile-dropped': {
    touched: [acme({}, { profile: 'shortlived' })],
    spared: [acme({})],
    over: ['1.18.0', '1.17.4'],
    besides: ['1.17.4', '1.18.0'],
  },
  'http01-ingress-options': {
    touched: [acme({ http01: { ingress: { class: 'a', name: 'b' } } })],
    spared: [acme({ http01: { ingress: { class: 'a' } } })],
    over: ['1.18.2', '1.19.0'],
    besides: ['1.19.0', '1.20.0'],
  },
  'vault-audience': {
    touched: [vault('v')],
    spared: [issuer({ vault: { auth: { tokenSecretRef: {} } } })],
    over: ['1.19.4', '1.20.0'],
    besides: ['1.20.0', '1.21.0'],
  },
  'vault-path': {
    touched: [issuer({ vault: { path: 'pki/../sign' } })],
    spared: [issuer({ vault: { path: 'pki/..sign' } })],
    over: ['1.20.2', '1.21.0'],
    besides: ['1.21.0', '1.21.2'],
  },
  'token-request-role-removed': {
    touched: [vault('cm'), { controllerServiceAccount: 'cm-ns/cm', clusterResourceNamespace: 'cm-ns' }],
    spared: [vault('cm'), { controllerServiceAccount: 'cm-ns/cm', clusterResourceNamespace: 'elsewhere' }],
    over: ['1.20.2', '1.21.0'],
    besides: ['1.21.0', '1.21.2'],
  },
  'solver-secret-checked': {
    touched: [acme(route53), { secretExists: () => false }],
    spared: [acme(route53), { secretExists: (namespace, name) => namespace === 'a' && name === 'aws' }],
    over: ['1.20.2', '1.21.0'],
    besides: ['1.21.0', '1.21.2'],
  },
  'self-check-wait-dropped': {
    touched: [acme({ waitInsteadOfSelfCheck: '0s' })],
    spared: [acme({})],
    over: ['1.21.2', '1.20.2'],
    besides: ['1.20.2', '1.21.2'],
  },
};

const crds = { byHelm: true, kept: false, storedVersions: ['v1'] };

interface ClusterExample extends Omit<Example, 'touched' | 'spared'> {
  touched: UpgradeFacts;
  spared: UpgradeFacts;
}

const CLUSTER_EXAMPLES: Record<string, ClusterExample> = {
  'stored-versions': {
    touched: { crds: { ...crds, storedVersions: ['v1alpha2', 'v1'] } },
    spared: { crds },
    over: ['1.11.5', '1.12.14'],
    besides: ['1.12.14', '1.12.14'],
  },
  'controller-flag-unknown': {
    touched: { flags: controllerFlags(['--max-certificate-size=1']) },
    spared: { flags: controllerFlags(['--v=2']) },
    over: ['1.20.2', '1.19.4'],
    besides: ['1.20.2', '1.21.2'],
  },
  'feature-gate-unknown': {
    touched: { flags: controllerFlags(['--feature-gates=OtherNames=true,AllBeta=true']) },
    spared: { flags: controllerFlags(['--feature-gates=AllBeta=true']) },
    over: ['1.14.7', '1.13.6'],
    besides: ['1.14.7', '1.21.2'],
  },
  'helm-webhook-feature-gates': {
    touched: { helmValues: { featureGates: 'A=true' } },
    spared: { helmValues: { featureGates: 'A=true', webhook: { featureGates: 'A=true' } } },
    over: ['1.12.14', '1.13.0'],
    besides: ['1.13.0', '1.14.0'],
  },
  'helm-crds-not-kept': {
    touched: { crds },
    spared: { crds: { ...crds, kept: true } },
    over: ['1.14.7', '1.15.0'],
    besides: ['1.15.0', '1.15.0'],
  },
  'helm-crds-switched-off': {
    touched: { crds, helmValues: { crds: { enabled: false } } },
    spared: { crds, helmValues: { installCRDs: true } },
    over: ['1.14.7', '1.15.0'],
    besides: ['1.15.0', '1.15.0'],
  },
  'gateway-api-flag': {
    touched: { flags: controllerFlags(['--feature-gates=ExperimentalGatewayAPISupport=true']) },
    spared: { flags: controllerFlags(['--feature-gates=ExperimentalGatewayAPISupport=true', '--enable-gateway-api']) },
    over: ['1.14.7', '1.15.0'],
    besides: ['1.15.0', '1.16.0'],
  },
  'helm-values-schema': {
    touched: { helmValues: { replicas: 2 } },
    spared: { helmValues: {} },
    over: ['1.15.5', '1.16.0'],
    besides: ['1.16.0', '1.17.0'],
  },
  'helm-metrics-values-removed': {
    touched: { helmValues: { prometheus: { podmonitor: { path: '/metrics' } } } },
    spared: { helmValues: { prometheus: { podmonitor: { enabled: true } } } },
    over: ['1.20.2', '1.21.0'],
    besides: ['1.21.0', '1.21.2'],
  },
};

type Find = (subject: never, from: string, to: string) => Hazard[];
const LEVELS: [
  string,
  Record<string, Omit<Example, 'touched' | 'spared'> & { touched: unknown; spared: unknown }>,
  Find,
][] = [
  ['certificate', CERTIFICATE_EXAMPLES, ((s: State, from, to) => hazardsOf(state(s), from, to, s.facts)) as Find],
  [
    'issuer',
    ISSUER_EXAMPLES,
    (([i, facts]: [Issuer, UpgradeFacts?], from, to) => hazardsOfIssuer(i, from, to, facts)) as Find,
  ],
  ['cluster', CLUSTER_EXAMPLES, ((facts: UpgradeFacts, from, to) => hazardsOfCluster(from, to, facts)) as Find],
];

describe.each(LEVELS)('each hazard of a %s', (level, examples, find) => {
  const codes = (subject: unknown, [from, to]: [string, string]): string[] =>
    find(subject as never, from, to).map(({ code }) => code);
  it.each(Object.entries(examples))('%s', (code, { touched, spared, over, besides }) => {
    const found = find(touched as never, ...over).find((hazard) => hazard.code === code);
    expect(found, 'touched, over').toMatchObject({ code, level });
    expect(codes(spared, over), 'spared, over').not.toContain(code);
    expect(codes(touched, besides), 'touched, besides').not.toContain(code);
    expect(JSON.parse(JSON.stringify(found?.change ?? null))).toEqual(
      JSON.parse(JSON.stringify(found?.changes?.[0] ?? null)),
    );
  });
});

describe('the table', () => {
  const all = [...CERTIFICATE_HAZARDS, ...ISSUER_HAZARDS, ...CLUSTER_HAZARDS];
  it('has an example of every row, in its order', () => {
    expect(CERTIFICATE_HAZARDS.map(({ code }) => code).toSorted()).toEqual(
      Object.keys(CERTIFICATE_EXAMPLES).toSorted(),
    );
    expect(ISSUER_HAZARDS.map(({ code }) => code).toSorted()).toEqual(Object.keys(ISSUER_EXAMPLES).toSorted());
    expect(CLUSTER_HAZARDS.map(({ code }) => code).toSorted()).toEqual(Object.keys(CLUSTER_EXAMPLES).toSorted());
  });
  it('names each hazard once, with a source', () => {
    expect(new Set(all.map(({ code }) => code)).size).toBe(all.length);
    for (const { code, source, url, advice, message } of all) {
      expect(url, code).toMatch(/^https:\/\/(cert-manager\.io|github\.com\/cert-manager)\//);
      expect(
        [source, advice, message].every((text) => text.length > 10),
        code,
      ).toBe(true);
    }
  });
  it('touches nothing where nothing changes, and nothing that is in order', () => {
    for (const version of ['1.11.5', '1.18.2', '1.19.0', '1.21.2']) {
      expect(hazardsOf(state({ labels: {}, annotations: {}, ...OTHER_KEY }), version, version)).toEqual([]);
    }
    expect(hazardsOf(state({}), '1.12.14', '1.18.6').map(({ code }) => code)).toEqual([]);
    expect(hazardsOf(state({}), '1.19.1', '1.21.2').map(({ code }) => code)).toEqual([]);
  });
});

describe('changes of manifests', () => {
  const changes = (s: State, from: string, to: string, code: string) =>
    hazardsOf(state(s), from, to, s.facts).find((hazard) => hazard.code === code)?.changes;
  it('keep the renewal time where a percentage is read otherwise', () =>
    expect(changes({ spec: { renewBeforePercentage: 20 } }, '1.16.0', '1.17.0', 'percentage-inverted')).toEqual([
      { path: 'spec.renewBefore', before: undefined, after: `${365 * 86400 * 0.8}s` },
      { path: 'spec.renewBeforePercentage', before: 20, after: undefined },
    ]));
  it('keep as many requests as there are', () =>
    expect(
      changes(
        { spec: { revisionHistoryLimit: undefined }, requests: [requestNamed('web-0', {})] },
        '1.17.4',
        '1.18.0',
        'revision-history-limit-default',
      ),
    ).toEqual([{ path: 'spec.revisionHistoryLimit', before: undefined, after: 2 }]));
  it('spell an issuerRef as the request does', () =>
    expect(
      changes({ request: { issuerRef: { name: 'ca' } } }, '1.18.3', '1.18.2', 'issuer-ref-compared-literally'),
    ).toEqual([
      { path: 'spec.issuerRef.kind', before: 'Issuer', after: undefined },
      { path: 'spec.issuerRef.group', before: 'cert-manager.io', after: undefined },
    ]));
  it('leave out what is empty in an issuerRef', () => {
    const empty = { spec: { issuerRef: { name: 'ca', kind: '', group: '' } } };
    expect(changes(empty, '1.18.2', '1.19.0', 'issuer-ref-empty')).toEqual([
      { path: 'spec.issuerRef.kind', before: '', after: undefined },
      { path: 'spec.issuerRef.group', before: '', after: undefined },
    ]);
  });
  it("are of Helm's values for the installation", () =>
    expect(
      hazardsOfCluster('1.14.7', '1.15.0', { crds, helmValues: { installCRDs: true } }).find(
        ({ code }) => code === 'helm-crds-not-kept',
      )?.changes,
    ).toEqual([
      { path: 'crds.enabled', before: undefined, after: true },
      { path: 'crds.keep', before: undefined, after: true },
    ]));
});

it('compares what the CRDs of 1.19.0 show', () => {
  const codes = (request: State['request']): string[] =>
    hazardsOf(state({ request: request ?? null }), '1.18.3', '1.19.0').map(({ code }) => code);
  expect(codes({ issuerRef: { name: 'ca' } })).toEqual([]);
  expect(codes({ issuerRef: { name: 'ca', kind: '' } })).toEqual(['issuer-ref-compared-literally']);
});

describe('feature gates', () => {
  it('put the rotation of keys off until 1.20', () => {
    const off = flags('--feature-gates=DefaultPrivateKeyRotationPolicyAlways=false');
    const codes = (from: string, to: string): string[] =>
      hazardsOf(state({ spec: { privateKey: { algorithm: 'ECDSA' } } }), from, to, off.facts).map(({ code }) => code);
    expect(codes('1.17.4', '1.19.4')).not.toContain('rotation-policy-default');
    expect(codes('1.19.4', '1.20.0')).toContain('rotation-policy-default');
  });
  it('keep the old type of path of HTTP01 challenges', () => {
    const facts = flags('--feature-gates=ACMEHTTP01IngressPathTypeExact=false').facts as UpgradeFacts;
    const codes = (to: string): string[] =>
      hazardsOfIssuer(acme({ http01: { ingress: {} } }), '1.17.4', to, facts).map(({ code }) => code);
    expect(codes('1.18.0')).toContain('http01-path-type');
    expect(codes('1.18.2')).not.toContain('http01-path-type');
  });
});

it('looks at issuers of cert-manager only', () => {
  const foreign = { ...issuer({ venafi: {} }), apiVersion: 'example.com/v1' };
  expect(hazardsOfIssuer(foreign, '1.11.5', '1.21.2')).toEqual([]);
});

it('survives broken objects', () => {
  const broken = { metadata: { name: 'x' }, spec: { secretName: 5, issuerRef: null, keystores: 'x', renewal: [] } };
  const input = {
    certificate: broken,
    secret: { data: 7 },
    requests: [null],
    siblings: [null],
  } as unknown as ReissueInput;
  for (const [from, to] of [
    ['1.11.5', '1.21.2'],
    ['1.21.2', '1.11.5'],
    ['1.18.2', '1.19.0'],
    ['1.13.1', '1.13.2'],
  ] as const) {
    expect(Array.isArray(hazardsOf(input, from, to))).toBe(true);
    expect(Array.isArray(hazardsOfIssuer({ apiVersion: 'cert-manager.io/v1' } as Issuer, from, to))).toBe(true);
  }
});
