import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readBackup } from '../../src/archive/read.ts';
import { type BackupRequest, backup } from '../../src/backup/backup.ts';
import type { Cluster } from '../../src/cluster/client.ts';
import { connect } from '../../src/cluster/connect.ts';
import { CERTIFICATE, CERTIFICATE_REQUEST, CRD, ISSUER, SECRET } from '../../src/model/kinds.ts';
import type { Certificate, KubeObject } from '../../src/model/objects.ts';
import { silent, systemClock } from '../../src/model/progress.ts';
import type { Report } from '../../src/model/report.ts';
import { plan } from '../../src/restore/plan.ts';
import { type RestoreRequest, restore } from '../../src/restore/restore.ts';
import { verify } from '../../src/verify/verify.ts';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import fixture from '../fixtures/crds/references.json' with { type: 'json' };
import { backupRequest } from '../support/backup-request.ts';
import { incoherences } from '../support/coherence.ts';
import { apply, CERTIFICATE_COUNT, CERTIFICATES, fillCompany, waitReady } from '../support/company.ts';
import { type CrdSpec, referenceFields } from '../support/schema-references.ts';

/** What a backup takes besides cert-manager's own kinds, and that what it takes is of one moment; on real clusters. */

const PCA = 'awspca.cert-manager.io';
const TRUST = 'trust.cert-manager.io';
const ISSUERS_OF_PCA = `awspcaissuers.${PCA}`;
const CLUSTER_ISSUERS_OF_PCA = `awspcaclusterissuers.${PCA}`;
const BUNDLES = `bundles.${TRUST}`;

/** Two issuers in the shape of AWS Private CA's, and a bundle in that of trust-manager's. */
const CRDS = [
  crd(PCA, 'v1beta1', 'AWSPCAIssuer', true),
  crd(PCA, 'v1beta1', 'AWSPCAClusterIssuer', false),
  crd(TRUST, 'v1alpha1', 'Bundle', false),
];

