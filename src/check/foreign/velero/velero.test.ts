import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { secretObject } from '../../../../test/fixtures/backups/contents.ts';
import { about, checkPaths, checkText, errors } from '../../../../test/fixtures/foreign/check.ts';
import {
  ingress,
  inOrder,
  leaf,
  list,
  ownedBy,
  request,
  soundExport,
} from '../../../../test/fixtures/foreign/export.ts';
import { veleroEntries, writeTarball } from '../../../../test/fixtures/foreign/tarball.ts';
import {
  certManager,
  crds,
  REQUESTS,
  rbac,
  TUTORIAL_BACKUP,
  veleroObject,
  veleroServer,
} from '../../../../test/fixtures/foreign/velero.ts';
import { temporaryDirectory } from '../../../../test/support/temporary.ts';
import type { KubeObject } from '../../../model/objects.ts';
import type { Report } from '../../../model/report.ts';
import { backupIncludes, backupSpecOf, filterSpec } from './filters.ts';
import { CERTIFICATES, CLUSTER_ISSUERS, CRDS, INGRESSES, SECRETS } from './resources.ts';

const directory = temporaryDirectory('velero-findings');
let count = 0;
const manifests = (...objects: KubeObject[]): Promise<Report> => checkText(list(objects));
async function backup(objects: KubeObject[], ...more: KubeObject[]): Promise<Report> {
  const path = await writeTarball(join(directory, `${++count}.tar.gz`), veleroEntries(objects));
  if (more.length === 0) return checkPaths([path]);
  return checkText(list(more), { paths: [path, '-'] });
}
const codes = (report: Report) => report.problems.map((p) => `${p.severity} ${p.code}`);

describe('a Velero backup', () => {
  it('of Secrets, issuers, Certificates and CRDs is sound', async () => {
    const report = await backup([...crds(), ...inOrder(soundExport())]);
    expect(errors(report)).toEqual([]);
    expect(report).toMatchObject({ exitCode: 0, verdict: 'sound' });
    expect(report.certificates.map((c) => c.prediction)).toEqual(['keep', 'keep']);
  });

  it('has all findings in one run', async () => {
    const made = leaf('shop', 'front-tls');
    made.certificate.metadata.ownerReferences = ownedBy(ingress()) ?? [];
    const report = await backup([
      ...crds('orders.acme.cert-manager.io'),
      ...inOrder(soundExport()),
      certManager(),
      ingress(),
      made.secret,
      made.certificate,
      request('shop', 'web-1'),
      secretObject('cert-manager', 'cert-manager-webhook-ca', {}),
    ]);
    expect(report.exitCode).toBe(4);
    expect(errors(report).map((p) => `${p.code} ${p.object ?? ''}`)).toEqual([
      'requests-included CertificateRequest/shop/web-1',
      'webhook-ca-included Secret/cert-manager/cert-manager-webhook-ca',
      'crds-left-out ',
      'shim-certificate-included Certificate/shop/front-tls',
      'deployment-before-rbac Deployment/cert-manager/cert-manager',
    ]);
  });

  it('does not fear owner references, which Velero takes off', async () => {
    const e = soundExport();
    for (const secret of e.secrets) secret.metadata.ownerReferences = ownedBy(e.certificates[0] as KubeObject) ?? [];
    expect((await backup([...crds(), ...inOrder(e)])).exitCode).toBe(0);
  });

  it('is judged as the Restore that is given with it filters it', async () => {
    const objects = [...crds(), ...inOrder(soundExport()), request('shop', 'web-1')];
    expect((await backup(objects)).exitCode).toBe(4);
    const restore = veleroObject('Restore', { excludedResources: REQUESTS });
    expect(errors(await backup(objects, restore))).toEqual([]);
    const other = veleroObject('Restore', { excludedResources: ['orders.acme.cert-manager.io'] });
    expect((await backup(objects, other)).exitCode).toBe(4);
    const partial = veleroObject('Restore', { includedNamespaces: ['shop'], excludedResources: REQUESTS });
    expect(about(await backup(objects, partial), 'ClusterIssuer/ca')).toEqual(['error missing-issuer']);
  });

  it('misses the ClusterIssuers that were left out', async () => {
    const e = soundExport();
    const report = await backup([
      ...crds(),
      ...inOrder({ ...e, issuers: e.issuers.filter((i) => i.kind === 'Issuer') }),
    ]);
    expect(about(report, 'ClusterIssuer/ca')).toEqual(['error missing-issuer']);
    expect(report.exitCode).toBe(6);
  });

  it('without Secrets has everything reissued', async () => {
    const report = await backup([...crds(), ...inOrder({ ...soundExport(), secrets: [] })]);
    expect(report.exitCode).toBe(6);
    expect(new Set(errors(report).map((p) => p.code))).toEqual(
      new Set(['secrets-not-captured', 'missing-secret', 'would-be-reissued']),
    );
  });

  it.each([
    [undefined, 'warning'],
    ['1.17.1', 'error'],
    ['1.18.3', undefined],
  ])('with cert-manager itself, restored by Velero %s', async (version, severity) => {
    const server = version === undefined ? [] : [veleroServer(version)];
    const report = await backup([...crds(), ...inOrder(soundExport()), certManager(), ...rbac()], ...server);
    const expected = severity === undefined ? [] : [`${severity} deployment-before-rbac`];
    expect(about(report, 'Deployment/cert-manager/cert-manager')).toEqual(expected);
  });
});

