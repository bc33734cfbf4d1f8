import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenedBackup, readBackup } from '../../src/archive/read.ts';
import { backup } from '../../src/backup/backup.ts';
import { discoverCertManager } from '../../src/cluster/certmanager.ts';
import type { Cluster } from '../../src/cluster/client.ts';
import { connect } from '../../src/cluster/connect.ts';
import { explainApiError } from '../../src/cluster/errors.ts';
import { clusterUid, kubernetesVersion } from '../../src/cluster/identity.ts';
import { CERTIFICATE, CERTIFICATE_REQUEST, SECRET } from '../../src/model/kinds.ts';
import type { KubeObject } from '../../src/model/objects.ts';
import { silent, systemClock } from '../../src/model/progress.ts';
import type { Report } from '../../src/model/report.ts';
import { type VerifyRequest, verify } from '../../src/verify/verify.ts';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import { apply, CERTIFICATE_COUNT, fillCompany, INGRESS, INGRESS_CERTIFICATE, waitReady } from '../support/company.ts';

/** The connection and `verify` against a real API server and a real controller: barrier, evidence, verdicts. */

let test: TestCluster;
let cluster: Cluster;
let baseline: OpenedBackup;
const directory = mkdtempSync(join(tmpdir(), 'certkeep-verify-'));
let taken = 0;

/** A new baseline of the cluster as it is. */
async function takeBackup(): Promise<OpenedBackup> {
  taken += 1;
  const path = join(directory, String(taken));
  const report = await backup({
    cluster,
    directory: path,
    namespaces: [],
    secrets: 'none',
    recipients: [],
    encrypt: 'secrets',
    allowPlaintextSecrets: false,
    allowMissing: [],
    allowEmpty: false,
    wait: true,
    toolVersion: '0',
    clock: systemClock,
    progress: silent,
  });
  expect(report.exitCode, JSON.stringify(report.problems)).toBe(0);
  return readBackup({ path, identities: [] });
}

const run = (more: Partial<VerifyRequest> = {}): Promise<Report> =>
  verify({
    cluster,
    backup: baseline,
    namespaces: [],
    canary: true,
    failOnReissue: true,
    failOnRenewal: false,
    clock: systemClock,
    progress: silent,
    toolVersion: '0',
    ...more,
  });

const other = (report: Report): string[] =>
  report.certificates.filter((c) => c.verdict !== 'unchanged').map((c) => `${c.namespace}/${c.name} ${c.verdict}`);
const told = (report: Report): string =>
  JSON.stringify([report.problems, report.certificates.map((c) => c.message)], null, 1);

async function canaryTraces(): Promise<string[]> {
  const namespace = 'cert-manager';
  const lists = await Promise.all(
    [CERTIFICATE, CERTIFICATE_REQUEST, SECRET].map((kind) => cluster.list(kind, { namespace })),
  );
  return lists
    .flatMap((list) => list.items.map((object) => object.metadata.name))
    .filter((name) => name.includes('canary'));
}

async function waitFor<T>(probe: () => Promise<T | undefined>, seconds = 60): Promise<T> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

const revisionOf = async (namespace: string, name: string): Promise<number | undefined> =>
  ((await cluster.get(CERTIFICATE, namespace, name))?.status as { revision?: number } | undefined)?.revision;

