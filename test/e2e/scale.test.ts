import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../src/model/objects.ts';
import type { Report } from '../../src/model/report.ts';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import { certkeep } from '../support/bundle.ts';
import { apply, certificates, requests, waitReady } from '../support/company.ts';
import { newIdentity } from '../support/identity.ts';
import { writeResult } from '../support/results.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** The main job for 2,000 Certificates with 2,000 Secrets, the controller running all the time. */

const COUNT = Number(process.env.CERTKEEP_SCALE ?? 2000);
const NAMESPACES = 20;

/** What `npm run scale` writes to test/results/scale.json. */
const figures: { command: string; seconds: number; exitCode: number }[] = [];

let source: TestCluster;
let target: TestCluster;
let key: Awaited<ReturnType<typeof newIdentity>>;
const backup = join(temporaryDirectory('scale'), 'backup');

const namespaceOf = (i: number) => `team-${String(i % NAMESPACES).padStart(2, '0')}`;

function objects(): KubeObject[] {
  return Array.from({ length: COUNT }, (_, i) => ({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { namespace: namespaceOf(i), name: `site-${i}` },
    spec: {
      secretName: `site-${i}-tls`,
      dnsNames: [`site-${i}.example.com`],
      issuerRef: { name: 'self-signed', kind: 'ClusterIssuer' },
      privateKey: { algorithm: 'ECDSA', size: 256 },
    },
  }));
}

async function json(args: string[], code: number): Promise<Report> {
  const result = await certkeep([...args, '--json']);
  expect(result.code, result.stderr.slice(0, 3000)).toBe(code);
  console.log(`certkeep ${args[0]}: ${result.seconds.toFixed(1)} s for ${COUNT} Certificates`);
  figures.push({ command: args[0] ?? '', seconds: Number(result.seconds.toFixed(1)), exitCode: result.code });
  return JSON.parse(result.stdout) as Report;
}

beforeAll(async () => {
  [source, target] = [await startCluster('scale-source'), await startCluster('scale-target')];
  key = await newIdentity();
  const namespaces = Array.from({ length: NAMESPACES }, (_, i) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespaceOf(i) },
  }));
  await apply(source, [
    ...namespaces,
    {
      apiVersion: 'cert-manager.io/v1',
      kind: 'ClusterIssuer',
      metadata: { name: 'self-signed' },
      spec: { selfSigned: {} },
    },
  ]);
  await apply(source, objects());
  await waitReady(source, COUNT, 600);
});
afterAll(async () => {
  await Promise.all([source?.stop(), target?.stop()]);
  if (process.env.CERTKEEP_RESULTS === '1')
    writeResult('scale', { certificates: COUNT, secrets: COUNT, commands: figures });
});

describe(`${COUNT} Certificates`, () => {
  it('are backed up, restored to an empty cluster and verified: none is reissued', async () => {
    await json(['backup', '--kubeconfig', source.kubeconfig, '--output', backup, '--recipient', key.recipient], 0);
    const report = await json(['restore', backup, '--kubeconfig', target.kubeconfig, '--identity-file', key.file], 0);
    expect(report.certificates.filter((c) => c.verdict === 'unchanged')).toHaveLength(COUNT);
    expect(await requests(target)).toEqual([]);
    await waitReady(target, COUNT, 300);
    expect((await json(['verify', backup, '--kubeconfig', target.kubeconfig], 0)).verdict).toBe('unchanged');
  });

  it('and one that cert-manager then reissues is named, exactly that one', async () => {
    await target.kubectl(['delete', 'secret', '-n', namespaceOf(COUNT - 7), `site-${COUNT - 7}-tls`]);
    const deadline = Date.now() + 60_000;
    while ((await certificates(target)).find((c) => c.name === `site-${COUNT - 7}`)?.revision !== 2) {
      if (Date.now() > deadline) throw new Error('cert-manager did not reissue it');
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const report = await json(['verify', backup, '--kubeconfig', target.kubeconfig], 3);
    const changed = report.certificates.filter((c) => c.verdict !== 'unchanged');
    expect(changed.map((c) => [`${c.namespace}/${c.name}`, c.verdict])).toEqual([
      [`${namespaceOf(COUNT - 7)}/site-${COUNT - 7}`, 'reissued'],
    ]);
  });
});
