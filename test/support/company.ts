import type { KubeObject } from '../../src/model/objects.ts';
import type { TestCluster } from '../cluster/api.ts';

/**
 * A small company's certificates: a CA ClusterIssuer, a CA Issuer below it, a self-signed Issuer; RSA, ECDSA and
 * Ed25519; keystores with a password Secret; one Certificate that ingress-shim makes. Twelve in all, in five namespaces.
 */

export const NAMESPACES = ['shop', 'api', 'media', 'platform'];
export const CERTIFICATE_COUNT = 12;
export const INGRESS_CERTIFICATE = { namespace: 'shop', name: 'shop-front-tls' };

const CERT_MANAGER = 'cert-manager.io/v1';
const clusterCa = { name: 'company-ca', kind: 'ClusterIssuer', group: 'cert-manager.io' };

function certificate(namespace: string, name: string, spec: Record<string, unknown>): KubeObject {
  return {
    apiVersion: CERT_MANAGER,
    kind: 'Certificate',
    metadata: { namespace, name },
    spec: { secretName: `${name}-tls`, issuerRef: clusterCa, ...spec },
  };
}

export const NAMESPACE_OBJECTS: KubeObject[] = NAMESPACES.map((name) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { team: name } },
}));

export const ISSUERS: KubeObject[] = [
  { apiVersion: CERT_MANAGER, kind: 'ClusterIssuer', metadata: { name: 'company-root' }, spec: { selfSigned: {} } },
  {
    apiVersion: CERT_MANAGER,
    kind: 'ClusterIssuer',
    metadata: { name: 'company-ca' },
    spec: { ca: { secretName: 'company-ca-tls' } },
  },
  {
    apiVersion: CERT_MANAGER,
    kind: 'Issuer',
    metadata: { namespace: 'api', name: 'api-ca' },
    spec: { ca: { secretName: 'intermediate-tls' } },
  },
  {
    apiVersion: CERT_MANAGER,
    kind: 'Issuer',
    metadata: { namespace: 'platform', name: 'self-signed' },
    spec: { selfSigned: {} },
  },
];

export const KEYSTORE_PASSWORD: KubeObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace: 'shop', name: 'keystore-password' },
  stringData: { password: 'correct horse battery staple' },
};

/** Nothing refers to it: it must not be in a backup. */
export const DECOY: KubeObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace: 'shop', name: 'database' },
  stringData: { password: 'not-for-certkeep' },
};

const ecdsa = (size: number) => ({ algorithm: 'ECDSA', size });

export const CERTIFICATES: KubeObject[] = [
  certificate('cert-manager', 'company-ca', {
    isCA: true,
    commonName: 'Company CA',
    duration: '87600h',
    issuerRef: { name: 'company-root', kind: 'ClusterIssuer', group: 'cert-manager.io' },
    privateKey: ecdsa(256),
  }),
  certificate('shop', 'web', {
    dnsNames: ['shop.example.com', 'www.shop.example.com'],
    privateKey: { algorithm: 'RSA', size: 2048 },
  }),
  certificate('shop', 'checkout', {
    dnsNames: ['pay.example.com'],
    privateKey: ecdsa(384),
    duration: '720h',
    renewBefore: '240h',
  }),
  certificate('shop', 'legacy-java', {
    dnsNames: ['legacy.example.com'],
    privateKey: { algorithm: 'RSA', size: 2048, encoding: 'PKCS8' },
    keystores: {
      jks: { create: true, passwordSecretRef: { name: 'keystore-password', key: 'password' } },
      pkcs12: { create: true, passwordSecretRef: { name: 'keystore-password', key: 'password' } },
    },
  }),
  certificate('api', 'intermediate', { isCA: true, commonName: 'API CA', duration: '43800h', privateKey: ecdsa(256) }),
  certificate('api', 'gateway', {
    dnsNames: ['api.example.com'],
    ipAddresses: ['10.0.0.1', '2001:db8::1'],
    issuerRef: { name: 'api-ca', kind: 'Issuer' },
    privateKey: { algorithm: 'RSA', size: 3072, rotationPolicy: 'Always' },
  }),
  certificate('api', 'internal', {
    dnsNames: ['internal.api.svc'],
    issuerRef: { name: 'api-ca' },
    privateKey: { algorithm: 'Ed25519' },
  }),
  certificate('media', 'images', {
    dnsNames: ['images.example.com'],
    privateKey: ecdsa(521),
    additionalOutputFormats: [{ type: 'CombinedPEM' }, { type: 'DER' }],
  }),
  certificate('media', 'video', {
    commonName: 'video.example.com',
    dnsNames: ['video.example.com', '*.video.example.com'],
    subject: { organizations: ['Example AG'], countries: ['DE'] },
    secretTemplate: { annotations: { 'example.com/team': 'media' }, labels: { tier: 'edge' } },
    privateKey: ecdsa(256),
  }),
  certificate('platform', 'metrics', {
    dnsNames: ['metrics.platform.svc'],
    issuerRef: { name: 'self-signed' },
    privateKey: ecdsa(256),
  }),
  certificate('platform', 'workload', {
    uris: ['spiffe://example.com/ns/platform/sa/workload'],
    emailAddresses: ['platform@example.com'],
    usages: ['client auth', 'digital signature'],
    privateKey: ecdsa(256),
  }),
];

