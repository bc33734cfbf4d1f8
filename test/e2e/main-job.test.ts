import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import { fingerprints } from '../demo/documented-way.ts';
import { certkeep } from '../support/bundle.ts';
import {
  apply,
  CERTIFICATE_COUNT,
  certificates,
  fillCompany,
  INGRESS,
  requests,
  waitReady,
} from '../support/company.ts';
import { newIdentity } from '../support/identity.ts';
import { filesBelow, found, secretNeedles } from '../support/key-material.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** The main job from end to end, by the shipped bundle on real clusters: back up, check, plan, restore, verify. */

let source: TestCluster;
let target: TestCluster;
let key: Awaited<ReturnType<typeof newIdentity>>;
let before: Map<string, string>;
let needles: Map<string, string[]>;
const directory = temporaryDirectory('main-job');
const backup = join(directory, 'backup');
/** Everything that any command of this file printed. */
let printed = '';

async function json(args: string[], code: number): Promise<Report> {
  const result = await certkeep([...args, '--json']);
  printed += result.stdout + result.stderr;
  expect(result.code, result.stderr).toBe(code);
  const report = JSON.parse(result.stdout) as Report;
  expect(report.exitCode).toBe(code);
  return report;
}

const reissued = (report: Report) =>
  report.certificates.filter((c) => c.verdict === 'reissued').map((c) => `${c.namespace}/${c.name}`);

beforeAll(async () => {
  [source, target] = [await startCluster('main-source'), await startCluster('main-target')];
  key = await newIdentity();
  await fillCompany(source);
  before = await fingerprints(source);
  needles = await secretNeedles(source);
});
afterAll(async () => {
  await Promise.all([source?.stop(), target?.stop()]);
});