function crd(group: string, version: string, kind: string, namespaced: boolean): KubeObject {
  const plural = `${kind.toLowerCase()}s`;
  const free = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: namespaced ? 'Namespaced' : 'Cluster',
      names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` },
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: 'object', properties: { spec: free, status: free } } },
          subresources: { status: {} },
        },
      ],
    },
  };
}

const secret = (namespace: string, name: string, more: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace, name },
  stringData: { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key' },
  ...more,
});

const pcaIssuer = (namespace: string, name: string, secretRef: Record<string, unknown>): KubeObject => ({
  apiVersion: `${PCA}/v1beta1`,
  kind: namespace === '' ? 'AWSPCAClusterIssuer' : 'AWSPCAIssuer',
  metadata: namespace === '' ? { name } : { namespace, name },
  spec: { arn: 'arn:aws:acm-pca:eu-central-1:1:certificate-authority/x', region: 'eu-central-1', secretRef },
});

const EXTERNAL: KubeObject[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'aws' } },
  secret('platform', 'pca-credentials'),
  secret('platform', 'pca-decoy'),
  secret('aws', 'pca-credentials'),
  secret('aws', 'pca-idle'),
  secret('cert-manager', 'bundle-source'),
  pcaIssuer('platform', 'pca', { name: 'pca-credentials' }),
  pcaIssuer('', 'pca-global', { namespace: 'aws', name: 'pca-credentials' }),
  pcaIssuer('', 'pca-idle', { namespace: 'aws', name: 'pca-idle' }),
  {
    apiVersion: `${TRUST}/v1alpha1`,
    kind: 'Bundle',
    metadata: { name: 'company' },
    spec: { sources: [{ secret: { name: 'bundle-source', key: 'ca.crt' } }], target: { configMap: { key: 'ca' } } },
  },
];

let test: TestCluster;
let cluster: Cluster;
let home: string;

beforeAll(async () => {
  test = await startCluster('capture');
  cluster = await connect({ kubeconfigPath: test.kubeconfig, env: {} });
  await fillCompany(test);
  await apply(test, CRDS);
  await test.kubectl(['wait', '--for=condition=Established', 'crd', ISSUERS_OF_PCA, CLUSTER_ISSUERS_OF_PCA, BUNDLES]);
  await apply(test, EXTERNAL);
  await issuedBy('platform', 'by-pca', { group: PCA, kind: 'AWSPCAIssuer', name: 'pca' });
  await issuedBy('shop', 'by-pca-global', { group: PCA, kind: 'AWSPCAClusterIssuer', name: 'pca-global' });
  await waitReady(test, CERTIFICATE_COUNT + 2);
});
afterAll(async () => {
  await cluster?.close();
  await test?.stop();
});
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'certkeep-e2e-capture-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

/** A Certificate that an issuer of another group has issued before: its Secret stands, so nothing is asked of anybody. */
async function issuedBy(
  namespace: string,
  name: string,
  ref: { group: string; kind: string; name: string },
): Promise<void> {
  const donor = await cluster.get(SECRET, 'platform', 'metrics-tls');
  const annotations = {
    'cert-manager.io/certificate-name': name,
    'cert-manager.io/issuer-name': ref.name,
    'cert-manager.io/issuer-kind': ref.kind,
    'cert-manager.io/issuer-group': ref.group,
  };
  const labels = { 'controller.cert-manager.io/fao': 'true' };
  const metadata = { namespace, name: `${name}-tls`, annotations, labels };
  await apply(test, [{ apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata, data: donor?.data }]);
  await sleep(500);
  await apply(test, [
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: { namespace, name },
      spec: {
        secretName: `${name}-tls`,
        issuerRef: ref,
        dnsNames: ['metrics.platform.svc'],
        privateKey: { algorithm: 'ECDSA', size: 256 },
      },
    },
  ]);
}

function run(more: Partial<BackupRequest> = {}): Promise<Report> {
  return backup(backupRequest(cluster, join(home, 'out'), more));
}

const open = (directory = join(home, 'out')) => readBackup({ path: directory, identities: [] });

const names = (objects: readonly KubeObject[]) =>
  objects.map((o) => `${o.metadata.namespace ?? ''}/${o.metadata.name}`).sort();

const problems = (report: Report, severity = 'error') =>
  report.problems.filter((p) => p.severity === severity).map((p) => `${p.code} ${p.object ?? ''}`.trim());

/** What the backup has beyond the company and the leaves of Certificates. */
const beyond = (all: readonly KubeObject[]) =>
  names(all).filter((name) => !name.endsWith('-tls') && name !== 'shop/keystore-password');

/** Puts objects on the cluster for the time of one piece of work. */
async function having<T>(objects: KubeObject[], work: () => Promise<T>): Promise<T> {
  await apply(test, objects);
  try {
    return await work();
  } finally {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    await test.kubectl(['delete', '--ignore-not-found', '-f', '-'], { input });
  }
}

describe('issuers of other groups', () => {
  it('come with the Secrets that their fields name, and with no others', async () => {
    const report = await run();
    expect(report, JSON.stringify(report.problems)).toMatchObject({ exitCode: 0, verdict: 'complete' });
    const { contents, manifest } = await open();
    const foreign = contents.issuers.filter((i) => i.apiVersion.startsWith(PCA));
    expect(names(foreign)).toEqual(['/pca-global', '/pca-idle', 'platform/pca']);
    expect(beyond(contents.secrets)).toEqual(['aws/pca-credentials', 'aws/pca-idle', 'platform/pca-credentials']);
    expect(manifest.scope.include).toEqual([CLUSTER_ISSUERS_OF_PCA, ISSUERS_OF_PCA]);
    const entry = contents.index.find(
      (e) => e.kind === 'Secret' && e.namespace === 'platform' && e.name.startsWith('pca'),
    );
    expect(entry).toMatchObject({
      role: 'issuer-secret',
      referencedFrom: ['AWSPCAIssuer/platform/pca:spec.secretRef'],
    });
    expect(names(contents.namespaces)).toContain('/aws');
    expect(manifest.leftOut?.unreferencedSecrets).toBeGreaterThanOrEqual(3);
    expect(manifest.leftOut?.webhookCas).toBe(1);
  });

  it('are those of the scope only where one is given', async () => {
    const report = await run({ namespaces: ['platform'] });
    expect(report.exitCode, JSON.stringify(report.problems)).toBe(0);
    const { contents } = await open();
    expect(names(contents.issuers.filter((i) => i.apiVersion.startsWith(PCA)))).toEqual(['platform/pca']);
    expect(beyond(contents.secrets)).toEqual(['platform/pca-credentials']);
  });

  it('are errors where they do not exist, of whatever kind', async () => {
    const lost = { group: PCA, kind: 'AWSPCAIssuer', name: 'lost' };
    const nobody = { group: 'nobody.example.com', kind: 'Issuer', name: 'x' };
    await issuedBy('media', 'by-lost', lost);
    await issuedBy('media', 'by-nobody', nobody);
    try {
      const report = await run();
      expect(report.exitCode).toBe(6);
      expect(problems(report).sort()).toEqual([
        'missing-issuer AWSPCAIssuer/media/lost',
        'missing-issuer Issuer/media/x',
      ]);
      const accepted = await run({ allowMissing: ['AWSPCAIssuer/media/lost', 'Issuer/media/x'] });
      expect(accepted.exitCode, JSON.stringify(accepted.problems)).toBe(0);
    } finally {
      await test.kubectl(['delete', 'certificate', '-n', 'media', 'by-lost', 'by-nobody']);
    }
  });

  it('are in one API that is down: that is an error only where it is needed', async () => {
    const dead: KubeObject = {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1.dead.example.com' },
      spec: {
        group: 'dead.example.com',
        version: 'v1',
        groupPriorityMinimum: 100,
        versionPriority: 100,
        insecureSkipTLSVerify: true,
        service: { namespace: 'media', name: 'nobody' },
      },
    };
    await having([dead], async () => {
      expect(await run()).toMatchObject({ exitCode: 0 });
      await issuedBy('media', 'by-dead', { group: 'dead.example.com', kind: 'DeadIssuer', name: 'x' });
      try {
        const failing = run({ directory: join(home, 'second') });
        await expect(failing).rejects.toMatchObject({ code: 'api-unavailable', exitCode: 6 });
        await expect(failing).rejects.toThrow('dead.example.com');
        const allowMissing = ['DeadIssuer/media/x'];
        expect(await run({ directory: join(home, 'third'), allowMissing })).toMatchObject({ exitCode: 0 });
      } finally {
        await test.kubectl(['delete', 'certificate', '-n', 'media', 'by-dead']);
      }
    });
  });
});

describe('--include', () => {
  it('takes objects of other kinds with what they name, and the CRDs of all kinds', async () => {
    const report = await run({ include: [BUNDLES, 'crds'] });
    expect(report.exitCode, JSON.stringify(report.problems)).toBe(0);
    const { contents, manifest } = await open();
    expect(names(contents.issuers)).toContain('/company');
    expect(contents.index.find((e) => e.kind === 'Bundle')?.role).toBe('included');
    expect(beyond(contents.secrets)).toContain('cert-manager/bundle-source');
    expect(names(contents.crds).map((name) => name.slice(1))).toEqual(
      [
        CLUSTER_ISSUERS_OF_PCA,
        ISSUERS_OF_PCA,
        BUNDLES,
        'certificaterequests.cert-manager.io',
        'certificates.cert-manager.io',
        'challenges.acme.cert-manager.io',
        'clusterissuers.cert-manager.io',
        'issuers.cert-manager.io',
        'orders.acme.cert-manager.io',
      ].sort(),
    );
    expect(manifest.scope.include).toEqual([CLUSTER_ISSUERS_OF_PCA, ISSUERS_OF_PCA, BUNDLES, 'crds']);
  });

  it('names what the cluster does not serve', async () => {
    const failing = run({ include: ['policies.example.com'] });
    await expect(failing).rejects.toMatchObject({ code: 'api-unavailable', exitCode: 6 });
    await expect(failing).rejects.toThrow('policies.example.com');
  });
});

describe('what else names a Secret', () => {
  it('the annotation inject-ca-from-secret, where the Secret allows it', async () => {
    const webhook = (name: string, from: string): KubeObject => ({
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name, annotations: { 'cert-manager.io/inject-ca-from-secret': from } },
      webhooks: [],
    });
    const allow = { 'cert-manager.io/allow-direct-injection': 'true' };
    const objects = [
      secret('shop', 'injected', { metadata: { namespace: 'shop', name: 'injected', annotations: allow } }),
      secret('shop', 'not-injected'),
      webhook('one', 'shop/injected'),
      webhook('two', 'shop/not-injected'),
      webhook('three', 'shop/absent'),
    ];
    await having(objects, async () => {
      const report = await run();
      expect(report.exitCode, JSON.stringify(report.problems)).toBe(0);
      const { contents } = await open();
      expect(beyond(contents.secrets).filter((name) => name.startsWith('shop/'))).toEqual(['shop/injected']);
      const entry = contents.index.find((e) => e.name === 'injected');
      expect(entry?.referencedFrom).toEqual([
        'ValidatingWebhookConfiguration/one:metadata.annotations[cert-manager.io/inject-ca-from-secret]',
      ]);
      expect(problems(report, 'note')).toEqual(
        expect.arrayContaining(['missing-secret Secret/shop/not-injected', 'missing-secret Secret/shop/absent']),
      );
    });
  });

  it('an issuer, whose Secret is of a type that no backup holds', async () => {
    const auth = { tokenSecretRef: { name: 'odd', key: 'AWS_ACCESS_KEY_ID' } };
    const objects = [
      secret('media', 'odd', { type: 'example.com/token' }),
      {
        apiVersion: 'cert-manager.io/v1',
        kind: 'Issuer',
        metadata: { namespace: 'media', name: 'vault' },
        spec: { vault: { server: 'https://vault.test', path: 'pki/sign/x', auth } },
      },
    ];
    await having(objects, async () => {
      const report = await run();
      expect(report.exitCode).toBe(6);
      expect(problems(report)).toEqual(['missing-secret Secret/media/odd']);
      expect(report.problems.find((p) => p.severity === 'error')?.fix).toContain('Opaque');
    });
  });
});

describe('the table of reference paths', () => {
  it.each(['issuers', 'clusterissuers', 'certificates'])('was made from the schema of %s', async (plural) => {
    const served = await cluster.get(CRD, undefined, `${plural}.cert-manager.io`);
    const holder = plural === 'certificates' ? 'certificate' : 'issuer';
    expect(referenceFields(served?.spec as unknown as CrdSpec)).toEqual(fixture['1.21.2'][holder]);
  });
});

describe('a backup while Certificates are reissued', () => {
  const REISSUES = 50;

  it(`pairs each Certificate with its own Secret and request, during ${REISSUES} reissues`, async () => {
    const victims = CERTIFICATES.filter((c) => c.metadata.namespace !== 'cert-manager');
    let issued = 0;
    let ended = false;
    const reissuing = (async () => {
      for (; issued < REISSUES; issued++) {
        const { namespace = '', name } = victims[issued % victims.length]?.metadata ?? { name: '' };
        await reissue(namespace, name);
        await sleep(300);
      }
      ended = true;
    })();
    let backups = 0;
    const seen = new Set<string>();
    while (!ended || backups < 10) {
      const directory = join(home, `out-${backups}`);
      const report = await run({ directory });
      expect(problems(report)).toEqual([]);
      const { contents } = await open(directory);
      expect(incoherences(contents)).toEqual([]);
      for (const entry of contents.index) if (entry.baseline?.leaf) seen.add(entry.baseline.leaf.sha256);
      backups += 1;
    }
    await reissuing;
    await waitReady(test, CERTIFICATE_COUNT + 2);
    // The backups have met the reissues: they hold many more leaves than there are Certificates.
    expect(seen.size).toBeGreaterThan(CERTIFICATE_COUNT + 10);
  });

  it('waits for issuances in progress when told to', async () => {
    await Promise.all(CERTIFICATES.slice(1).map(({ metadata }) => reissue(metadata.namespace ?? '', metadata.name)));
    const report = await run({ wait: true, timeoutMs: 60_000 });
    expect(report.problems.map((p) => p.code)).not.toContain('certificate-in-issuance');
    expect(incoherences((await open()).contents)).toEqual([]);
  });

  it('waits no longer than it was told to, and says what is not done', async () => {
    const stuck: KubeObject = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      metadata: {
        namespace: 'media',
        name: 'stuck',
        annotations: { 'cert-manager.io/issue-temporary-certificate': 'true' },
      },
      spec: {
        secretName: 'stuck-temporary',
        issuerRef: { name: 'acme' },
        dnsNames: ['stuck.example.com'],
      },
    };
    // Its server does not answer, so the request stays pending.
    const acme: KubeObject = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Issuer',
      metadata: { namespace: 'media', name: 'acme' },
      spec: { acme: { server: 'https://localhost:1/dir', privateKeySecretRef: { name: 'acme-account' }, solvers: [] } },
    };
    await having([acme, stuck], async () => {
      while ((await cluster.get(SECRET, 'media', 'stuck-temporary')) === undefined) await sleep(200);
      const began = Date.now();
      const report = await run({ wait: true, timeoutMs: 3_000 });
      expect(Date.now() - began).toBeLessThan(10_000);
      expect(report.exitCode, JSON.stringify(report.problems)).toBe(0);
      expect(problems(report, 'warning')).toEqual(
        expect.arrayContaining([
          'certificate-in-issuance Certificate/media/stuck',
          'temporary-certificate Certificate/media/stuck',
        ]),
      );
      const { contents } = await open();
      // Neither the request in progress nor its key is carried over.
      expect(contents.requests.filter((r) => r.metadata.name.startsWith('stuck'))).toEqual([]);
      expect(contents.index.find((e) => e.name === 'stuck')?.baseline?.nextPrivateKeySecrets).toHaveLength(1);
      expect(names(contents.secrets).filter((name) => /^media\/stuck-(?!temporary)/.test(name))).toEqual([]);
    });
    await test.kubectl(['delete', 'secret', '-n', 'media', 'stuck-temporary']);
  });

  /** What `cmctl renew` does. */
  async function reissue(namespace: string, name: string): Promise<void> {
    for (;;) {
      const live = (await cluster.get(CERTIFICATE, namespace, name)) as Certificate;
      const conditions = (live.status?.conditions ?? []).filter((c) => c.type !== 'Issuing');
      const issuing = {
        type: 'Issuing',
        status: 'True',
        reason: 'ManuallyTriggered',
        message: 'by a test',
        lastTransitionTime: new Date().toISOString().replace(/\.\d+Z/, 'Z'),
        observedGeneration: live.metadata.generation,
      };
      const { resourceVersion } = live.metadata;
      const patch = { metadata: { resourceVersion }, status: { conditions: [...conditions, issuing] } };
      try {
        await cluster.mergePatch(CERTIFICATE, namespace, name, patch, { subresource: 'status' });
        return;
      } catch {
        // cert-manager wrote it in between.
      }
    }
  }
});

describe('Certificates that own their Secrets', () => {
  it('are warned of, since an uninstallation with the CRDs takes both', async () => {
    await test.certManager('1.21.2', { values: { enableCertificateOwnerRef: true } });
    try {
      while ((await cluster.get(SECRET, 'shop', 'web-tls'))?.metadata.ownerReferences === undefined) await sleep(200);
      const report = await run();
      expect(report.exitCode).toBe(0);
      expect(problems(report, 'warning')).toEqual(['owned-secrets']);
      const { contents } = await open();
      expect(contents.secrets.some((s) => s.metadata.ownerReferences !== undefined)).toBe(false);
    } finally {
      await test.certManager('1.21.2');
    }
  });
});

describe('a restore to a cluster that has nothing', () => {
  let empty: TestCluster;
  let to: Cluster;
  let path: string;

  beforeAll(async () => {
    path = join(await mkdtemp(join(tmpdir(), 'certkeep-e2e-capture-')), 'out');
    empty = await startCluster('capture-empty', { certManager: null });
    to = await connect({ kubeconfigPath: empty.kubeconfig, env: {} });
  });
  afterAll(async () => {
    await to?.close();
    await empty?.stop();
    await rm(join(path, '..'), { recursive: true, force: true });
  });

  function request(include: string[]): RestoreRequest {
    return {
      cluster: to,
      path,
      identities: [],
      include,
      clusterResourceNamespace: 'cert-manager',
      onConflict: 'fail',
      failOnReissue: true,
      canary: true,
      clock: systemClock,
      progress: silent,
      toolVersion: '0.0.0',
      timeoutMs: 5_000,
    };
  }

  it('brings the CRDs and the kinds that are asked for, and nothing is reissued once cert-manager is there', async () => {
    await expect(run({ cluster: to })).rejects.toMatchObject({ code: 'cert-manager-not-installed', exitCode: 6 });
    const kubernetes = { serviceAccountRef: { name: 'vault-login' }, role: 'x', mountPath: '/v1/auth/kubernetes' };
    const vault: KubeObject = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Issuer',
      metadata: { namespace: 'media', name: 'vault' },
      spec: { vault: { server: 'https://vault.invalid', path: 'pki/sign/x', auth: { kubernetes } } },
    };
    const report = await having([vault], () => run({ directory: path, include: ['crds', BUNDLES] }));
    expect(report.exitCode, JSON.stringify(report.problems)).toBe(0);

    await expect(plan(request([]))).rejects.toMatchObject({ code: 'cert-manager-not-installed' });
    const planned = await plan(request(['crds', BUNDLES]));
    expect(planned.exitCode, JSON.stringify(planned.problems)).toBe(0);
    const skipped = planned.objects?.filter((o) => o.action === 'skip').map((o) => o.kind);
    expect([...new Set(skipped)].sort()).toEqual(['AWSPCAClusterIssuer', 'AWSPCAIssuer', 'Certificate']);
    expect(problems(planned, 'warning')).toContain('prerequisite ServiceAccount/media/vault-login');
    expect(planned.problems.filter((p) => p.fix.includes(ISSUERS_OF_PCA))).toHaveLength(1);

    const everything = request(['crds', BUNDLES, ISSUERS_OF_PCA, CLUSTER_ISSUERS_OF_PCA]);
    const restored = await restore(everything);
    expect(restored.exitCode, JSON.stringify(restored.problems)).toBe(8);
    expect(problems(restored)).not.toContain('conflict');
    const resources = [ISSUERS_OF_PCA, CLUSTER_ISSUERS_OF_PCA, BUNDLES].join(',');
    const { stdout } = await empty.kubectl(['get', resources, '-A', '-o', 'name']);
    expect(stdout.trim().split('\n').sort()).toEqual([
      `awspcaclusterissuer.${PCA}/pca-global`,
      `awspcaclusterissuer.${PCA}/pca-idle`,
      `awspcaissuer.${PCA}/pca`,
      `bundle.${TRUST}/company`,
    ]);

    await empty.kubectl(['create', 'serviceaccount', '-n', 'media', 'vault-login']);
    await empty.certManager('1.21.2');
    await waitReady(empty, CERTIFICATE_COUNT + 1);
    const again = await plan(everything);
    expect(problems(again)).toEqual([]);
    expect(problems(again, 'warning')).not.toContain('prerequisite ServiceAccount/media/vault-login');
    expect(again.objects?.filter((o) => !['unchanged', 'keep', 'skip'].includes(o.action))).toEqual([]);
    const proof = await verify({
      cluster: to,
      backup: await readBackup({ path, identities: [] }),
      namespaces: [],
      canary: true,
      failOnReissue: true,
      failOnRenewal: false,
      clock: systemClock,
      progress: silent,
      toolVersion: '0.0.0',
    });
    expect(proof.certificates.filter((c) => !['unchanged', 'awaiting-maker'].includes(c.verdict ?? ''))).toEqual([]);
    expect((await to.list(CERTIFICATE_REQUEST)).items.map((r) => r.metadata.name)).toEqual([]);
    expect((await to.list(ISSUER)).items.length).toBe(3);
  });
});
