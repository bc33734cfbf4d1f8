import type { CertificateSpec, IssuerRef, X509Subject } from '../../../src/model/objects.ts';
import type { ShimFlags } from '../../../src/reissue/shim/flags.ts';

type SpecEdit = (spec: CertificateSpec) => void;
type Values = (readonly [value: string, edit?: SpecEdit])[];

const set =
  (fields: Partial<CertificateSpec>): SpecEdit =>
  (spec) => {
    Object.assign(spec, fields);
  };
const more =
  (...names: string[]): SpecEdit =>
  (spec) => {
    spec.dnsNames = [...(spec.dnsNames ?? []), ...names];
  };
const subject =
  (fields: X509Subject): SpecEdit =>
  (spec) => {
    spec.subject = { ...spec.subject, ...fields };
  };
const plain = (...values: string[]): Values => values.map((value) => [value]);

const CSV = [
  'Acme',
  'a,b',
  '"a, b",c',
  '"unterminated',
  'bare"quote',
  '',
  '\n',
  '\n\na',
  'a\n',
  'a\nb',
  '"a\nb"',
  '"a\r\nb",c',
  '"a""b"',
  'a\r\n',
  'a\r',
  ',',
  '"a"x',
  ' "a"',
  '""',
  '"a"\n',
  '"a"\r\n\r\n',
  '"a",',
  'Bücher & Söhne, "x"',
  '"',
  '\r',
  '"a\r',
];

const DURATIONS = plain(
  '90d',
  '',
  '1h30m',
  '-1h',
  '1.5h',
  '0',
  '24h0m0s',
  '9223372036854775807ns',
  '9223372036854775808ns',
  '1us',
  '1µs',
  '1500ms',
  '.5s',
  '1.h',
  '3000000h',
  '+2h',
  ' 2h',
  '2h ',
  '100',
  '1h-5m',
  '0.000000001s',
  '1e3s',
  '59m59.999s',
  '61s',
);

const INTEGERS = [
  '1',
  '0',
  '-1',
  '7',
  '+5',
  '007',
  '1e2',
  '2147483647',
  '2147483648',
  '0x10',
  '1_000',
  ' 5',
  '',
  'abc',
  '٣',
];

const TEMPLATES = plain(
  '{"annotations":{"a":"b"}}',
  '{"labels":{"a":"b"}}',
  '{"labels":{"a":"b"},"annotations":{"c":"d","e":""}}',
  '{"Annotations":{"a":"b"}}',
  '{"LABEL\u017f":{"a":"b"}}',
  '{"annotations":{"a":"b"},"annotations":{"c":"d"}}',
  '{"annotations":{"a":"b"},"annotations":null}',
  '{"annotations":{"a":null}}',
  '{"annotations":{"a":1}}',
  '{"annotations":["a"]}',
  '{"annotations":{"cert-manager.io/x":"y"}}',
  '{"labels":{"cert-manager.io/x":"y"}}',
  '{"annotations":{}}',
  '{}',
  'null',
  'nullx',
  'true',
  '"text"',
  '[]',
  '',
  ' ',
  '{"other":{}}',
  '{"annotations":{"a":"b"}} trailing',
  '{"annotations":{"a":"b"}}}',
  '{"annotations":{"a":"b",}}',
  '{"annotations":{"a":"b"}',
  '{"annotations":{"a":"\\ud83d"}}',
  '{"annotations":{"a":"\\ud83d\\ude00\\n\\u0041"}}',
  '{"annotations":{"a":"\\x"}}',
  '{"annotations":{"a":"tab\there"}}',
  "{'annotations':{}}",
  '\t{ "labels" : { "a" : "b" , "c":"d" } }\n',
  '{"annotations":{"a":"b" "c":"d"}}',
  '{"labels":{"__proto__":"x","constructor":"y"}}',
);

