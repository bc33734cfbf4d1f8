import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readBackup } from '../../src/archive/read.ts';
import { type KubeObject, objectName } from '../../src/model/objects.ts';
import type { Report } from '../../src/model/report.ts';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import { fingerprints } from '../demo/documented-way.ts';
import { asTutorial } from '../fixtures/foreign/export.ts';
import { veleroEntries, writeTarball } from '../fixtures/foreign/tarball.ts';
import { certkeep } from '../support/bundle.ts';
import { apply, CERTIFICATE_COUNT, fillCompany, INGRESS, requests, waitReady } from '../support/company.ts';
import { newIdentity } from '../support/identity.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/**
 * What kubectl exported of a real cluster: `check` says what is wrong with it, what it predicts comes true when the export
 * is applied as it is, and its conversion restores without a reissue.
 */

const DERIVED = 'Certificate/shop/shop-front-tls';
const directory = temporaryDirectory('foreign');
const file = (name: string) => join(directory, name);
let source: TestCluster;
let target: TestCluster;
let documented: TestCluster;
let before: Map<string, string>;
let key: Awaited<ReturnType<typeof newIdentity>>;

async function json(args: string[], code: number, input?: string): Promise<Report> {
  const result = await certkeep([...args, '--json'], input === undefined ? {} : { input });
  expect(result.code, result.stderr).toBe(code);
  return JSON.parse(result.stdout) as Report;
}

const get = async (...args: string[]): Promise<string> => (await source.kubectl(['get', '-A', ...args])).stdout;
const itemsOf = (text: string) => (JSON.parse(text) as { items: KubeObject[] }).items;
const errors = (report: Report, code: string) =>
  report.problems.filter((p) => p.severity === 'error' && p.code === code).map((p) => p.object ?? '');

beforeAll(async () => {
  source = await startCluster('foreign-source');
  target = await startCluster('foreign-target');
  documented = await startCluster('foreign-documented');
  key = await newIdentity();
  await fillCompany(source);
  before = await fingerprints(source);
});
afterAll(async () => {
  await Promise.all([source?.stop(), target?.stop(), documented?.stop()]);
});

