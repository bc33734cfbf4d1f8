import type {
  Certificate,
  CertificateSpec,
  IssuerRef,
  KubeObject,
  OwnerReference,
} from '../../../src/model/objects.ts';
import { FLAG_DEFAULTS, type ShimFlags } from '../../../src/reissue/shim/flags.ts';
import type { Random } from '../random.ts';
import type { ShimCase } from './case.ts';

export type Kind = 'Ingress' | 'Gateway' | 'ListenerSet';

/** A state as a description; a twin changes one detail of it, then it is built. */
export interface Plan {
  random: Random;
  kind: Kind;
  annotations: Record<string, string>;
  gatewayAnnotations: Record<string, string>;
  labels: Record<string, string> | undefined;
  secrets: { name: string; hosts: string[] }[];
  issuerRef: IssuerRef;
  flags: ShimFlags;
  /** Which of the Certificates are there: each with this chance. */
  present: number;
  /** What the annotations make of the spec of the Certificates in place. */
  specEdits: ((spec: CertificateSpec) => void)[];
  certificateEdits: ((certificate: Certificate) => void)[];
  /** Last changes of the objects. */
  edits: ((built: ShimCase) => void)[];
}

const HOSTS = [
  'example.com',
  'www.example.com',
  'api.example.com',
  '*.apps.example.net',
  'shop.example.de',
  'xn--bcher-kva.example',
  'a.b.example.org',
];
export const NAMESPACE = 'team';
export const UID = '11111111-2222-3333-4444-555555555555';

export function soundPlan(random: Random, kind?: Kind): Plan {
  const cluster = random.chance(0.5);
  const issuerName = random.pick(['ca', 'letsencrypt', 'internal-pki']);
  return {
    random,
    kind: kind ?? random.pick(['Ingress', 'Ingress', 'Ingress', 'Gateway', 'Gateway', 'ListenerSet']),
    annotations: {
      [cluster ? 'cert-manager.io/cluster-issuer' : 'cert-manager.io/issuer']: issuerName,
      ...(random.chance(0.3) ? { 'nginx.ingress.kubernetes.io/rewrite-target': '/' } : {}),
    },
    gatewayAnnotations: {},
    labels: random.pick([undefined, { app: 'web' }, { app: 'web', team: 'a' }]),
    secrets: random
      .some(['web-tls', 'api-tls', 'shop-tls'], 1, 3)
      .map((name) => ({ name, hosts: random.some(HOSTS, 1, 4) })),
    issuerRef: { name: issuerName, kind: cluster ? 'ClusterIssuer' : 'Issuer', group: 'cert-manager.io' },
    flags: { ...FLAG_DEFAULTS },
    present: random.pick([0, 1, 1, 1, 0.5]),
    specEdits: [],
    certificateEdits: [],
    edits: [],
  };
}

export function build(plan: Plan, id: string): ShimCase {
  const maker = plan.kind === 'Ingress' ? ingress(plan) : listening(plan);
  const built: ShimCase = {
    id,
    flags: plan.flags,
    maker,
    gateway:
      plan.kind === 'ListenerSet'
        ? gatewayObject('gw', 'gw-uid', plan.gatewayAnnotations, { gatewayClassName: 'x', listeners: [] })
        : null,
    certificates: plan.secrets.filter(() => plan.random.chance(plan.present)).map((secret) => inPlace(plan, secret)),
  };
  for (const edit of plan.edits) edit(built);
  return built;
}

function metadata(plan: Plan, name: string): KubeObject['metadata'] {
  return {
    name,
    namespace: NAMESPACE,
    uid: UID,
    ...(plan.labels === undefined ? {} : { labels: { ...plan.labels } }),
    annotations: { ...plan.annotations },
  };
}

function ingress(plan: Plan): KubeObject {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    metadata: metadata(plan, 'web'),
    spec: { tls: plan.secrets.map(({ name, hosts }) => ({ hosts: [...hosts], secretName: name })) },
  };
}

function listening(plan: Plan): KubeObject {
  const spec = {
    ...(plan.kind === 'ListenerSet' ? { parentRef: { name: 'gw' } } : { gatewayClassName: 'x' }),
    listeners: plan.secrets.flatMap(({ name, hosts }, i) =>
      hosts.map((hostname, j) => ({
        name: `l${i}${j}`,
        hostname,
        port: 443,
        protocol: 'HTTPS',
        tls: { mode: 'Terminate', certificateRefs: [{ group: '', kind: 'Secret', name }] },
      })),
    ),
  };
  return { apiVersion: 'gateway.networking.k8s.io/v1', kind: plan.kind, metadata: metadata(plan, 'web'), spec };
}

function gatewayObject(name: string, uid: string, annotations: Record<string, string>, spec: unknown): KubeObject {
  const meta = { name, namespace: NAMESPACE, uid, annotations: { ...annotations } };
  return { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'Gateway', metadata: meta, spec };
}

export function owner(kind: string, uid = UID): OwnerReference {
  const apiVersion = kind === 'Ingress' ? 'networking.k8s.io/v1' : 'gateway.networking.k8s.io/v1';
  return { apiVersion, kind, name: 'web', uid, controller: true, blockOwnerDeletion: true };
}

/** The Certificate as an earlier run of the shim has left it. */
export function inPlace(plan: Plan, { name, hosts }: { name: string; hosts: string[] }): Certificate {
  const spec: CertificateSpec = {
    dnsNames: [...hosts],
    secretName: name,
    issuerRef: { ...plan.issuerRef },
    usages: ['digital signature', 'key encipherment'],
  };
  for (const edit of plan.specEdits) edit(spec);
  const certificate: Certificate = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: {
      name,
      namespace: NAMESPACE,
      uid: `uid-${name}`,
      ...(plan.labels === undefined ? {} : { labels: { ...plan.labels } }),
      ownerReferences: [owner(plan.kind)],
    },
    spec,
  };
  for (const edit of plan.certificateEdits) edit(certificate);
  return certificate;
}
