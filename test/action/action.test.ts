import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import {
  apply,
  CERTIFICATES,
  certificates,
  ISSUERS,
  KEYSTORE_PASSWORD,
  NAMESPACE_OBJECTS,
  NAMESPACES,
  requests,
  waitReady,
} from '../support/company.ts';
import { newIdentity } from '../support/identity.ts';
import { filesBelow, found, secretNeedles } from '../support/key-material.ts';
import { ArtifactService } from './artifact-service.ts';
import { removeSteps, runEntry, type StepOptions, type StepResult } from './run-bundle.ts';

/** The Action as a workflow runs it: the bundles against a real cluster and an artifact service. */

const PRIVATE = { repository: { full_name: 'acme/platform', visibility: 'private', private: true } };
const PUBLIC = { repository: { full_name: 'acme/platform', visibility: 'public', private: false } };

let service: ArtifactService;
let source: TestCluster;
let target: TestCluster;
let key: Awaited<ReturnType<typeof newIdentity>>;
let needles: Map<string, string[]>;

/** Runs the main step of a run of this repository on a cluster, and looks for key material in all that it leaves. */
async function step(
  cluster: TestCluster,
  runId: string,
  inputs: Record<string, string>,
  options: Partial<StepOptions> = {},
): Promise<StepResult> {
  const result = await runEntry('main', {
    event: PRIVATE,
    ...options,
    inputs: { kubeconfig: cluster.kubeconfig, 'github-token': service.token, ...inputs },
    env: { ...service.environment(runId), ...options.env },
  });
  const report = result.outputs['report-path'] === undefined ? '' : readFileSync(result.outputs['report-path'], 'utf8');
  for (const text of [result.log, result.summary, JSON.stringify(result.outputs), report]) {
    expect(found(needles, text)).toEqual([]);
    expect(text).not.toContain(key.identity);
  }
  return result;
}

const failedWith = (result: StepResult): string => /^::error::(.*)$/m.exec(result.log)?.[1] ?? '';
const names = async (cluster: TestCluster) =>
  (await certificates(cluster)).map((c) => `${c.namespace}/${c.name}`).sort();

beforeAll(async () => {
  [service, key] = await Promise.all([ArtifactService.start(), newIdentity()]);
  source = await startCluster('action-source');
  target = await startCluster('action-target');
  await apply(source, NAMESPACE_OBJECTS);
  await apply(source, [KEYSTORE_PASSWORD, ...ISSUERS]);
  await apply(source, CERTIFICATES);
  await waitReady(source, CERTIFICATES.length);
  needles = await secretNeedles(source);
  expect(needles.size).toBeGreaterThan(CERTIFICATES.length);
});
afterAll(async () => {
  await Promise.all([source?.stop(), target?.stop(), service?.stop()]);
  removeSteps();
});
beforeEach(() => {
  Object.assign(service.faults, { quota: false, cutUploads: 0, refuseUploads: false, corruptDownloads: false });
});

describe('from one cluster to the next', () => {
  let saved: StepResult;

  it('backs up in one run', async () => {
    saved = await step(source, '100', { 'age-recipients': key.recipient, 'retention-days': '7' });
    expect(failedWith(saved)).toBe('');
    expect(saved.exitCode).toBe(0);
    const [artifact] = service.artifacts;
    expect(saved.outputs).toMatchObject({
      verdict: 'complete',
      certificates: String(CERTIFICATES.length),
      reissued: '[]',
      'artifact-id': String(artifact?.id),
      'artifact-digest': artifact?.digest,
      'artifact-url': `https://github.com/acme/platform/actions/runs/100/artifacts/${artifact?.id}`,
    });
    expect(saved.outputs['root-digest']).toMatch(/^sha256:[0-9a-f]{64}$/);
    for (const { path, bytes } of filesBelow(saved.outputs['backup-path'] ?? '')) {
      expect(found(needles, bytes), path).toEqual([]);
    }
    expect(saved.summary).toContain('**May I go on? Yes. The backup is complete.**');
    expect(saved.summary).toContain(`--expect-root ${saved.outputs['root-digest']}`);
    service.addRun('100');
  });

  it('checks it in the same run', async () => {
    const result = await step(source, '100', { mode: 'check', 'age-identity': key.identity });
    expect(failedWith(result)).toBe('');
    expect(result.outputs).toMatchObject({ verdict: 'sound', 'root-digest': saved.outputs['root-digest'] });
  });

  it('plans in the next run, and writes nothing', async () => {
    const result = await step(target, '101', { mode: 'plan', 'run-id': '100', 'age-identity': key.identity });
    expect(failedWith(result)).toBe('');
    expect(result.outputs).toMatchObject({ verdict: 'keep', 'root-digest': saved.outputs['root-digest'] });
    expect(result.summary).toContain('What would be written');
    expect(await names(target)).toEqual([]);
  });

  it('restores in the next run to an empty cluster, with nothing reissued', async () => {
    const result = await step(target, '101', {
      mode: 'restore',
      'run-id': '100',
      workflow: 'backup.yml',
      'age-identity': key.identity,
    });
    expect(failedWith(result)).toBe('');
    expect(result.outputs).toMatchObject({
      verdict: 'unchanged',
      reissued: '[]',
      certificates: String(CERTIFICATES.length),
    });
    expect(result.summary).toContain('**May I go on? Yes. Restored, and no Certificate was reissued.**');
    expect(await names(target)).toEqual(await names(source));
    expect(await requests(target)).toEqual([]);
    const post = await runEntry('post', { temp: result.temp, state: result.state });
    expect(post).toMatchObject({ exitCode: 0 });
    expect(filesBelow(result.temp)).toEqual([]);
  });

  it('verifies, and names the one that is reissued afterwards', async () => {
    const verify = { mode: 'verify', 'run-id': '100', 'age-identity': key.identity };
    const before = await step(target, '102', verify);
    expect(failedWith(before)).toBe('');
    expect(before.outputs).toMatchObject({ verdict: 'unchanged', 'root-digest': saved.outputs['root-digest'] });

    await target.kubectl(['-n', 'shop', 'delete', 'secret', 'web-tls']);
    await target.kubectl(['-n', 'shop', 'wait', '--for=create', 'secret/web-tls', '--timeout=60s']);
    await waitReady(target, CERTIFICATES.length);
    const after = await step(target, '102', verify);
    expect(after.exitCode).toBe(3);
    expect(JSON.parse(after.outputs.reissued ?? '')).toEqual(['shop/web']);
    expect(after.outputs.verdict).toBe('reissued');
    expect(failedWith(after)).toMatch(/shop\/web.*Fix: /);
    expect(after.summary).toContain('<code>shop/web</code>');

    const tolerant = await step(target, '102', { ...verify, 'fail-on-reissue': 'false' });
    expect(tolerant).toMatchObject({ exitCode: 0, outputs: { verdict: 'reissued' } });
  });

  it('refuses the wrong identity with 5, and writes nothing', async () => {
    const other = await newIdentity();
    const result = await step(source, '103', { mode: 'restore', 'run-id': '100', 'age-identity': other.identity });
    expect(result.exitCode).toBe(5);
    expect(failedWith(result)).toMatch(/cannot-decrypt.*Fix: /);
  });
});