beforeAll(async () => {
  test = await startCluster('verify');
  cluster = await connect({ kubeconfigPath: test.kubeconfig, env: {} });
  await fillCompany(test);
  baseline = await takeBackup();
});
afterAll(async () => {
  await cluster?.close();
  await test?.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe('the connection', () => {
  it('knows the cluster and its cert-manager', async () => {
    expect(await clusterUid(cluster)).toMatch(/^[0-9a-f-]{36}$/);
    expect(await kubernetesVersion(cluster)).toMatch(/^v1\./);
    const info = await discoverCertManager(cluster);
    expect(info).toMatchObject({
      version: 'v1.21.2',
      namespace: 'cert-manager',
      installed: true,
      running: true,
      clusterResourceNamespace: 'cert-manager',
      clusterResourceNamespaceSource: 'controller-arguments',
    });
    expect(info.crds['certificates.cert-manager.io']).toEqual(['v1']);
  });

  it('pages, watches, applies and deletes', async () => {
    const list = await cluster.list(CERTIFICATE, { limit: 5 });
    expect(list.items).toHaveLength(CERTIFICATE_COUNT);
    expect(list.items[0]).toMatchObject({ apiVersion: 'cert-manager.io/v1', kind: 'Certificate' });
    const events: string[] = [];
    const stop = new AbortController();
    const watching = cluster.watch(SECRET, {
      namespace: 'shop',
      resourceVersion: (await cluster.list(SECRET, { namespace: 'shop' })).resourceVersion,
      signal: stop.signal,
      onEvent: (type, object) => events.push(`${type} ${object.metadata.name}`),
    });
    const secret: KubeObject = { apiVersion: 'v1', kind: 'Secret', metadata: { namespace: 'shop', name: 'scratch' } };
    await cluster.apply(SECRET, secret, { fieldManager: 'test' });
    await cluster.mergePatch(SECRET, 'shop', 'scratch', { metadata: { labels: { a: 'b' } } });
    await expect(cluster.create(SECRET, secret)).rejects.toMatchObject({ status: 409, reason: 'AlreadyExists' });
    await cluster.delete(SECRET, 'shop', 'scratch');
    await cluster.delete(SECRET, 'shop', 'scratch');
    await waitFor(async () => (events.length >= 3 ? true : undefined));
    stop.abort();
    expect((await watching).ended).toBe('aborted');
    expect(events).toEqual(['ADDED scratch', 'MODIFIED scratch', 'DELETED scratch']);
  });

  it('explains credentials that the API server does not take', async () => {
    const server = new URL(cluster.server);
    const stranger = await connect({
      kubeconfigText: JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: server.href, 'insecure-skip-tls-verify': true } }],
        users: [{ name: 'u', user: { token: 'expired' } }],
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'c',
      }),
      env: {},
    });
    const error = explainApiError(await stranger.list(CERTIFICATE).catch((e: unknown) => e), 'list Certificates');
    expect(error.code).toBe('unauthorized');
    await stranger.close();
  });

  it('explains a certificate of another CA', async () => {
    const stranger = await connect({
      kubeconfigText: JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: cluster.server } }],
        users: [{ name: 'u', user: { token: 'x' } }],
        contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'c',
      }),
      env: {},
    });
    const error = explainApiError(await clusterUid(stranger).catch((e: unknown) => e), 'read');
    expect(error.code).toBe('unreachable');
    expect(error.message).toContain('not signed by the CA');
    await stranger.close();
  });
});

describe('nothing happened', () => {
  it('is proved behind the barrier, without a trace of the canary', async () => {
    const report = await run();
    expect(report.problems.filter((p) => p.severity !== 'note')).toEqual([]);
    expect(report).toMatchObject({ exitCode: 0, verdict: 'unchanged', barrier: 'passed', certManager: 'v1.21.2' });
    expect(report.certificates).toHaveLength(CERTIFICATE_COUNT);
    expect(other(report)).toEqual([]);
    expect(await canaryTraces()).toEqual([]);
  });

  it('is proved less without a canary', async () => {
    expect(await run({ canary: false })).toMatchObject({ exitCode: 0, verdict: 'unchanged', barrier: 'waived' });
  });

  it('an interrupt leaves no canary behind', async () => {
    for (const ms of [20, 150, 600]) {
      const stop = new AbortController();
      setTimeout(() => stop.abort(), ms);
      await run({ signal: stop.signal }).catch(() => {});
      expect(await canaryTraces()).toEqual([]);
    }
  });
});

describe('the controller is stopped', () => {
  it('ends with 8 while it is scaled to 0, and with 0 once it is back', async () => {
    const scale = (replicas: number) =>
      test.kubectl(['-n', 'cert-manager', 'scale', 'deployment', 'cert-manager', `--replicas=${replicas}`]);
    await scale(0);
    const stopped = await run({ timeoutMs: 15_000 });
    expect(stopped, told(stopped)).toMatchObject({ exitCode: 8, verdict: 'unproven', barrier: 'failed' });
    expect(stopped.problems.map((p) => p.code)).toContain('controller-not-running');
    await scale(1);
    const started = await run();
    expect(started, told(started)).toMatchObject({ exitCode: 0, verdict: 'unchanged', barrier: 'passed' });
  });
});