describe('the backup of cert-manager’s tutorial', () => {
  let exported: string;
  let report: Report;

  beforeAll(async () => {
    exported = await get('-ojson', 'issuer,clusterissuer,cert');
    report = await json(['check', '-'], 4, exported);
  });

  it('has a Certificate that must not be restored', () => {
    expect(errors(report, 'stale-owner')).toEqual([DERIVED]);
  });

  it('lacks Secrets: those of issuers and keystores are named, and all Certificates would be reissued', () => {
    expect(errors(report, 'secrets-not-captured')).toEqual(['']);
    expect(errors(report, 'missing-secret')).toEqual([
      'Secret/api/intermediate-tls',
      'Secret/cert-manager/company-ca-tls',
      'Secret/shop/keystore-password',
    ]);
    expect(errors(report, 'would-be-reissued')).toHaveLength(CERTIFICATE_COUNT);
  });

  it('applied by kubectl does what check says: nothing, and without the owner a reissue of all', async () => {
    const manifests = asTutorial(itemsOf(exported));
    const owned = manifests.filter((o) => objectName(o) === DERIVED);
    const withoutUid = JSON.parse(JSON.stringify(owned).replaceAll(/"uid":"[^"]*"/g, '"x":""')) as KubeObject[];
    const refused = await documented.kubectl(['create', 'namespace', 'shop', '-o', 'name']);
    expect(refused.code).toBe(0);
    const list = (items: KubeObject[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    const half = await documented.kubectl(['apply', '-f', '-'], { input: list(withoutUid), check: false });
    expect(half.stderr).toContain('missing required field "uid"');
    // With the uid it is created, and collected.
    await documented.kubectl(['apply', '-f', '-'], { input: list(owned) });
    await expect
      .poll(async () => (await documented.kubectl(['get', 'certificates', '-n', 'shop', '-o', 'name'])).stdout, {
        timeout: 60_000,
        interval: 500,
      })
      .toBe('');
    for (const namespace of ['api', 'media', 'platform']) await documented.kubectl(['create', 'namespace', namespace]);
    const others = manifests.filter((o) => objectName(o) !== DERIVED);
    await documented.kubectl(['apply', '-f', '-'], { input: list(others) });
    // The one with keystores waits for its password.
    const ready = CERTIFICATE_COUNT - 2;
    await expect
      .poll(async () => (await fingerprints(documented)).size, { timeout: 120_000, interval: 1000 })
      .toBe(ready);
    const after = await fingerprints(documented);
    expect([...after].filter(([name, leaf]) => before.get(name) === leaf)).toEqual([]);
  });
});

describe('an export with everything', () => {
  let exported: string;

  beforeAll(async () => {
    exported = await get(
      '-oyaml',
      'certificates,issuers,clusterissuers,certificaterequests,ingresses,secrets,deployments',
    );
    writeFileSync(file('export.yaml'), exported);
  });

  it('has all findings in one run', async () => {
    const report = await json(['check', file('export.yaml')], 4);
    expect(report.certManager).toBe('v1.21.2');
    expect(errors(report, 'requests-included')).toHaveLength(CERTIFICATE_COUNT);
    expect(errors(report, 'webhook-ca-included')).toEqual(['Secret/cert-manager/cert-manager-webhook-ca']);
    expect(errors(report, 'stale-owner')).toEqual([DERIVED]);
    expect(errors(report, 'restore-order')).toHaveLength(CERTIFICATE_COUNT + 1);
    expect(errors(report, 'missing-secret')).toEqual([]);
    expect(report.certificates.filter((c) => c.prediction === 'keep')).toHaveLength(CERTIFICATE_COUNT);
  });

  it('is read from standard input, and from several files, alike', async () => {
    const whole = await json(['check', file('export.yaml')], 4);
    const piped = await json(['check', '-'], 4, exported);
    expect(piped.problems).toEqual(whole.problems);
    const parts = ['certificates', 'secrets', 'issuers,clusterissuers,deployments,certificaterequests,ingresses'];
    const paths: string[] = [];
    for (const [i, part] of parts.entries()) {
      paths.push(file(`${i}.json`));
      writeFileSync(paths[i] as string, await get('-ojson', part));
    }
    const several = await json(['check', ...paths], 4);
    expect(new Set(several.problems.map((p) => `${p.code} ${p.object}`))).toEqual(
      new Set(whole.problems.filter((p) => p.object !== 'Ingress/shop/front').map((p) => `${p.code} ${p.object}`)),
    );
  });

  it('as it stands is taken where there is nothing, and ends in conflicts where the objects have changed', async () => {
    const list = (items: KubeObject[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    const raw = itemsOf(await get('-ojson', 'clusterissuers'));
    const created = await target.kubectl(['apply', '--dry-run=server', '-f', '-'], { input: list(raw), check: false });
    const aged = raw.map((o) => ({
      ...o,
      metadata: { ...o.metadata, resourceVersion: '1', labels: { changed: 'yes' } },
    }));
    const changed = await source.kubectl(['apply', '--dry-run=server', '-f', '-'], { input: list(aged), check: false });
    expect([created.code, changed.code], `${created.stderr}\n${changed.stderr}`).toEqual([0, 1]);
    expect(changed.stderr).toContain('the object has been modified');
  });

  it('converts, and its restore to an empty cluster reissues nothing', async () => {
    const backup = file('converted');
    const report = await json(['check', file('export.yaml'), '--convert', backup, '--recipient', key.recipient], 0);
    expect(report).toMatchObject({
      verdict: 'sound',
      backup: { path: backup, restorable: true, encryption: 'secrets' },
    });
    const identity = ['--identity-file', key.file];
    await json(['check', backup, ...identity], 0);
    const plan = await json(['plan', backup, '--kubeconfig', target.kubeconfig, ...identity], 0);
    expect(plan.verdict).toBe('keep');
    const restored = await json(['restore', backup, '--kubeconfig', target.kubeconfig, ...identity], 8);
    expect(restored.certificates.filter((c) => c.verdict !== 'unchanged').map((c) => c.verdict)).toEqual([
      'awaiting-maker',
    ]);
    await apply(target, [INGRESS]);
    await waitReady(target, CERTIFICATE_COUNT);
    const verified = await json(['verify', backup, '--kubeconfig', target.kubeconfig], 0);
    expect(verified.verdict).toBe('unchanged');
    expect(await requests(target)).toEqual([]);
    expect(await fingerprints(target)).toEqual(before);
  });

  it('converts to the same objects from a tarball laid out as Velero does it', async () => {
    const objects = itemsOf(
      await get('-ojson', 'certificates,issuers,clusterissuers,certificaterequests,ingresses,secrets,deployments'),
    );
    const path = await writeTarball(file('velero.tar.gz'), veleroEntries(objects));
    await json(['check', path, '--convert', file('from-velero'), '--allow-plaintext-secrets'], 0);
    await json(['check', file('export.yaml'), '--convert', file('from-kubectl'), '--allow-plaintext-secrets'], 0);
    const [velero, kubectl] = await Promise.all(
      ['from-velero', 'from-kubectl'].map((name) => readBackup({ path: file(name), identities: [] })),
    );
    for (const section of ['namespaces', 'secrets', 'issuers', 'certificates', 'derived', 'status'] as const) {
      expect(velero?.contents[section], section).toEqual(kubectl?.contents[section]);
    }
  });
});