describe('a Backup', () => {
  it('as in the tutorial leaves nothing out but warns of Ingress Certificates', async () => {
    const report = await manifests(veleroObject('Backup', TUTORIAL_BACKUP));
    expect(codes(report)).toEqual(['warning shim-certificate-included']);
    expect(report).toMatchObject({ exitCode: 0, verdict: 'sound', certificates: [] });
  });

  interface Case {
    spec: Record<string, unknown>;
    finds: string[];
    exitCode: number;
  }
  const full = { includeClusterResources: true, excludedResources: [...REQUESTS, 'ingresses'] };
  const cases: Case[] = [
    { spec: full, finds: [], exitCode: 0 },
    {
      spec: { ...full, includeClusterResources: undefined, includedNamespaces: ['shop', 'cert-manager'] },
      finds: ['error crds-left-out', 'error cluster-issuers-left-out'],
      exitCode: 6,
    },
    {
      spec: { ...full, includeClusterResources: undefined, excludedNamespaces: ['kube-system'] },
      finds: ['error crds-left-out', 'error cluster-issuers-left-out'],
      exitCode: 6,
    },
    {
      spec: { ...full, includeClusterResources: false },
      finds: ['error crds-left-out', 'error cluster-issuers-left-out'],
      exitCode: 6,
    },
    { spec: { ...full, excludedResources: ['ingresses'] }, finds: ['error requests-included'], exitCode: 4 },
    { spec: { ...full, excludedResources: ['ingresses', 'cr', 'orders.acme', 'challenges'] }, finds: [], exitCode: 0 },
    {
      spec: { ...full, excludedResources: [...REQUESTS, 'ing', 'secret'] },
      finds: ['error secrets-not-captured'],
      exitCode: 6,
    },
    {
      spec: { ...full, labelSelector: { matchLabels: { app: 'web' } } },
      finds: ['warning secrets-not-captured'],
      exitCode: 0,
    },
    { spec: { ...full, includedNamespaces: ['shop*'] }, finds: ['warning missing-secret'], exitCode: 0 },
    { spec: { ...full, excludedNamespaces: ['cert-manager'] }, finds: ['warning missing-secret'], exitCode: 0 },
    // Nothing of cert-manager in it: nothing to say.
    { spec: { includedResources: ['configmaps'] }, finds: [], exitCode: 0 },
    {
      spec: {
        excludedNamespaceScopedResources: [...REQUESTS, 'ingresses'],
        includedClusterScopedResources: ['crds', 'ciss'],
      },
      finds: [],
      exitCode: 0,
    },
    {
      spec: { excludedNamespaceScopedResources: [...REQUESTS, 'ingresses'] },
      finds: ['error crds-left-out', 'error cluster-issuers-left-out'],
      exitCode: 6,
    },
  ];
  it.each(cases)('$spec: $finds', async ({ spec, finds, exitCode }) => {
    const report = await manifests(veleroObject('Backup', spec));
    expect(codes(report)).toEqual(finds);
    expect(report.exitCode).toBe(exitCode);
    const scheduled = await manifests(veleroObject('Schedule', spec));
    expect(codes(scheduled)).toEqual(finds);
  });

  it('takes what Velero takes', () => {
    const inclusions = (spec: Record<string, unknown>) =>
      [CERTIFICATES, SECRETS, INGRESSES, CLUSTER_ISSUERS, CRDS].map((r) => backupIncludes(filterSpec(spec), r));
    expect(inclusions({})).toEqual(['yes', 'yes', 'yes', 'yes', 'yes']);
    expect(inclusions({ includedNamespaces: ['*'] })).toEqual(['yes', 'yes', 'yes', 'yes', 'yes']);
    expect(inclusions({ includedNamespaces: ['a'] })).toEqual(['yes', 'yes', 'yes', 'no', 'related']);
    expect(inclusions({ includedResources: ['*'], excludedNamespaces: ['a'] })).toEqual([
      'yes',
      'yes',
      'yes',
      'no',
      'related',
    ]);
    expect(inclusions({ includedResources: ['certs', 'secrets'] })).toEqual(['yes', 'yes', 'no', 'no', 'no']);
    expect(inclusions({ excludedNamespaceScopedResources: ['*'] })).toEqual(['no', 'no', 'no', 'no', 'related']);
    expect(inclusions({ includedNamespaceScopedResources: ['certificates.cert-manager.io'] })).toEqual([
      'yes',
      'no',
      'no',
      'no',
      'related',
    ]);
    expect(inclusions({ includedClusterScopedResources: ['*'], includedNamespaces: ['a'] })).toEqual([
      'yes',
      'yes',
      'yes',
      'yes',
      'yes',
    ]);
    expect(inclusions({ excludedClusterScopedResources: ['crds'] })).toEqual(['yes', 'yes', 'yes', 'no', 'no']);
  });

  it('of odd shapes throws nothing', () => {
    expect(backupSpecOf({ ...veleroObject('Schedule', {}), spec: { template: 7 } })).toEqual(filterSpec(undefined));
    expect(backupSpecOf(veleroObject('Backup', { includedNamespaces: [1, null, 'a'] })).includedNamespaces).toEqual([
      'a',
    ]);
  });
});

