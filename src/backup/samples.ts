/** Objects as cert-manager and its users write them, cut to what a test needs. Tests only. */
import { generateKeyPairSync, sign } from 'node:crypto';
import type { Certificate, CertificateRequest, Issuer, KubeObject, Secret } from '../model/objects.ts';
import type { ClusterState } from './state.ts';

export function namespace(name: string, labels: Record<string, string> = {}): KubeObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name, labels: { 'kubernetes.io/metadata.name': name, ...labels } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  };
}

export function secret(
  ns: string,
  name: string,
  data: Record<string, string> = {},
  more: Partial<Secret> = {},
): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'Opaque',
    data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString('base64')])),
    ...more,
    metadata: { namespace: ns, name, ...more.metadata },
  };
}

export function issuer(ns: string, name: string, spec: Record<string, unknown>, ready = true): Issuer {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: ns === '' ? 'ClusterIssuer' : 'Issuer',
    metadata: ns === '' ? { name } : { namespace: ns, name },
    spec,
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  };
}

export function certificate(
  ns: string,
  name: string,
  spec: Partial<Certificate['spec']> = {},
  more: { status?: Certificate['status']; metadata?: Partial<Certificate['metadata']> } = {},
): Certificate {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { namespace: ns, name, ...more.metadata },
    spec: {
      secretName: `${name}-tls`,
      issuerRef: { name: 'ca' },
      dnsNames: [`${name}.test`],
      privateKey: { algorithm: 'ECDSA' },
      ...spec,
    },
    status: more.status ?? {
      revision: 1,
      conditions: [{ type: 'Ready', status: 'True', observedGeneration: 1 }],
    },
  };
}

/** A request of a Certificate that a MemoryCluster gave its uid. */
export function request(ns: string, owner: string, revision: number, pem = ''): CertificateRequest {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'CertificateRequest',
    metadata: {
      namespace: ns,
      name: `${owner}-${revision}`,
      creationTimestamp: '2026-01-01T00:00:00Z',
      annotations: { 'cert-manager.io/certificate-revision': String(revision) },
      ownerReferences: [
        {
          apiVersion: 'cert-manager.io/v1',
          kind: 'Certificate',
          name: owner,
          uid: `uid-Certificate-${ns}-${owner}`,
          controller: true,
        },
      ],
    },
    spec: { issuerRef: { name: 'ca' } },
    ...(pem === '' ? {} : { status: { certificate: Buffer.from(pem).toString('base64') } }),
  };
}

/** A TLS Secret as cert-manager leaves it, with a new key and certificate each time. */
export function leafSecret(
  ns: string,
  name: string,
  certificateName: string,
  pair = selfSigned(`${certificateName}.test`),
  issuedBy = { name: 'ca', kind: 'Issuer' },
): Secret {
  return secret(
    ns,
    name,
    { 'tls.crt': pair.crt, 'tls.key': pair.key },
    {
      type: 'kubernetes.io/tls',
      metadata: {
        name,
        labels: { 'controller.cert-manager.io/fao': 'true' },
        annotations: {
          'cert-manager.io/certificate-name': certificateName,
          'cert-manager.io/issuer-name': issuedBy.name,
          'cert-manager.io/issuer-kind': issuedBy.kind,
          'cert-manager.io/issuer-group': 'cert-manager.io',
        },
      },
    },
  );
}

/** A self-signed P-256 certificate of one year from the beginning of 2026, with `name` as its one DNS name and no CN. */
export function selfSigned(
  name: string,
  subject: [oid: string, text: string][] = [],
  issuedBy = subject,
): { crt: string; key: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = der(0x30, oid('1.2.840.10045.4.3.2'));
  const extension = der(0x30, oid('2.5.29.17'), der(0x04, der(0x30, der(0x82, Buffer.from(name)))));
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1, ...Buffer.from(name).subarray(0, 8)])),
    algorithm,
    distinguishedName(issuedBy),
    der(0x30, der(0x17, Buffer.from('260101000000Z')), der(0x17, Buffer.from('270101000000Z'))),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, extension)),
  );
  const signature = sign('sha256', body, privateKey);
  const certificateDer = der(0x30, body, algorithm, der(0x03, Buffer.from([0]), signature));
  return {
    crt: pem('CERTIFICATE', certificateDer),
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function distinguishedName(parts: [string, string][]): Buffer {
  return der(0x30, ...parts.map(([type, text]) => der(0x31, der(0x30, oid(type), der(0x0c, Buffer.from(text))))));
}

function der(tag: number, ...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const size =
    body.length < 128
      ? [body.length]
      : body.length < 256
        ? [0x81, body.length]
        : [0x82, body.length >> 8, body.length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), body]);
}

function oid(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const bytes = rest.flatMap((number) => {
    const groups = [number & 127];
    for (let n = Math.floor(number / 128); n > 0; n = Math.floor(n / 128)) groups.unshift((n & 127) | 128);
    return groups;
  });
  return der(0x06, Buffer.from([first * 40 + second, ...bytes]));
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}

/** The controller's Deployment as Helm makes it. */
export function controller(version: string): KubeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      namespace: 'cert-manager',
      name: 'cert-manager',
      labels: {
        'app.kubernetes.io/name': 'cert-manager',
        'app.kubernetes.io/component': 'controller',
        'app.kubernetes.io/version': version,
      },
    },
    spec: {
      replicas: 1,
      template: {
        spec: {
          containers: [
            {
              name: 'cert-manager-controller',
              image: `quay.io/jetstack/cert-manager-controller:${version}`,
              args: ['--cluster-resource-namespace=$(POD_NAMESPACE)'],
              env: [{ name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }],
            },
          ],
        },
      },
    },
    status: { readyReplicas: 1 },
  };
}

/** A state that has these and nothing else. */
export function stateOf(issuers: Issuer[], certificates: Certificate[], namespaces: string[] = ['a']): ClusterState {
  return {
    namespaces: new Map(namespaces.map((name) => [name, namespace(name)])),
    issuers,
    certificates,
    requests: [],
    secrets: new Map(),
    secretsRead: true,
    nextPrivateKeySecrets: new Map(),
    unsettled: new Map(),
    resourceVersions: {},
  };
}