describe('something happened', () => {
  it('a deleted Secret: exactly that Certificate is reissued, in cert-manager’s words', async () => {
    const before = await revisionOf('shop', 'web');
    await cluster.delete(SECRET, 'shop', 'web-tls');
    await waitFor(async () => ((await revisionOf('shop', 'web')) === (before ?? 0) + 1 ? true : undefined));
    const report = await run();
    expect(report, told(report)).toMatchObject({ exitCode: 3, verdict: 'reissued', barrier: 'passed' });
    expect(other(report)).toEqual(['shop/web reissued']);
    expect(report.certificates.find((c) => c.name === 'web')?.reason).toContain('Secret does not exist');
    expect(await run({ failOnReissue: false })).toMatchObject({ exitCode: 0, verdict: 'reissued' });
    baseline = await takeBackup();
  });

  it('a Secret deleted just before verify begins', async () => {
    await cluster.delete(SECRET, 'api', 'gateway-tls');
    const report = await run();
    expect(report.exitCode, told(report)).toBe(3);
    expect(['api/gateway reissued', 'api/gateway issuing']).toContain(other(report).join());
    await waitReady(test, CERTIFICATE_COUNT);
    baseline = await takeBackup();
  });

  it('an issuance that cannot be finished', async () => {
    await cluster.mergePatch(CERTIFICATE, 'media', 'images', { spec: { issuerRef: { name: 'no-such-issuer' } } });
    const report = await run();
    expect(other(report), told(report)).toEqual(['media/images issuing']);
    expect(report.exitCode).toBe(3);
    await cluster.mergePatch(CERTIFICATE, 'media', 'images', { spec: { issuerRef: { name: 'company-ca' } } });
    await waitReady(test, CERTIFICATE_COUNT);
    await waitFor(async () =>
      other(await run())
        .join()
        .includes('reissued')
        ? true
        : undefined,
    );
    baseline = await takeBackup();
  });

  it('a Certificate deleted, and one whose Ingress is gone', async () => {
    await cluster.delete(CERTIFICATE, 'platform', 'metrics');
    await test.kubectl(['-n', 'shop', 'delete', 'ingress', 'front']);
    const { namespace, name } = INGRESS_CERTIFICATE;
    await waitFor(async () => ((await cluster.get(CERTIFICATE, namespace, name)) === undefined ? true : undefined));
    const report = await run();
    expect(other(report), told(report)).toEqual(['platform/metrics missing', 'shop/shop-front-tls awaiting-maker']);
    expect(report.exitCode).toBe(3);
    await apply(test, [INGRESS]);
    const again = await run({ namespaces: ['shop'] });
    expect(again, told(again)).toMatchObject({ exitCode: 0, verdict: 'unchanged', barrier: 'passed' });
  });
});

describe('rights', () => {
  it('a user who may not make the canary is told which rule is missing', async () => {
    const role = ['get', 'list', 'watch'].flatMap((verb) => ['--verb', verb]);
    await test.kubectl(['create', 'clusterrole', 'looker', ...role, '--resource', '*.*']);
    await test.kubectl(['create', 'clusterrolebinding', 'looker', '--clusterrole', 'looker', '--user', 'looker']);
    const text = (await test.kubectl(['config', 'view', '--raw', '--flatten', '-o', 'json'])).stdout;
    const config = JSON.parse(text) as { users: { user: Record<string, unknown> }[] };
    for (const user of config.users) user.user.as = 'looker';
    const looker = await connect({ kubeconfigText: JSON.stringify(config), env: {} });
    const error = await run({ cluster: looker, namespaces: ['shop'] }).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'forbidden',
      exitCode: 6,
      message: expect.stringContaining('create certificates.cert-manager.io in the namespace cert-manager'),
      fix: expect.stringContaining('certkeep rbac --for verify --namespace shop'),
    });
    await looker.close();
  });
});
