import type {
  Certificate,
  CertificateRequest,
  CertificateSpec,
  CertificateStatus,
  IssuerRef,
  Secret,
} from '../../src/model/objects.ts';
import type { Case } from './case.ts';
import type { Random } from './random.ts';
import type { Maker } from './run.ts';

export interface Objects {
  certificate: Certificate;
  secret: Secret | null;
  requests: CertificateRequest[];
  siblings: Certificate[];
}

/** What a certificate holds that its spec does not say; fields that are set win over the spec. */
export interface Template {
  signer: string;
  notBefore: string;
  notAfter: string;
  commonName?: string;
  dnsNames?: string[];
  ipAddresses?: string[];
  uris?: string[];
  emailAddresses?: string[];
  isCA?: boolean;
  serial?: string;
  extensions?: { oid: number[]; critical: boolean; value: string }[];
}

/**
 * A state as a description: what was asked for, what was issued, and what the Certificate says now. A twin changes one
 * detail of it; then it is built.
 */
export interface Plan {
  random: Random;
  maker: Maker;
  /** The Certificate's spec now. */
  spec: CertificateSpec;
  /** The spec that the CSR was made of. */
  requestSpec: CertificateSpec;
  /** The spec that the leaf's names come from. */
  leafSpec: CertificateSpec;
  requestFields: { issuerRef: IssuerRef; usages?: string[]; isCA?: boolean; duration?: string };
  template: Template;
  /** Keys of the pool: in the Secret, in the CSR, in the leaf. */
  keys: { secret: string; request: string; leaf: string };
  keyEncoding: 'PKCS1' | 'PKCS8';
  chain: string[];
  withRequest: boolean;
  annotations: Record<string, string>;
  status: CertificateStatus;
  /** Milliseconds since 1970. */
  now: number;
  /** PEM texts may be edited before they are put into the objects, and the objects before they are written. */
  editKey: (pem: string) => string | Buffer;
  editCertificate: (pem: string) => string | Buffer;
  editRequest: (pem: string) => string | Buffer;
  editObjects: ((objects: Objects) => void | Promise<void>)[];
  damaged: boolean;
  /** The controller's arguments. */
  flags: string[];
}

const DAY = 86_400_000;
const HOSTS = [
  'example.com',
  'www.example.com',
  'api.example.com',
  'a.b.example.org',
  '*.apps.example.net',
  'shop.example.de',
  'xn--bcher-kva.example',
  'web.default.svc.cluster.local',
  'localhost',
];
const IPS = ['10.0.0.1', '192.0.2.7', '2001:db8::1', 'fe80::1', '::1'];
const URIS = [
  'spiffe://cluster.local/ns/app1/sa/web',
  'https://example.com/id/7',
  'urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66',
];
const EMAILS = ['ops@example.com', 'Root@Example.org'];
const KEYS = ['rsa2048', 'rsa2048', 'rsa2048', 'p256', 'p256', 'p256', 'p384', 'p521', 'ed25519', 'rsa3072', 'rsa4096'];
export const KEY_COUNT: Record<string, number> = {
  rsa1024: 1,
  rsa2048: 6,
  rsa3072: 2,
  rsa4096: 2,
  p224: 1,
  p256: 6,
  p384: 2,
  p521: 2,
  ed25519: 3,
};

export const rfc3339 = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** A key of that type other than this one, where the pool has two. */
export function otherKey(random: Random, type: string, than: string): string {
  const names = Array.from({ length: KEY_COUNT[type] as number }, (_, i) => `${type}-${i}`).filter((n) => n !== than);
  return names.length === 0 ? 'p256-0' : random.pick(names);
}

export function privateKeySpec(type: string, random: Random): CertificateSpec['privateKey'] {
  const size = Number(/\d+$/.exec(type)?.[0] ?? 0);
  if (type.startsWith('rsa')) {
    if (size === 2048 && random.chance(0.4)) return undefined;
    return size === 2048 && random.chance(0.5) ? { algorithm: 'RSA' } : { algorithm: 'RSA', size };
  }
  if (type === 'ed25519') return { algorithm: 'Ed25519' };
  return size === 256 && random.chance(0.5) ? { algorithm: 'ECDSA' } : { algorithm: 'ECDSA', size };
}