describe('a Restore', () => {
  it('that overwrites what exists', async () => {
    const report = await manifests(
      veleroObject('Restore', { existingResourcePolicy: 'update', excludedResources: REQUESTS }),
    );
    expect(report.exitCode).toBe(4);
    expect(errors(report).map((p) => p.code)).toEqual(['overwrites-live-objects']);
    expect(errors(report)[0]?.message).toContain('webhook');
    const harmless = veleroObject('Restore', {
      existingResourcePolicy: 'update',
      excludedResources: [...REQUESTS, 'secrets', 'certificates'],
    });
    expect((await manifests(harmless)).exitCode).toBe(0);
  });

  it('whose backup is not here may bring requests', async () => {
    expect(codes(await manifests(veleroObject('Restore', {})))).toEqual([
      'warning requests-included',
      'warning status-not-restored',
    ]);
    const both = await manifests(
      veleroObject('Backup', TUTORIAL_BACKUP),
      veleroObject('Restore', { backupName: 'backup' }),
    );
    expect(about(both, 'Restore/velero/restore')).toEqual(['warning status-not-restored']);
  });

  it('that restores the status needs no warning', async () => {
    const spec = {
      excludedResources: REQUESTS,
      restoreStatus: { includedResources: ['certificates.cert-manager.io'] },
    };
    expect(codes(await manifests(veleroObject('Restore', spec)))).toEqual([]);
  });

  it('the first of the tutorial’s two steps is fine', async () => {
    const spec = { excludedResources: [...REQUESTS, 'certificates.cert-manager.io'] };
    expect(codes(await manifests(veleroObject('Restore', spec)))).toEqual([]);
  });

  it('that leaves out Secrets or the objects of the cluster', async () => {
    const spec = { includedNamespaces: ['shop', 'cert-manager'], excludedResources: [...REQUESTS, 'secrets'] };
    const report = await manifests(veleroObject('Restore', spec));
    expect(codes(report)).toEqual([
      'error cluster-issuers-left-out',
      'error secrets-not-captured',
      'warning crds-left-out',
      'warning status-not-restored',
    ]);
  });
});

describe('Velero’s own order of restore', () => {
  const order = (...args: string[]) => manifests(veleroServer('1.18.3', ...args));
  it.each([
    [[], []],
    [['--restore-resource-priorities=namespaces,secrets,-,certificates.cert-manager.io'], []],
    [['--restore-resource-priorities', 'namespaces,configmaps'], ['error restore-order']],
    [['--restore-resource-priorities=certificates.cert-manager.io,secrets'], ['error restore-order']],
    [['--restore-resource-priorities=ingresses.networking.k8s.io,secrets'], ['error restore-order']],
    [['--restore-resource-priorities=namespaces,-,secrets'], ['error restore-order']],
  ])('%j', async (args, finds) => expect(codes(await order(...args))).toEqual(finds));
});