export const INGRESS: KubeObject = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: { namespace: 'shop', name: 'front', annotations: { 'cert-manager.io/cluster-issuer': 'company-ca' } },
  spec: {
    tls: [{ hosts: ['front.example.com'], secretName: INGRESS_CERTIFICATE.name }],
    rules: [
      {
        host: 'front.example.com',
        http: {
          paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'front', port: { number: 80 } } } }],
        },
      },
    ],
  },
};

/** kubectl apply of objects, in one call. */
export async function apply(cluster: TestCluster, objects: KubeObject[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  await cluster.kubectl(['apply', '--server-side', '-f', '-'], { input: JSON.stringify(list) });
}

export interface CertificateLine {
  namespace: string;
  name: string;
  ready: boolean;
  revision: number | undefined;
  secretName: string;
}

interface CertificateList {
  items: {
    metadata: { namespace: string; name: string };
    spec: { secretName: string };
    status?: { revision?: number; conditions?: { type: string; status: string }[] };
  }[];
}

/** All Certificates of the cluster, by namespace and name. */
export async function certificates(cluster: TestCluster): Promise<CertificateLine[]> {
  const { stdout } = await cluster.kubectl(['get', 'certificates', '-A', '-o', 'json']);
  return (JSON.parse(stdout) as CertificateList).items.map((c) => ({
    namespace: c.metadata.namespace,
    name: c.metadata.name,
    ready: c.status?.conditions?.some((x) => x.type === 'Ready' && x.status === 'True') === true,
    revision: c.status?.revision,
    secretName: c.spec.secretName,
  }));
}

/** Waits until `count` Certificates exist and all are Ready. Throws after `seconds`, naming those that are not. */
export async function waitReady(
  cluster: TestCluster,
  count: number,
  seconds = 90,
  progress: (done: number) => void = () => {},
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const all = await certificates(cluster);
    const waiting = all.filter((c) => !c.ready);
    progress(all.length - waiting.length);
    if (all.length >= count && waiting.length === 0) return;
    if (Date.now() > deadline) {
      const names = waiting.slice(0, 10).map((c) => `${c.namespace}/${c.name}`);
      throw new Error(
        `${all.length} of ${count} Certificates exist, ${waiting.length} are not Ready: ${names.join(', ')}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, all.length > 200 ? 2000 : 300));
  }
}

/** Puts the whole company on a cluster and waits until the controller has issued everything. */
export async function fillCompany(cluster: TestCluster): Promise<void> {
  await apply(cluster, NAMESPACE_OBJECTS);
  await apply(cluster, [KEYSTORE_PASSWORD, DECOY, ...ISSUERS]);
  await apply(cluster, CERTIFICATES);
  await apply(cluster, [INGRESS]);
  await waitReady(cluster, CERTIFICATE_COUNT);
}

/** Names of all CertificateRequests of the cluster. */
export async function requests(cluster: TestCluster): Promise<string[]> {
  const { stdout } = await cluster.kubectl(['get', 'certificaterequests', '-A', '-o', 'name']);
  return stdout.split('\n').filter((line) => line !== '');
}
