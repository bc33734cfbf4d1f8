import { describe, expect, it } from 'vitest';
import type { BackupContents } from '../model/backup.ts';
import { parseIncludes } from '../model/include.ts';
import type { KubeObject } from '../model/objects.ts';
import { planObjects } from './actions.ts';
import { bringsCertManager, type IncludedKinds, includedKinds } from './included.ts';
import { readLive } from './live.ts';
import { missingNamedObjects } from './named-objects.ts';
import { contents, indexEntry, issuer, namespace } from './testing/fixtures.ts';
import { MemoryCluster } from './testing/memory-cluster.ts';

const GROUP = 'command-issuer.keyfactor.com';
const RESOURCE = `issuers.${GROUP}`;

/** Called Issuer like cert-manager's own, and with the same name as the sample's. */
const foreign: KubeObject = {
  apiVersion: `${GROUP}/v1alpha1`,
  kind: 'Issuer',
  metadata: { namespace: 'app', name: 'ca' },
  spec: { hostname: 'x.test' },
};
const crd: KubeObject = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: RESOURCE },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: { kind: 'Issuer', plural: 'issuers' },
    versions: [{ name: 'v1alpha1', served: true }],
  },
};

function backup(crds: KubeObject[] = []): BackupContents {
  const parts = contents('web');
  return {
    ...parts,
    crds,
    issuers: [...parts.issuers, foreign],
    index: [...parts.index, indexEntry(foreign, 'issuer')],
  };
}

function target(serves: boolean, ...objects: KubeObject[]): MemoryCluster {
  const cluster = new MemoryCluster(namespace('app'), ...objects);
  if (serves) {
    cluster.paths[`/apis/${GROUP}`] = { versions: [{ version: 'v1alpha1' }] };
    cluster.paths[`/apis/${GROUP}/v1alpha1`] = { resources: [{ name: 'issuers', kind: 'Issuer', namespaced: true }] };
  }
  return cluster;
}

const said = (included: IncludedKinds) => included.problems.map((p) => `${p.severity} ${p.code}`);
const ask = (cluster: MemoryCluster, parts: BackupContents, ...include: string[]) =>
  includedKinds(cluster, parts, parseIncludes(include));

describe('kinds of other groups', () => {
  it('are written where --include names them again, and else named', async () => {
    const cluster = target(true);
    const without = await ask(cluster, backup());
    expect(without.kinds).toEqual([]);
    expect(without.problems).toMatchObject([{ severity: 'warning', code: 'prerequisite' }]);
    expect(without.problems[0]?.fix).toContain(`--include ${RESOURCE}`);
    const included = await ask(cluster, backup(), RESOURCE);
    expect(said(included)).toEqual([]);
    expect(included.kinds).toMatchObject([{ group: GROUP, version: 'v1alpha1', plural: 'issuers', namespaced: true }]);
  });

  it('are not mixed up with cert-manager’s own of the same kind and name', async () => {
    const cluster = target(true, issuer('ca'));
    const included = await ask(cluster, backup(), RESOURCE);
    const live = await readLive(cluster, { namespaces: new Set(['app']), kinds: included.kinds });
    const planned = planObjects({ contents: backup(), live, onConflict: 'fail', included });
    const issuers = planned.filter((item) => item.object.kind === 'Issuer');
    expect(issuers.map((item) => `${item.object.apiVersion} ${item.action}`)).toEqual([
      'cert-manager.io/v1 unchanged',
      `${GROUP}/v1alpha1 create`,
    ]);
  });

  it('need an API that serves them, or their CRD with --include crds', async () => {
    expect(said(await ask(target(false), backup(), RESOURCE))).toEqual(['error prerequisite']);
    expect(said(await ask(target(false), backup([crd]), RESOURCE))).toEqual(['error prerequisite']);
    const brought = await ask(target(false), backup([crd]), RESOURCE, 'crds');
    expect(said(brought)).toEqual([]);
    expect(brought.brought).toEqual(brought.kinds);
    expect(brought.kinds).toMatchObject([{ plural: 'issuers', namespaced: true }]);
  });

  it('that were asked for and are not in the backup are named', async () => {
    const included = await ask(target(true), contents('web'), 'bundles.trust.cert-manager.io', 'crds');
    expect(included.problems.map((p) => p.message.split(':')[0])).toEqual([
      '--include bundles.trust.cert-manager.io',
      '--include crds',
    ]);
  });
});

describe('CRDs', () => {
  const actions = async (cluster: MemoryCluster, ...include: string[]): Promise<string[]> => {
    const parts = backup([crd]);
    const included = await ask(cluster, parts, ...include);
    const live = await readLive(cluster, { namespaces: new Set(['app']), crds: [RESOURCE] });
    return planObjects({ contents: parts, live, onConflict: 'fail', included })
      .filter((item) => item.object.kind === 'CustomResourceDefinition')
      .map((item) => item.action);
  };

  it('are created where they are asked for and absent, and never changed', async () => {
    expect(await actions(target(true))).toEqual(['skip']);
    expect(await actions(target(true), 'crds')).toEqual(['create']);
    const other = { ...crd, spec: { ...(crd.spec as object), scope: 'Cluster' } };
    expect(await actions(target(true, other), 'crds')).toEqual(['keep']);
  });

  it('of cert-manager make a restore possible before it is installed', () => {
    const own = { ...crd, metadata: { name: 'certificates.cert-manager.io' } };
    expect(bringsCertManager(backup([own]), parseIncludes(['crds']))).toBe(true);
    expect(bringsCertManager(backup([own]), parseIncludes([]))).toBe(false);
    expect(bringsCertManager(backup([crd]), parseIncludes(['crds']))).toBe(false);
  });
});

describe('what issuers use of the platform', () => {
  const auth = { kubernetes: { serviceAccountRef: { name: 'login' } } };
  const parentRefs = [{ name: 'edge', namespace: 'infra' }];
  const parts: BackupContents = {
    ...contents('web'),
    issuers: [
      issuer('vault', { vault: { auth } }),
      issuer('acme', { acme: { solvers: [{ http01: { gatewayHTTPRoute: { parentRefs } } }] } }),
    ],
  };
  const missing = async (cluster: MemoryCluster) =>
    (await missingNamedObjects(cluster, parts, 'cert-manager')).map((p) => `${p.severity} ${p.code} ${p.object}`);

  it('is looked for on the target', async () => {
    expect(await missing(target(false))).toEqual([
      'warning prerequisite ServiceAccount/app/login',
      'warning prerequisite Gateway/infra/edge',
    ]);
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: 'app', name: 'login' } };
    expect(await missing(target(false, account))).toEqual(['warning prerequisite Gateway/infra/edge']);
  });

  it('and is found where the Gateway API is there', async () => {
    const gateway = {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'Gateway',
      metadata: { namespace: 'infra', name: 'edge' },
    };
    const cluster = target(false, gateway);
    cluster.paths['/apis/gateway.networking.k8s.io'] = { versions: [{ version: 'v1' }] };
    cluster.paths['/apis/gateway.networking.k8s.io/v1'] = {
      resources: [{ name: 'gateways', kind: 'Gateway', namespaced: true }],
    };
    expect(await missing(cluster)).toEqual(['warning prerequisite ServiceAccount/app/login']);
  });
});