/** Annotations with values of every sort, and what the good ones make of the spec, so that it need not be updated. */
export const ANNOTATION_VALUES: readonly { name: string; values: Values }[] = [
  {
    name: 'cert-manager.io/common-name',
    values: [
      ['example.com', set({ commonName: 'example.com' })],
      ['example.com'],
      [''],
      ['ein Name, mit Ümlaut'],
      ['a\nb'],
    ],
  },
  {
    name: 'cert-manager.io/alt-names',
    values: [
      ['more.example.com', more('more.example.com')],
      ['more.example.com'],
      ['a.example.com,b.example.com', more('a.example.com', 'b.example.com')],
      [''],
      [' a.example.com , b'],
      ['a,,b'],
      [','],
      ['example.com,example.com'],
      ['10.0.0.1'],
    ],
  },
  {
    name: 'cert-manager.io/ip-sans',
    values: [
      ['10.0.0.1', set({ ipAddresses: ['10.0.0.1'] })],
      ...plain('10.0.0.1', '::1,10.0.0.2', '', 'nonsense', ','),
    ],
  },
  { name: 'cert-manager.io/uri-sans', values: plain('spiffe://a/b') },
  {
    name: 'cert-manager.io/email-sans',
    values: [
      ['a@example.com', set({ emailAddresses: ['a@example.com'] })],
      ...plain('a@example.com', 'a@example.com,b@example.com', '', 'a, b'),
    ],
  },
  {
    name: 'cert-manager.io/subject-organizations',
    values: [['Acme', subject({ organizations: ['Acme'] })], ...plain(...CSV)],
  },
  ...['organizationalunits', 'countries', 'provinces', 'localities', 'postalcodes', 'streetaddresses'].map((name) => ({
    name: `cert-manager.io/subject-${name}`,
    values: plain('Acme', 'a,b', '"a, b",c', '"broken', ''),
  })),
  {
    name: 'cert-manager.io/subject-serialnumber',
    values: [['1', subject({ serialNumber: '1' })], ...plain('1', '', 'a,"b')],
  },
  {
    name: 'cert-manager.io/duration',
    values: [['2160h', set({ duration: '2160h0m0s' })], ['2160h', set({ duration: '90h' })], ['2160h'], ...DURATIONS],
  },
  {
    name: 'cert-manager.io/renew-before',
    values: [['360h', set({ renewBefore: '360h' })], ['360h', set({ renewBefore: '1h' })], ['360h'], ...DURATIONS],
  },
  {
    name: 'cert-manager.io/renew-before-percentage',
    values: [['50', set({ renewBeforePercentage: 50 })], ...plain(...INTEGERS, '-2147483648', '-2147483649')],
  },
  {
    name: 'cert-manager.io/usages',
    values: [
      ['server auth', set({ usages: ['server auth'] })],
      ...plain(
        'digital signature,key encipherment',
        'server auth, client auth',
        'bogus',
        '',
        'any, ',
        'signing,signing',
        's/mime,email protection',
        'Server Auth',
        '\tserver auth',
        '  ocsp signing  ',
        'content commitment,key agreement,data encipherment,cert sign,crl sign,encipher only,decipher only',
        'code signing,ipsec end system,ipsec tunnel,ipsec user,timestamping,microsoft sgc,netscape sgc',
      ),
    ],
  },
  {
    name: 'cert-manager.io/revision-history-limit',
    values: [['7', set({ revisionHistoryLimit: 7 })], ['7', set({ revisionHistoryLimit: 3 })], ...plain(...INTEGERS)],
  },
  {
    name: 'cert-manager.io/private-key-algorithm',
    values: [['ECDSA', set({ privateKey: { algorithm: 'ECDSA' } })], ...plain('RSA', 'ECDSA', 'Ed25519', 'rsa', '')],
  },
  {
    name: 'cert-manager.io/private-key-encoding',
    values: [['PKCS8', set({ privateKey: { encoding: 'PKCS8' } })], ...plain('PKCS1', 'PKCS8', 'pkcs8', '')],
  },
  {
    name: 'cert-manager.io/private-key-size',
    values: [
      ['4096', set({ privateKey: { size: 4096 } })],
      ...plain('2048', '2047', '8192', '8193', '256', '+3072', '4096.0', ''),
    ],
  },
  {
    name: 'cert-manager.io/private-key-rotation-policy',
    values: [['Always', set({ privateKey: { rotationPolicy: 'Always' } })], ...plain('Always', 'Never', 'always', '')],
  },
  { name: 'cert-manager.io/secret-template', values: TEMPLATES },
  { name: 'acme.cert-manager.io/http01-edit-in-place', values: plain('true', 'false', 'True', '') },
  { name: 'acme.cert-manager.io/http01-ingress-class', values: plain('nginx', '') },
  { name: 'acme.cert-manager.io/http01-ingress-ingressclassname', values: plain('nginx', '') },
];

