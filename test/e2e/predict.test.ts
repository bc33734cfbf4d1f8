import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CertificateReport, Report } from '../../src/model/report.ts';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import { certkeep, type RunOptions } from '../support/bundle.ts';
import { CERTIFICATE_COUNT, fillCompany, requests } from '../support/company.ts';
import { newIdentity } from '../support/identity.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/**
 * `certkeep predict` on a real cluster and on what kubectl exports of it: the same fate for every Certificate, whichever
 * way it was read, and what was predicted is what the controller then does.
 */

const KINDS = 'certificates,certificaterequests,secrets,issuers,clusterissuers';
const directory = temporaryDirectory('predict');
let cluster: TestCluster;

async function predict(args: string[], code = 0, options: RunOptions = {}): Promise<Report> {
  const result = await certkeep(['predict', ...args, '--json'], options);
  expect(result.code, result.stderr).toBe(code);
  return JSON.parse(result.stdout) as Report;
}
const live = (args: string[] = [], code = 0) => predict(['--kubeconfig', cluster.kubeconfig, ...args], code);

const fates = (report: Report) =>
  report.certificates
    .map(({ namespace, name, prediction, reason, message, at }) => ({
      namespace,
      name,
      prediction,
      reason,
      message,
      at,
    }))
    .sort((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
const find = (report: Report, name: string): CertificateReport | undefined =>
  report.certificates.find((c) => `${c.namespace}/${c.name}` === name);

/** Stops and starts the controller alone: the webhook goes on judging. */
async function scaleController(replicas: number): Promise<void> {
  await cluster.kubectl(['scale', 'deployment', '-n', 'cert-manager', 'cert-manager', `--replicas=${replicas}`]);
  if (replicas > 0) return;
  const pods = ['pods', '-n', 'cert-manager', '-l', 'app.kubernetes.io/component=controller'];
  await cluster.kubectl(['wait', ...pods, '--for=delete', '--timeout=60s']);
}

beforeAll(async () => {
  cluster = await startCluster('predict', { certManager: '1.18.2' });
  await fillCompany(cluster);
});
afterAll(async () => {
  await cluster?.stop();
});

describe('as things stand', () => {
  it('keeps all of a healthy cluster, and writes nothing', async () => {
    const before = await requests(cluster);
    const report = await live(['--fail-on-reissue']);
    expect(report).toMatchObject({ command: 'predict', verdict: 'keep', certManager: 'v1.18.2', exitCode: 0 });
    expect(report.certificates.map(({ prediction }) => prediction)).toEqual(Array(CERTIFICATE_COUNT).fill('keep'));
    expect(report.certificates.every(({ at }) => typeof at === 'string')).toBe(true);
    expect(report.forecast?.rules).toEqual({ version: '1.18.2', known: true, assumed: false });
    expect(await requests(cluster)).toEqual(before);
  });

  it('says the same of what kubectl exports, in YAML, JSON and as raw lists, and of a sealed backup', async () => {
    const expected = fates(await live());
    const current = ['--current-version', '1.18.2'];
    const yaml = (await cluster.kubectl(['get', KINDS, '-A', '-o', 'yaml'])).stdout;
    expect(fates(await predict(['--from', '-', ...current], 0, { input: yaml }))).toEqual(expected);

    const json = join(directory, 'export.json');
    writeFileSync(json, (await cluster.kubectl(['get', KINDS, '-A', '-o', 'json'])).stdout);
    expect(fates(await predict(['--from', json, ...current]))).toEqual(expected);

    const paths = [
      '/apis/cert-manager.io/v1/certificates',
      '/apis/cert-manager.io/v1/certificaterequests',
      '/api/v1/secrets',
    ];
    const raw = await Promise.all(
      paths.map(async (path, i) => {
        const file = join(directory, `raw-${i}.json`);
        writeFileSync(file, (await cluster.kubectl(['get', '--raw', path])).stdout);
        return ['--from', file];
      }),
    );
    expect(fates(await predict([...raw.flat(), ...current]))).toEqual(expected);

    const { recipient, file: identity } = await newIdentity();
    const backup = join(directory, 'backup');
    const made = await certkeep([
      'backup',
      '--kubeconfig',
      cluster.kubeconfig,
      '--output',
      backup,
      '--recipient',
      recipient,
    ]);
    expect(made.code, made.stderr).toBe(0);
    expect(fates(await predict(['--from', backup, '--identity-file', identity]))).toEqual(expected);
    expect((await predict(['--from', backup], 5)).problems[0]?.code).toBe('cannot-decrypt');
  });

  it('knows when each will renew: at that time, and not a second before', async () => {
    const json = join(directory, 'export.json');
    const first = (await live()).certificates[0] as CertificateReport;
    const at = Date.parse(first.at ?? '');
    const as = (ms: number) => ['--from', json, '--current-version', '1.18.2', '--now', new Date(ms).toISOString()];
    const name = `${first.namespace}/${first.name}`;
    expect(find(await predict(as(at - 1000)), name)?.prediction).toBe('keep');
    expect(find(await predict(as(at)), name)).toMatchObject({ prediction: 'reissue', reason: 'Renewing' });
  });

  it('predicts what the controller then does', async () => {
    await scaleController(0);
    const patch = (kind: string, namespace: string, name: string, body: object) =>
      cluster.kubectl(['patch', kind, '-n', namespace, name, '--type=merge', '-p', JSON.stringify(body)]);
    await patch('certificate', 'media', 'images', { spec: { dnsNames: ['images.example.com', 'img.example.com'] } });
    await patch('secret', 'shop', 'web-tls', { metadata: { annotations: { 'cert-manager.io/issuer-name': 'old' } } });
    await patch('secret', 'shop', 'checkout-tls', { data: { 'tls.key': '' } });
    await cluster.kubectl(['delete', 'secret', '-n', 'platform', 'metrics-tls']);
    // Not a reissue: nothing of these is compared.
    await patch('certificate', 'media', 'video', { spec: { secretTemplate: { labels: { tier: 'core' } } } });
    await patch('certificate', 'platform', 'workload', { spec: { renewBefore: '100h' } });

    const report = await live(['--fail-on-reissue'], 3);
    expect(report.verdict).toBe('reissue');
    const predicted = report.certificates.filter(({ prediction }) => prediction === 'reissue');
    expect(predicted.map(({ namespace, name, reason }) => `${namespace}/${name} ${reason}`).sort()).toEqual([
      'media/images RequestChanged',
      'platform/metrics DoesNotExist',
      'shop/checkout MissingData',
      'shop/web IncorrectIssuer',
    ]);
    const narrowed = await live(['--namespace', 'media', '--fail-on-reissue'], 3);
    expect(narrowed.certificates.map(({ name }) => name).sort()).toEqual(['images', 'video']);

    const before = new Set(await requests(cluster));
    await scaleController(1);
    for (const { namespace, name } of predicted) {
      await cluster.kubectl([
        'wait',
        'certificate',
        '-n',
        namespace,
        name,
        '--for=jsonpath={.status.revision}=2',
        '--timeout=60s',
      ]);
    }
    const made = (await requests(cluster)).filter((name) => !before.has(name));
    expect(made).toHaveLength(predicted.length);
    const events = (await cluster.kubectl(['get', 'events', '-A', '-o', 'json'])).stdout;
    const issuing = (
      JSON.parse(events) as { items: { reason: string; message: string; involvedObject: { name: string } }[] }
    ).items;
    for (const { name, message } of predicted) {
      const own = issuing.filter((event) => event.reason === 'Issuing' && event.involvedObject.name === name);
      expect(own.map((event) => event.message)).toContain(message);
    }
    expect(await live()).toMatchObject({ verdict: 'keep' });
  });
});

describe('an upgrade', () => {
  it('to 1.19.0: whom only the order of steps endangers, why, and what to change', async () => {
    const report = await live(['--cert-manager-version', '1.19.0']);
    const { upgrade } = report.forecast ?? {};
    expect(upgrade).toMatchObject({ from: '1.18.2', to: '1.19.0', reissued: [] });
    // Those whose issuerRef has no kind, or no group.
    expect(upgrade?.reissuedIfCrdsFirst.toSorted()).toEqual(['api/gateway', 'api/internal', 'platform/metrics']);
    const hazard = upgrade?.hazards.find(({ code }) => code === 'issuer-ref-defaults');
    expect(hazard).toMatchObject({ effect: 'reissue', certificates: 3 });
    expect(hazard?.source).not.toBe('');
    expect(find(report, 'api/internal')?.upgrade).toMatchObject({ reissuedIfCrdsFirst: true, reissued: false });
    await live(['--cert-manager-version', '1.19.0', '--fail-on-reissue'], 3);
  });

  it('to 1.19.0 with CRDs that Helm would delete', async () => {
    const crd = ['crd', 'certificates.cert-manager.io'];
    await cluster.kubectl(['annotate', ...crd, 'meta.helm.sh/release-name=cert-manager', 'helm.sh/resource-policy-']);
    const codes = async () =>
      (await live(['--cert-manager-version', '1.19.0'])).forecast?.upgrade?.hazards.map(({ code }) => code);
    expect(await codes()).toContain('helm-crds-not-kept');
    await cluster.kubectl(['annotate', ...crd, 'helm.sh/resource-policy=keep']);
    expect(await codes()).not.toContain('helm-crds-not-kept');
  });

  it('to 1.21.2 reissues nothing', async () => {
    const report = await live(['--cert-manager-version', 'v1.21.2', '--fail-on-reissue']);
    expect(report).toMatchObject({ verdict: 'keep', forecast: { upgrade: { reissued: [], reissuedIfCrdsFirst: [] } } });
  });
});

describe('wrong usage', () => {
  it.each<[string[], number, string]>([
    [['--now', '2026-06-01T00:00:00Z'], 2, 'wrong-usage'],
    [['--cert-manager-version', 'latest'], 2, 'wrong-usage'],
    [['--cert-manager-version', '1.10.0'], 2, 'unsupported-cert-manager'],
    [['--expect-cluster', 'other'], 2, 'wrong-cluster'],
    [['--selector', 'a b'], 2, 'wrong-usage'],
    [['--timeout', '1ms'], 9, 'unreachable'],
  ])('%j ends with %i', async (args, code, word) => {
    expect((await live(args, code)).problems[0]?.code).toBe(word);
  });

  it('without the right to read, 6 and which right', async () => {
    const report = await predict(['--kubeconfig', cluster.kubeconfigOf('nobody')], 6);
    expect(report.problems[0]).toMatchObject({ code: 'forbidden' });
  });

  it('what is no manifest: 4, with file and line', async () => {
    const cut = join(directory, 'cut.yaml');
    writeFileSync(cut, (await cluster.kubectl(['get', KINDS, '-A', '-o', 'json'])).stdout.slice(0, -3000));
    const report = await predict(['--from', cut], 4);
    expect(report.problems[0]?.message).toMatch(/cut\.yaml line \d+: the file ends within/);
  });
});

describe('for a person', () => {
  it('fits 80 columns', async () => {
    const { stdout, code } = await certkeep([
      'predict',
      '--kubeconfig',
      cluster.kubeconfig,
      '--cert-manager-version',
      '1.19.0',
      '--horizon',
      '400d',
    ]);
    expect(code).toBe(0);
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(stdout).toContain('REISSUED ONLY IF THE CRDS ARE CHANGED WHILE THE OLD CONTROLLER RUNS (3)');
    expect(stdout).toContain('RENEWALS BY WEEK');
  });
});
