import { setTimeout as sleep } from 'node:timers/promises';
import { type KubeObject, objectName } from '../../src/model/objects.ts';
import type { TestCluster } from '../cluster/api.ts';
import { apply, waitReady } from './company.ts';
import {
  CERTIFICATE_NAMES,
  GATEWAY,
  hostOf,
  ISSUER_MANIFESTS,
  type IssuerManifest,
  keystoreCertificate,
  type Named,
  PLAIN_VALUES,
  type Shape,
  type World,
} from './reference-rows.ts';

/** The manifests of reference-rows.ts as objects of a cluster, each as Issuer and as ClusterIssuer, among decoys. */

export type Scope = 'Issuer' | 'ClusterIssuer';

/** Issuers are here, and so is what their fields name. */
const ISSUERS = 'issuers';
/** The Certificates of ClusterIssuers. */
const APPS = 'apps';
/** The cluster resource namespace of a Helm install. */
const CLUSTER_RESOURCES = 'cert-manager';
const NAMESPACES = [ISSUERS, APPS, CLUSTER_RESOURCES, GATEWAY.namespace, 'elsewhere'];
/** Those that have to be created. */
const NEW_NAMESPACES = NAMESPACES.filter((name) => name !== CLUSTER_RESOURCES);

/** One issuer of the cluster. */
export interface PlacedIssuer {
  scope: Scope;
  namespace: string | undefined;
  name: string;
  shape: Shape;
  manifest: IssuerManifest;
}

/** What one field of one object names, and where that must be looked for. */
export interface Expected {
  path: string;
  scope: Scope | 'Certificate';
  /** `Kind/namespace/name` of the object with the field. */
  holder: string;
  kind: Named['kind'];
  namespace: string;
  name: string;
  /** A text that stands in this Secret only; '' where cert-manager makes the Secret. */
  id: string;
  named: Named;
}

export const PLACED: readonly PlacedIssuer[] = ISSUER_MANIFESTS.flatMap((manifest) =>
  (['Issuer', 'ClusterIssuer'] as const).map((scope) => ({
    scope,
    namespace: scope === 'Issuer' ? ISSUERS : undefined,
    name: nameOf(manifest, scope),
    shape: manifest.shape,
    manifest,
  })),
);

function nameOf(manifest: IssuerManifest, scope: Scope): string {
  return scope === 'Issuer' ? manifest.name : `all-${manifest.name}`;
}

export const placedName = ({ scope, namespace, name }: PlacedIssuer) =>
  objectName({ kind: scope, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } });

const CA_ISSUER = { kind: 'ClusterIssuer', name: 'all-ca', group: 'cert-manager.io' };
const CERTIFICATES: readonly KubeObject[] = [
  keystoreCertificate(APPS, 'keystores', CA_ISSUER),
  // Their issuers' solver Pods run beside them: there the pull secrets are looked for.
  acmeCertificate('ingress', 'ClusterIssuer', 'solved-by'),
  acmeCertificate('gateway', 'ClusterIssuer', 'solved-by'),
];

/** A Certificate that the manifest's issuer issues. */
function acmeCertificate(manifest: string, scope: Scope, prefix: string): KubeObject {
  const namespace = scope === 'Issuer' ? ISSUERS : APPS;
  const name = `${prefix}-${scope === 'Issuer' ? '' : 'all-'}${manifest}`;
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { namespace, name },
    spec: {
      secretName: `${name}-tls`,
      dnsNames: [hostOf(manifest)],
      issuerRef: { kind: scope, name: `${scope === 'Issuer' ? '' : 'all-'}${manifest}`, group: 'cert-manager.io' },
      privateKey: { algorithm: 'ECDSA', size: 256 },
    },
  };
}

export const CERTIFICATE_COUNT = CERTIFICATES.length;

/** Everything that is named, worked out from the manifests and by the rules of cert-manager's documentation. */
export const EXPECTED: readonly Expected[] = [
  ...PLACED.flatMap((issuer) => issuer.manifest.names.map((named) => expectedOf(issuer, named))),
  ...CERTIFICATES.flatMap((certificate) => {
    const full = certificate.metadata.name === 'keystores';
    return CERTIFICATE_NAMES.filter(({ path }) => full || path === 'spec.secretName').map((named): Expected => {
      const name = `${certificate.metadata.name}${named.suffix}`;
      return {
        path: named.path,
        scope: 'Certificate',
        holder: objectName(certificate),
        kind: named.kind,
        namespace: APPS,
        name,
        id: named.data === undefined ? '' : idOf(APPS, name),
        named,
      };
    });
  }),
];