describe('where strangers can read', () => {
  it('encrypts everything and names nothing', async () => {
    const result = await step(source, '110', { 'age-recipients': key.recipient, verbose: 'true' }, { event: PUBLIC });
    expect(failedWith(result)).toBe('');
    const open = filesBelow(result.outputs['backup-path'] ?? '').filter(({ path }) => !path.endsWith('.age'));
    expect(open.map(({ path }) => path.split('/').at(-1)).sort()).toEqual(['manifest.json']);
    const shown = [
      result.log,
      result.summary,
      JSON.stringify({ ...result.outputs, 'backup-path': '', 'report-path': '' }),
    ];
    const secretWords = [...NAMESPACES, ...CERTIFICATES.map((c) => c.metadata.name), new URL(source.server).host];
    for (const text of shown) {
      for (const word of secretWords.filter((w) => w.length > 3 && !['platform'].includes(w))) {
        expect(text).not.toMatch(new RegExp(`\\b${word}\\b`));
      }
    }
  });

  it('refuses plaintext Secrets, and uploads nothing', async () => {
    const count = service.artifacts.length;
    const inputs = { 'allow-plaintext-secrets': 'true', secrets: 'all', encrypt: 'secrets' };
    const result = await step(source, '111', inputs, { event: PUBLIC });
    expect(result.exitCode).toBe(6);
    expect(failedWith(result)).toContain('plaintext-secrets');
    expect(service.artifacts).toHaveLength(count);
  });
});

describe('limits of the artifact service', () => {
  const inputs = () => ({ 'age-recipients': key.recipient, 'artifact-name': 'limits' });

  it('a name that is taken ends with 1, and the backup that has it stays', async () => {
    expect((await step(source, '120', inputs())).exitCode).toBe(0);
    const before = service.artifacts.find((a) => a.runId === '120')?.digest;
    const result = await step(source, '120', inputs());
    expect(result.exitCode).toBe(1);
    expect(failedWith(result)).toMatch(/already has an artifact `limits`.*matrix/);
    expect(service.artifacts.filter((a) => a.runId === '120').map((a) => a.digest)).toEqual([before]);
  });

  it('an expired token ends with 1', async () => {
    const result = await step(source, '121', inputs(), { env: service.environment('121', { tokenExpired: true }) });
    expect(result.exitCode).toBe(1);
    expect(failedWith(result)).toContain('expired');
  });

  it('a quota that is used up ends with 1', async () => {
    service.faults.quota = true;
    const result = await step(source, '122', inputs());
    expect(result.exitCode).toBe(1);
    expect(failedWith(result)).toContain('storage for artifacts is used up');
  });

  it('an upload that is cut off once succeeds, one that is refused ends with 1', async () => {
    service.faults.cutUploads = 1;
    expect((await step(source, '123', inputs())).exitCode).toBe(0);
    service.faults.refuseUploads = true;
    const result = await step(source, '124', inputs());
    expect(result.exitCode).toBe(1);
    expect(failedWith(result)).toContain('could not be uploaded');
    expect(result.outputs['artifact-id']).toBe('');
  });

  it('GitHub Enterprise Server ends with 1, keeps the backup on disk and says what to do', async () => {
    const ghes = { env: { GITHUB_SERVER_URL: 'https://github.acme.example' } };
    const result = await step(source, '125', inputs(), ghes);
    expect(result.exitCode).toBe(1);
    expect(failedWith(result)).toMatch(/Enterprise Server.*`path`.*upload-artifact@v3/);
    expect(filesBelow(result.outputs['backup-path'] ?? '').length).toBeGreaterThan(3);
    const path = `${result.temp}/on-disk`;
    const onDisk = await step(source, '125', { ...inputs(), path }, ghes);
    expect(onDisk).toMatchObject({ exitCode: 0, outputs: { 'backup-path': path, 'artifact-id': '' } });
    const checked = await step(source, '125', { mode: 'check', path, 'age-identity': key.file }, ghes);
    expect(checked).toMatchObject({
      exitCode: 0,
      outputs: { verdict: 'sound', 'root-digest': onDisk.outputs['root-digest'] },
    });
  });
});
