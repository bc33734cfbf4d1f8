import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../src/model/report.ts';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import { fingerprints } from '../demo/documented-way.ts';
import { certkeep } from '../support/bundle.ts';
import { CERTIFICATE_COUNT, fillCompany } from '../support/company.ts';
import { newIdentity } from '../support/identity.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** What most people will use certkeep for: a backup before an upgrade of cert-manager, and the proof after it. */

let cluster: TestCluster;
let before: Map<string, string>;
const backup = join(temporaryDirectory('upgrade'), 'backup');

async function json(args: string[], code: number): Promise<Report> {
  const result = await certkeep([...args, '--kubeconfig', cluster.kubeconfig, '--json']);
  expect(result.code, result.stderr).toBe(code);
  return JSON.parse(result.stdout) as Report;
}

beforeAll(async () => {
  cluster = await startCluster('upgrade', { certManager: '1.18.2' });
  await fillCompany(cluster);
  before = await fingerprints(cluster);
});
afterAll(async () => {
  await cluster?.stop();
});

describe('an upgrade of cert-manager from 1.18.2 to 1.21.2', () => {
  it('is guarded by a backup of the old version', async () => {
    const { recipient } = await newIdentity();
    const report = await json(['backup', '--output', backup, '--recipient', recipient], 0);
    expect(report.certManager).toBe('v1.18.2');
    expect(report.certificates.map((c) => c.prediction)).toEqual(Array(CERTIFICATE_COUNT).fill('keep'));
  });

  it('the old version itself verifies', async () => {
    expect((await json(['verify', backup], 0)).verdict).toBe('unchanged');
  });

  it('and the new version is proved to have reissued nothing', async () => {
    await cluster.certManager('1.21.2');
    const report = await json(['verify', backup], 0);
    expect(report.certManager).toBe('v1.21.2');
    expect(report.barrier).toBe('passed');
    expect(report.certificates.filter((c) => c.verdict === 'unchanged')).toHaveLength(CERTIFICATE_COUNT);
    expect(await fingerprints(cluster)).toEqual(before);
  });

  it('a Certificate edited after the upgrade is found', async () => {
    await cluster.kubectl([
      'patch',
      'certificate',
      '-n',
      'media',
      'images',
      '--type=merge',
      '-p',
      '{"spec":{"dnsNames":["images.example.com","img.example.com"]}}',
    ]);
    await cluster.kubectl([
      'wait',
      'certificate',
      '-n',
      'media',
      'images',
      '--for=jsonpath={.status.revision}=2',
      '--timeout=60s',
    ]);
    const report = await json(['verify', backup], 3);
    expect(report.certificates.filter((c) => c.verdict !== 'unchanged').map((c) => [c.name, c.verdict])).toEqual([
      ['images', 'reissued'],
    ]);
  });
});