function expectedOf(issuer: PlacedIssuer, named: Named): Expected {
  const { scope } = issuer;
  const resource = scope === 'Issuer' ? ISSUERS : CLUSTER_RESOURCES;
  const challenge = scope === 'Issuer' ? ISSUERS : APPS;
  const place = {
    resource: { namespace: resource, name: `${issuer.name}${named.suffix}` },
    challenge: { namespace: challenge, name: `${issuer.name}${named.suffix}` },
    fixed: GATEWAY,
  }[named.lives ?? 'resource'];
  return {
    path: named.path,
    scope,
    holder: placedName(issuer),
    kind: named.kind,
    ...place,
    id: named.data === undefined ? '' : idOf(place.namespace, place.name),
    named,
  };
}

function idOf(namespace: string, name: string): string {
  return `credential of ${namespace}/${name}`;
}

function secret(namespace: string, name: string, stringData: Record<string, string>): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name }, stringData };
}

const DECOY = 'a decoy, which no backup may hold';

/**
 * The decoys of one expected object, as `namespace/name` of Secrets: its name in every other namespace (for a
 * ServiceAccount or Gateway in its own too, since that is no Secret's name), and near misses of its name beside it.
 */
export function decoysOf({ kind, namespace, name }: Expected): string[] {
  const elsewhere = NAMESPACES.filter((other) => other !== namespace || kind !== 'Secret');
  return [...elsewhere.map((other) => `${other}/${name}`), `${namespace}/${name}-old`, `${namespace}/x-${name}`];
}

/**
 * Further Secrets that no field names: those named like a Secret's key, like a field that is no reference, like an
 * issuer itself.
 */
function strangers(): string[] {
  const keys = [
    'token',
    'secret-id',
    'api-key',
    'api-token',
    'access-token',
    'tls.key',
    'tls.crt',
    'ca.crt',
    'password',
  ];
  return [ISSUERS, CLUSTER_RESOURCES].flatMap((namespace) =>
    [...keys, ...PLAIN_VALUES, ...PLACED.map(({ name }) => name)].map((name) => `${namespace}/${name}`),
  );
}

/** `namespace/name` of every decoy. */
export function allDecoys(): string[] {
  return [...new Set([...EXPECTED.flatMap(decoysOf), ...strangers()])].sort();
}

function decoySecrets(): KubeObject[] {
  // The keys are those of the real ones, so that only the place or the name tells them apart.
  const keys = ['token', 'secret-id', 'api-key', 'api-token', 'password', 'mac', 'tls.key', 'access-token'];
  const data = Object.fromEntries(keys.map((key) => [key, DECOY]));
  return allDecoys().map((decoy) => {
    const [namespace = '', name = ''] = decoy.split('/');
    return secret(namespace, name, data);
  });
}

/**
 * What is the platform's and no part of a backup: the namespace of the Gateway, the ServiceAccounts that issuers use,
 * and cert-manager's right to ask for their tokens. To be applied to source and target.
 */
export function platform(): KubeObject[] {
  const accounts = EXPECTED.filter(({ kind }) => kind === 'ServiceAccount');
  const namespaces = [...new Set(accounts.map(({ namespace }) => namespace))];
  const role = 'certkeep-test-tokens';
  return [
    ...namespaces
      .filter((name) => NEW_NAMESPACES.includes(name))
      .map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
    ...accounts.map(({ namespace, name }) => ({
      apiVersion: 'v1',
      kind: 'ServiceAccount',
      metadata: { namespace, name },
    })),
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRole',
      metadata: { name: role },
      rules: [{ apiGroups: [''], resources: ['serviceaccounts/token'], verbs: ['create'] }],
    },
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'ClusterRoleBinding',
      metadata: { name: role },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role },
      subjects: [{ kind: 'ServiceAccount', namespace: CLUSTER_RESOURCES, name: 'cert-manager' }],
    },
  ];
}

