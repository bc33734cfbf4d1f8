import { describe, expect, it } from 'vitest';
import { silent } from '../model/progress.ts';
import { readClusterState } from './capture.ts';
import { buildContents } from './contents.ts';
import { MemoryCluster } from './memory-cluster.ts';
import { namespacesOf } from './namespaces.ts';
import { readMakers, shimOwner } from './owners.ts';
import { certificate, issuer, leafSecret, namespace, request } from './samples.ts';

const managedFields = [
  { manager: 'kubectl', operation: 'Apply', apiVersion: 'cert-manager.io/v1', fieldsV1: { 'f:spec': {} } },
  { manager: 'cert-manager-certificates-readiness', operation: 'Update', subresource: 'status' },
];
const ingress = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  metadata: {
    namespace: 'a',
    name: 'shop',
    uid: 'uid-shop',
    annotations: { 'cert-manager.io/cluster-issuer': 'global', 'nginx.test/snippet': 'Authorization: Basic c2VjcmV0' },
  },
};
const shopOwner = {
  apiVersion: 'networking.k8s.io/v1',
  kind: 'Ingress',
  name: 'shop',
  uid: 'uid-shop',
  controller: true,
};

async function build() {
  const web = certificate(
    'a',
    'web',
    {},
    {
      metadata: { managedFields, generation: 3 },
      status: {
        revision: 2,
        conditions: [
          { type: 'Ready', status: 'True' },
          { type: 'Issuing', status: 'False', reason: 'Failed' },
        ],
      },
    },
  );
  const leaf = leafSecret('a', 'web-tls', 'web');
  leaf.metadata.labels = { 'controller.cert-manager.io/fao': 'false', mine: 'kept' };
  leaf.metadata.ownerReferences = [{ apiVersion: 'v1', kind: 'X', name: 'x', uid: 'gone' }];
  leaf.metadata.annotations = {
    ...leaf.metadata.annotations,
    'kubectl.kubernetes.io/last-applied-configuration': '{}',
  };
  const cluster = new MemoryCluster([
    namespace('a', { 'pod-security.kubernetes.io/enforce': 'restricted', team: 'x' }),
    namespace('default'),
    namespace('unused'),
    issuer('a', 'ca', { ca: { secretName: 'web-tls' } }),
    web,
    certificate('a', 'shop', {}, { metadata: { ownerReferences: [shopOwner] } }),
    leaf,
    leafSecret('a', 'shop-tls', 'shop'),
    request('a', 'web', 1),
    request('a', 'web', 2),
    ingress,
  ]);
  const state = await readClusterState(cluster, { namespaces: [], secrets: 'required', settleMs: 0, progress: silent });
  const secrets = [...state.secrets.values()].map((secret) => ({
    secret,
    role: 'leaf-secret' as const,
    referencedFrom: [`Certificate/a/x:spec.secretName`],
    leaf: true,
  }));
  return {
    cluster,
    contents: buildContents(state, {
      namespaces: await namespacesOf(cluster, state, [...state.issuers, ...state.certificates]),
      secrets,
      issuers: state.issuers,
      foreign: [],
      crds: [],
      makers: await readMakers(cluster, state.certificates, []),
      clusterResourceNamespace: 'cert-manager',
    }),
  };
}