/** A Certificate that was issued and is well: cert-manager keeps it. */
export function soundPlan(random: Random, maker: Maker): Plan {
  const keyType = random.pick(KEYS);
  const key = `${keyType}-${random.integer(0, (KEY_COUNT[keyType] as number) - 1)}`;
  const shape = random.pick(['acme', 'ca', 'ca', 'rich', 'selfsigned', 'ca-of-cas']);
  const spec: CertificateSpec = {
    secretName: 'web-tls',
    issuerRef: random.pick<IssuerRef>([
      { name: 'letsencrypt' },
      { name: 'letsencrypt', kind: 'ClusterIssuer' },
      { name: 'ca', kind: 'Issuer', group: 'cert-manager.io' },
      { name: 'ca', kind: 'ClusterIssuer', group: 'cert-manager.io' },
      { name: 'pca', kind: 'AWSPCAClusterIssuer', group: 'awspca.cert-manager.io' },
    ]),
    dnsNames: random.some(HOSTS, 1, 4),
  };
  const privateKey = privateKeySpec(keyType, random);
  if (privateKey !== undefined) spec.privateKey = privateKey;
  if (shape === 'ca-of-cas') {
    spec.isCA = true;
    spec.commonName = 'example-ca';
    delete spec.dnsNames;
  } else if (shape === 'rich') {
    spec.commonName = random.pick(spec.dnsNames as string[]);
    spec.ipAddresses = random.some(IPS, 0, 3);
    spec.uris = random.some(URIS, 0, 2);
    spec.emailAddresses = random.some(EMAILS, 0, 2);
    spec.subject = {
      organizations: random.some(['Example', 'Beispiel GmbH', 'Société'], 1, 2),
      organizationalUnits: random.some(['Ops', 'Web'], 0, 2),
      countries: random.some(['DE', 'FR'], 0, 1),
      localities: random.some(['Berlin', 'Köln'], 0, 1),
      provinces: random.some(['BE', 'NRW'], 0, 1),
      postalCodes: random.some(['10115', '50667'], 0, 1),
      streetAddresses: random.some(['Street 1', 'Allee 2'], 0, 1),
      ...(random.chance(0.3) ? { serialNumber: '4711' } : {}),
    };
  } else if (random.chance(0.4)) {
    spec.commonName = (spec.dnsNames as string[])[0] as string;
  }
  if (random.chance(0.5))
    spec.usages = random.pick([
      ['digital signature', 'key encipherment'],
      ['server auth'],
      ['digital signature', 'key encipherment', 'server auth', 'client auth'],
    ]);
  const days = random.pick([90, 90, 90, 30, 365, 7, 1, 3650]);
  if (random.chance(0.5)) spec.duration = `${days * 24}h`;
  const notBefore = Date.UTC(
    random.integer(2020, 2030),
    random.integer(0, 11),
    random.integer(1, 28),
    random.integer(0, 23),
    random.integer(0, 59),
    random.integer(0, 59),
  );
  const notAfter = notBefore + days * DAY;
  const revision = random.integer(1, 5);
  const renewalTime = rfc3339(notAfter - (days * DAY) / 3);
  const signer =
    shape === 'selfsigned' || shape === 'ca-of-cas'
      ? ''
      : random.pick(['rsa2048-5', 'p256-5', 'p256-5', 'p384-1', 'rsa4096-1']);
  return {
    random,
    maker,
    spec,
    requestSpec: structuredClone(spec),
    leafSpec: structuredClone(spec),
    requestFields: requestFieldsOf(spec),
    template: { signer, notBefore: rfc3339(notBefore), notAfter: rfc3339(notAfter) },
    keys: { secret: key, request: key, leaf: key },
    keyEncoding: random.pick(['PKCS1', 'PKCS1', 'PKCS8']),
    chain: signer === '' || random.chance(0.4) ? [] : [signer],
    withRequest: random.chance(0.6),
    annotations: {
      'cert-manager.io/certificate-name': 'web',
      'cert-manager.io/issuer-name': spec.issuerRef.name,
      'cert-manager.io/issuer-kind': spec.issuerRef.kind ?? 'Issuer',
      'cert-manager.io/issuer-group': spec.issuerRef.group ?? (random.chance(0.5) ? 'cert-manager.io' : ''),
    },
    status: { revision, notBefore: rfc3339(notBefore), notAfter: rfc3339(notAfter), renewalTime },
    now: notBefore + Math.floor(random.fraction() * 0.6 * days * DAY),
    editKey: (pem) => pem,
    editCertificate: (pem) => pem,
    editRequest: (pem) => pem,
    editObjects: [],
    damaged: false,
    flags: [],
  };
}