/** Key pairs that cert-manager itself makes, then copied by hand as people do with a root CA. */
export async function keyPairs(cluster: TestCluster): Promise<Pick<World, 'ca' | 'client'>> {
  await apply(cluster, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'bootstrap' } }]);
  const certificate = (name: string, spec: Record<string, unknown>): KubeObject => ({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { namespace: 'bootstrap', name },
    spec: { secretName: name, commonName: name, issuerRef: { name: 'self-signed' }, ...spec },
  });
  const objects = [
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Issuer',
      metadata: { namespace: 'bootstrap', name: 'self-signed' },
      spec: { selfSigned: {} },
    },
    certificate('root', { isCA: true }),
    certificate('client', { usages: ['client auth'] }),
  ];
  await apply(cluster, objects);
  await waitReady(cluster, 2);
  const pair = async (name: string) => {
    const { data } = await cluster.api.call<{ data: Record<string, string> }>(
      'GET',
      `/api/v1/namespaces/bootstrap/secrets/${name}`,
    );
    const pem = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString();
    return { 'tls.crt': pem('tls.crt'), 'tls.key': pem('tls.key') };
  };
  const pairs = { ca: await pair('root'), client: await pair('client') };
  // The Secrets stay, as decoys: the same bytes under a name that no issuer gives.
  await cluster.kubectl(['delete', 'certificates,issuers', '--all', '-n', 'bootstrap']);
  return pairs;
}

/** Puts everything on a cluster and waits until issuers and Certificates are as they can become. Throws where one is not. */
export async function fillReferences(cluster: TestCluster, world: World): Promise<void> {
  await apply(
    cluster,
    NEW_NAMESPACES.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })),
  );
  await apply(cluster, [...platform(), ...secrets(world), ...decoySecrets()]);
  await apply(
    cluster,
    PLACED.map((issuer) => issuerObject(issuer, world)),
  );
  await apply(cluster, [...CERTIFICATES]);
  const { waiting } = await untilSettled(cluster, 60, PLACED.filter(canBeReady));
  if (waiting.length > 0) throw new Error(`not Ready after 60 s:\n${waiting.join('\n')}`);
  await waitReady(cluster, CERTIFICATES.length);
}

function secrets(world: World): KubeObject[] {
  return EXPECTED.flatMap(({ namespace, name, id, named: { data } }) =>
    data === undefined ? [] : [secret(namespace, name, data(world, id))],
  );
}

function issuerObject(issuer: PlacedIssuer, world: World): KubeObject {
  const nameOfPath = (path: string) => {
    const named = issuer.manifest.names.find((one) => one.path === path);
    if (named === undefined) throw new Error(`manifest ${issuer.manifest.name} names nothing at ${path}`);
    return expectedOf(issuer, named).name;
  };
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: issuer.scope,
    metadata: { name: issuer.name, ...(issuer.namespace === undefined ? {} : { namespace: issuer.namespace }) },
    spec: issuer.manifest.spec(world, nameOfPath),
  };
}

export interface IssuerState {
  ready: string;
  message: string;
  uri: string | undefined;
}

interface IssuerList {
  items: (KubeObject & {
    status?: { conditions?: { type: string; status: string; message?: string }[]; acme?: { uri?: string } };
  })[];
}

/** All issuers of a cluster by `Kind/namespace/name`. `ready` is '' before cert-manager has looked. */
export async function issuerStates(cluster: TestCluster): Promise<Map<string, IssuerState>> {
  const { stdout } = await cluster.kubectl(['get', 'issuers,clusterissuers', '-A', '-o', 'json']);
  return new Map(
    (JSON.parse(stdout) as IssuerList).items.map((issuer) => {
      const condition = issuer.status?.conditions?.find(({ type }) => type === 'Ready');
      const uri = issuer.status?.acme?.uri;
      return [objectName(issuer), { ready: condition?.status ?? '', message: condition?.message ?? '', uri }];
    }),
  );
}

export const canBeReady = ({ shape }: PlacedIssuer) => shape !== 'unreachable';

/**
 * Waits until every issuer whose system is there is Ready, and the others have a condition; at most `seconds`. Returns
 * the states then, and a line for each issuer that is not so far.
 */
export async function untilSettled(
  cluster: TestCluster,
  seconds: number,
  issuers: readonly PlacedIssuer[] = PLACED,
): Promise<{ states: Map<string, IssuerState>; waiting: string[] }> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const states = await issuerStates(cluster);
    const waiting = issuers
      .filter((issuer) => {
        const ready = states.get(placedName(issuer))?.ready ?? '';
        return canBeReady(issuer) ? ready !== 'True' : ready === '';
      })
      .map((issuer) => `${placedName(issuer)}: ${states.get(placedName(issuer))?.message}`);
    if (waiting.length === 0 || Date.now() > deadline) return { states, waiting };
    await sleep(300);
  }
}

/** One new Certificate from every issuer that can issue here. */
export function newCertificates(): KubeObject[] {
  return PLACED.filter(({ shape }) => shape === 'acme' || shape === 'ca').map(({ scope, manifest }) =>
    acmeCertificate(manifest.name, scope, 'after'),
  );
}