describe('buildContents', () => {
  it('makes objects portable', async () => {
    const { contents } = await build();
    const [web] = contents.certificates;
    expect(web).not.toHaveProperty('status');
    expect(Object.keys(web?.metadata ?? {}).sort()).toEqual(['name', 'namespace']);
    const leaf = contents.secrets.find((s) => s.metadata.name === 'web-tls');
    expect(leaf?.type).toBe('kubernetes.io/tls');
    expect(leaf?.metadata.labels).toEqual({ 'controller.cert-manager.io/fao': 'true', mine: 'kept' });
    expect(Object.keys(leaf?.metadata.annotations ?? {})).not.toContain(
      'kubectl.kubernetes.io/last-applied-configuration',
    );
    expect(leaf?.metadata.annotations).toMatchObject({ 'cert-manager.io/certificate-name': 'web' });
    expect(leaf?.metadata).not.toHaveProperty('ownerReferences');
  });

  it('takes the namespaces that hold something, without what the target decides', async () => {
    const { contents } = await build();
    expect(contents.namespaces).toEqual([
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a', labels: { team: 'x' } } },
    ]);
  });

  it('records Certificates that an Ingress makes apart, with their maker', async () => {
    const { contents } = await build();
    expect(contents.certificates.map((c) => c.metadata.name)).toEqual(['web']);
    expect(contents.derived.map((c) => c.metadata.name)).toEqual(['shop']);
    expect(contents.index.find((e) => e.name === 'shop' && e.kind === 'Certificate')).toMatchObject({
      role: 'derived-certificate',
      ownerReferences: [shopOwner],
      maker: { kind: 'Ingress', name: 'shop', annotations: { 'cert-manager.io/cluster-issuer': 'global' } },
      baseline: { secretName: 'shop-tls' },
    });
    expect(JSON.stringify(contents.index)).not.toContain('Basic c2VjcmV0');
  });

  it('keeps of status what is put back, and only the current request', async () => {
    const { contents } = await build();
    expect(contents.status.find((s) => s.name === 'web')?.status).toEqual({
      revision: 2,
      conditions: [{ type: 'Issuing', status: 'False', reason: 'Failed' }],
    });
    expect(contents.status.find((s) => s.kind === 'Issuer')?.status).toEqual({
      conditions: [{ type: 'Ready', status: 'True' }],
    });
    expect(contents.requests.map((r) => r.metadata.name)).toEqual(['web-2']);
    expect(contents.requests[0]?.metadata.uid).toBeDefined();
  });

  it('keeps managers without those of subresources', async () => {
    const { contents } = await build();
    expect(contents.managedFields).toEqual([
      {
        apiVersion: 'cert-manager.io/v1',
        kind: 'Certificate',
        namespace: 'a',
        name: 'web',
        managedFields: managedFields.slice(0, 1),
      },
    ]);
    expect(contents.index.find((e) => e.name === 'web')?.managers).toEqual([
      { manager: 'kubectl', operation: 'Apply' },
    ]);
  });

  it('has one index entry an object', async () => {
    const { contents } = await build();
    const names = contents.index.map((e) => `${e.role} ${e.kind} ${e.name}`);
    expect(names).toEqual([
      'namespace Namespace a',
      'leaf-secret Secret web-tls',
      'leaf-secret Secret shop-tls',
      'issuer Issuer ca',
      'certificate Certificate web',
      'derived-certificate Certificate shop',
    ]);
    expect(contents.index.find((e) => e.kind === 'Issuer')?.issuer?.caSha256).toMatch(/^[0-9a-f]{64}$/);
  });
});

describe('shimOwner', () => {
  const owned = (kind: string, apiVersion: string, controller = true) =>
    shimOwner(
      certificate(
        'a',
        'x',
        {},
        { metadata: { ownerReferences: [{ kind, apiVersion, name: 'x', uid: 'u', controller }] } },
      ),
    )?.kind;

  it('knows the kinds that cert-manager makes Certificates from', () => {
    expect(owned('Ingress', 'networking.k8s.io/v1')).toBe('Ingress');
    expect(owned('Gateway', 'gateway.networking.k8s.io/v1beta1')).toBe('Gateway');
    expect(owned('ListenerSet', 'gateway.networking.k8s.io/v1')).toBe('ListenerSet');
    expect(owned('Gateway', 'networking.istio.io/v1')).toBeUndefined();
    expect(owned('KnativeService', 'serving.knative.dev/v1')).toBeUndefined();
    expect(owned('Ingress', 'networking.k8s.io/v1', false)).toBeUndefined();
  });
});