describe('the main job', () => {
  it('backs up, encrypted, and checks its own work', async () => {
    const report = await json(
      ['backup', '--kubeconfig', source.kubeconfig, '--output', backup, '--recipient', key.recipient],
      0,
    );
    expect(report.verdict).toBe('complete');
    expect(report.certManager).toBe('v1.21.2');
    expect(report.certificates).toHaveLength(CERTIFICATE_COUNT);
    expect(report.backup?.restorable).toBe(true);
  });

  it('leaves out what nothing refers to', () => {
    const index = readFileSync(join(backup, 'index.ndjson'), 'utf8');
    expect(index).toContain('keystore-password');
    expect(index).not.toContain('"database"');
    expect(index).not.toContain('cert-manager-webhook-ca');
  });

  it('check finds it sound, with the identity and without', async () => {
    expect((await json(['check', backup, '--identity-file', key.file], 0)).verdict).toBe('sound');
    const blind = await json(['check', backup], 0);
    expect(blind.verdict).toBe('sound');
    expect(blind.problems.map((p) => p.code)).toContain('not-checked');
  });

  it('plan writes nothing and predicts that all are kept', async () => {
    const resources = async () =>
      (await target.kubectl(['get', 'secrets,namespaces,certificates,issuers,clusterissuers', '-A', '-o', 'name']))
        .stdout;
    const was = await resources();
    const report = await json(['plan', backup, '--kubeconfig', target.kubeconfig, '--identity-file', key.file], 0);
    expect(report.verdict).toBe('keep');
    expect(report.objects?.filter((o) => o.action === 'create').length).toBeGreaterThan(CERTIFICATE_COUNT);
    expect(await resources()).toBe(was);
  });

  it('restore needs the identity', async () => {
    const report = await json(['restore', backup, '--kubeconfig', target.kubeconfig], 5);
    expect(report.problems[0]?.fix).toMatch(/identity/);
  });

  it('restores Secrets before issuers before Certificates, and nothing is reissued', async () => {
    const report = await json(['restore', backup, '--kubeconfig', target.kubeconfig, '--identity-file', key.file], 8);
    // 8: the Ingress is not there yet, and everything else is unchanged.
    expect(report.certificates.filter((c) => c.verdict !== 'unchanged').map((c) => [c.name, c.verdict])).toEqual([
      ['shop-front-tls', 'awaiting-maker'],
    ]);
    expect(report.barrier).toBe('passed');
    expect(await requests(target)).toEqual([]);
    const written = (report.objects ?? []).filter((o) => o.action === 'create');
    const lastOf = (kind: string) =>
      Math.max(...written.filter((o) => o.kind === kind).map((o) => Date.parse(o.writtenAt ?? '')));
    const firstOf = (...kinds: string[]) =>
      Math.min(...written.filter((o) => kinds.includes(o.kind)).map((o) => Date.parse(o.writtenAt ?? '')));
    expect(lastOf('Namespace')).toBeLessThanOrEqual(firstOf('Secret'));
    expect(lastOf('Secret')).toBeLessThan(firstOf('Issuer', 'ClusterIssuer'));
    expect(Math.max(lastOf('Issuer'), lastOf('ClusterIssuer'))).toBeLessThan(firstOf('Certificate'));
    expect(written.every((o) => /^\d+$/.test(o.resourceVersion ?? ''))).toBe(true);
  });

  it('restores no owner references, and keeps the fao label and the revision', async () => {
    const { stdout } = await target.kubectl(['get', 'secrets,certificates', '-A', '-o', 'json']);
    const items = (JSON.parse(stdout) as { items: Record<string, never>[] }).items as unknown as {
      kind: string;
      metadata: { name: string; namespace: string; ownerReferences?: unknown[]; labels?: Record<string, string> };
      data?: Record<string, string>;
      status?: { revision?: number };
    }[];
    const restored = items.filter(
      (o) => o.kind === 'Certificate' || before.has(`${o.metadata.namespace}/${o.metadata.name.replace(/-tls$/, '')}`),
    );
    expect(restored.length).toBeGreaterThan(20);
    for (const object of restored) {
      expect(object.metadata.ownerReferences ?? []).toEqual([]);
      if (object.kind === 'Secret') expect(object.metadata.labels?.['controller.cert-manager.io/fao']).toBe('true');
      else expect(object.status?.revision).toBe(1);
    }
  });

  it('verifies 12 of 12 once the Ingress is there', async () => {
    await apply(target, [INGRESS]);
    await waitReady(target, CERTIFICATE_COUNT);
    const report = await json(['verify', backup, '--kubeconfig', target.kubeconfig], 0);
    expect(report.verdict).toBe('unchanged');
    expect(report.certificates.filter((c) => c.verdict === 'unchanged')).toHaveLength(CERTIFICATE_COUNT);
    expect(await requests(target)).toEqual([]);
    expect(await fingerprints(target)).toEqual(before);
  });

  it('leaves no canary behind', async () => {
    const { stdout } = await target.kubectl(['get', 'certificates,certificaterequests,secrets', '-A', '-o', 'name']);
    expect(stdout).not.toContain('canary');
  });

  it('a second restore changes nothing', async () => {
    const report = await json(['restore', backup, '--kubeconfig', target.kubeconfig, '--identity-file', key.file], 0);
    expect(report.objects?.filter((o) => o.action === 'create' || o.action === 'replace')).toEqual([]);
    expect(report.verdict).toBe('unchanged');
  });

  it('an object that differs is a conflict, and nothing is written', async () => {
    await target.kubectl([
      'patch',
      'certificate',
      '-n',
      'media',
      'video',
      '--type=merge',
      '-p',
      '{"spec":{"revisionHistoryLimit":7}}',
    ]);
    await target.kubectl(['delete', 'secret', '-n', 'shop', 'keystore-password']);
    const report = await json(['restore', backup, '--kubeconfig', target.kubeconfig, '--identity-file', key.file], 7);
    expect(report.objects?.filter((o) => o.action === 'conflict').map((o) => o.name)).toEqual(['video']);
    expect(
      (await target.kubectl(['get', 'secret', '-n', 'shop', 'keystore-password'], { check: false })).code,
    ).not.toBe(0);
    const kept = await json(
      ['restore', backup, '--kubeconfig', target.kubeconfig, '--identity-file', key.file, '--on-conflict', 'keep'],
      0,
    );
    expect(kept.objects?.filter((o) => o.action === 'create').map((o) => o.name)).toEqual(['keystore-password']);
  });

  it('one reissued Certificate is found, and only that one', async () => {
    await target.kubectl(['delete', 'secret', '-n', 'shop', 'checkout-tls']);
    const deadline = Date.now() + 30_000;
    while ((await certificates(target)).find((c) => c.name === 'checkout')?.revision !== 2) {
      if (Date.now() > deadline) throw new Error('cert-manager did not reissue shop/checkout');
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await waitReady(target, CERTIFICATE_COUNT);
    const report = await json(['verify', backup, '--kubeconfig', target.kubeconfig], 3);
    expect(report.verdict).toBe('reissued');
    expect(reissued(report)).toEqual(['shop/checkout']);
    expect(
      (await json(['verify', backup, '--kubeconfig', target.kubeconfig, '--fail-on-reissue=false'], 0)).verdict,
    ).toBe('reissued');
  });

  it('prints for people within 80 columns, and writes no key material anywhere', async () => {
    const result = await certkeep(['verify', backup, '--kubeconfig', target.kubeconfig]);
    printed += result.stdout + result.stderr;
    for (const line of result.stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
    expect(result.stdout).toMatch(/verify: reissued – .*1 of 12 reissued/);

    expect(needles.size).toBeGreaterThan(CERTIFICATE_COUNT);
    expect(found(needles, printed)).toEqual([]);
    const files = filesBelow(backup);
    expect(files.length).toBeGreaterThan(8);
    for (const file of files) expect(found(needles, file.bytes), file.path).toEqual([]);
  });

  it('the search for key material finds it where it is', async () => {
    const plaintext = join(directory, 'plaintext');
    await json(['backup', '--kubeconfig', source.kubeconfig, '--output', plaintext, '--allow-plaintext-secrets'], 0);
    const secrets = readFileSync(join(plaintext, 'objects/30-secrets.ndjson'));
    expect(found(needles, secrets).length).toBeGreaterThanOrEqual(CERTIFICATE_COUNT);
    for (const file of filesBelow(plaintext)) {
      if (!file.path.endsWith('30-secrets.ndjson')) expect(found(needles, file.bytes), file.path).toEqual([]);
    }
  });
});