const DEFAULT_ISSUER: ShimFlags = {
  defaultIssuerName: 'fallback',
  defaultIssuerKind: 'ClusterIssuer',
  defaultIssuerGroup: 'g',
};

/** Ways to name an issuer, good and bad. */
export const ISSUERS: readonly {
  name: string;
  annotations: Record<string, string>;
  flags?: ShimFlags;
  ref?: IssuerRef;
}[] = [
  { name: 'none', annotations: {} },
  { name: 'none-with-default', annotations: {}, flags: DEFAULT_ISSUER },
  { name: 'both', annotations: { 'cert-manager.io/issuer': 'a', 'cert-manager.io/cluster-issuer': 'b' } },
  { name: 'empty', annotations: { 'cert-manager.io/issuer': '' } },
  { name: 'empty-with-default', annotations: { 'cert-manager.io/issuer': '' }, flags: DEFAULT_ISSUER },
  { name: 'empty-cluster', annotations: { 'cert-manager.io/cluster-issuer': '' } },
  {
    name: 'both-one-empty',
    annotations: { 'cert-manager.io/issuer': '', 'cert-manager.io/cluster-issuer': 'b' },
  },
  {
    name: 'kind-group',
    annotations: {
      'cert-manager.io/issuer': 'a',
      'cert-manager.io/issuer-kind': 'OriginIssuer',
      'cert-manager.io/issuer-group': 'example.com',
    },
    ref: { name: 'a', kind: 'OriginIssuer', group: 'example.com' },
  },
  { name: 'kind-only', annotations: { 'cert-manager.io/issuer': 'a', 'cert-manager.io/issuer-kind': 'ClusterIssuer' } },
  { name: 'kind-empty', annotations: { 'cert-manager.io/issuer': 'a', 'cert-manager.io/issuer-kind': '' } },
  { name: 'group-empty', annotations: { 'cert-manager.io/issuer': 'a', 'cert-manager.io/issuer-group': '' } },
  { name: 'cluster-kind', annotations: { 'cert-manager.io/cluster-issuer': 'a', 'cert-manager.io/issuer-kind': 'X' } },
  {
    name: 'cluster-group',
    annotations: { 'cert-manager.io/cluster-issuer': 'a', 'cert-manager.io/issuer-group': 'x' },
  },
  { name: 'kind-without-name', annotations: { 'cert-manager.io/issuer-kind': 'X' }, flags: DEFAULT_ISSUER },
  { name: 'default-group', annotations: { 'cert-manager.io/issuer': 'a' }, flags: DEFAULT_ISSUER },
  ...['true', '1', 't', 'T', 'TRUE', 'True', 'yes', 'false', '', 'tRUE'].map((value, i) => ({
    name: `tls-acme-${i}`,
    annotations: { 'kubernetes.io/tls-acme': value },
    flags: DEFAULT_ISSUER,
    ref: { name: 'fallback', kind: 'ClusterIssuer', group: 'g' },
  })),
  { name: 'tls-acme-no-default', annotations: { 'kubernetes.io/tls-acme': 'true' } },
  {
    name: 'own-auto-annotation',
    annotations: { 'example.com/tls': 'true' },
    flags: { ...DEFAULT_ISSUER, autoCertificateAnnotations: ['example.com/tls'] },
  },
  {
    name: 'auto-annotations-off',
    annotations: { 'kubernetes.io/tls-acme': 'true' },
    flags: { ...DEFAULT_ISSUER, autoCertificateAnnotations: [] },
  },
];