export function requestFieldsOf(spec: CertificateSpec): Plan['requestFields'] {
  return {
    issuerRef: { ...spec.issuerRef },
    ...(spec.usages === undefined ? {} : { usages: [...spec.usages] }),
    ...(spec.isCA === undefined ? {} : { isCA: spec.isCA }),
    ...(spec.duration === undefined ? {} : { duration: spec.duration }),
  };
}

/** Sets something in all three specs: what was asked for, what was issued, and what is asked for now. */
export function everywhere(plan: Plan, change: (spec: CertificateSpec) => void): void {
  for (const spec of [plan.spec, plan.requestSpec, plan.leafSpec]) change(spec);
  plan.requestFields = requestFieldsOf(plan.requestSpec);
}

const UID = 'uid-web';
const NAMESPACE = 'app1';
const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');

export const OWNER = { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', name: 'web', uid: UID, controller: true };

/** Makes the objects. */
export async function buildCase(plan: Plan, id: string, twin: string): Promise<Case> {
  const { maker, keys } = plan;
  const key = plan.editKey(await maker.make({ kind: 'key', key: keys.secret, encoding: plan.keyEncoding }));
  const leaf = await maker.make({ kind: 'certificate', key: keys.leaf, spec: plan.leafSpec, template: plan.template });
  const chain = await Promise.all(plan.chain.map((signer) => caCertificate(maker, signer)));
  const certificate = plan.editCertificate([leaf, ...chain].join(''));
  const objects: Objects = {
    certificate: {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: {
        name: 'web',
        namespace: NAMESPACE,
        uid: UID,
        generation: 1,
        creationTimestamp: plan.template.notBefore,
      },
      spec: plan.spec,
      status: plan.status,
    },
    secret: {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'web-tls', namespace: NAMESPACE, annotations: plan.annotations },
      type: 'kubernetes.io/tls',
      data: { 'tls.key': base64(key), 'tls.crt': base64(certificate) },
    },
    requests: [],
    siblings: [],
  };
  if (plan.withRequest) objects.requests.push(await requestOf(plan, plan.status.revision ?? 1));
  for (const edit of plan.editObjects) await edit(objects);
  const flags = plan.flags.length === 0 ? {} : { flags: plan.flags };
  return { id, twin, damaged: plan.damaged, ...objects, now: new Date(plan.now).toISOString(), ...flags };
}

/** A CertificateRequest of the plan's Certificate, of that revision. */
export async function requestOf(plan: Plan, revision: number): Promise<CertificateRequest> {
  const csr = await plan.maker.make({ kind: 'csr', key: plan.keys.request, spec: plan.requestSpec });
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'CertificateRequest',
    metadata: {
      name: `web-${revision}`,
      namespace: NAMESPACE,
      uid: `uid-web-${revision}`,
      annotations: {
        'cert-manager.io/certificate-revision': String(revision),
        'cert-manager.io/certificate-name': 'web',
      },
      ownerReferences: [{ ...OWNER }],
    },
    spec: { request: base64(plan.editRequest(csr)), ...structuredClone(plan.requestFields) },
  };
}

/** A CA's certificate for that key of the pool. */
function caCertificate(maker: Maker, key: string): Promise<string> {
  const spec = { secretName: 'ca', issuerRef: { name: 'x' }, commonName: `truth ${key}`, isCA: true };
  const template = { signer: '', notBefore: '2020-01-01T00:00:00Z', notAfter: '2045-01-01T00:00:00Z' };
  return maker.make({ kind: 'certificate', key, spec, template });
}
