import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { uploadBackup } from '../../src/action/artifact.ts';
import { githubContext } from '../../src/action/github.ts';
import { writeBackup } from '../../src/archive/write.ts';
import { ContentsBuilder, clusterIssuer, writeOptions } from '../fixtures/backups/contents.ts';
import { ArtifactService } from './artifact-service.ts';
import { removeSteps, runEntry, type StepOptions, type StepResult } from './run-bundle.ts';

/** The way of a backup through the artifact service, and who may restore it: no cluster is needed for any of this. */

const PRIVATE = { repository: { full_name: 'acme/platform', visibility: 'private', private: true } };
const KUBECONFIG = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Config',
  'current-context': 'nowhere',
  clusters: [{ name: 'nowhere', cluster: { server: 'https://127.0.0.1:1' } }],
  contexts: [{ name: 'nowhere', context: { cluster: 'nowhere', user: 'nobody' } }],
  users: [{ name: 'nobody', user: { token: 'kubeconfig-token-of-nobody' } }],
});

const directory = mkdtempSync(join(tmpdir(), 'certkeep-transfer-'));
let service: ArtifactService;
let upload: typeof uploadBackup;
let root: string;

/** Uploads a small sound backup as an artifact of that run; gives its root digest. */
async function put(runId: string, name = 'cert-manager-backup'): Promise<void> {
  Object.assign(process.env, service.environment(runId));
  const quiet = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  await upload(join(directory, 'backup'), {
    name,
    retentionDays: undefined,
    github: githubContext(process.env),
  }).finally(() => quiet.mockRestore());
}

/** Runs the main step of a run of this repository. */
function step(inputs: Record<string, string>, options: Partial<StepOptions> = {}, runId = '200'): Promise<StepResult> {
  return runEntry('main', {
    event: PRIVATE,
    ...options,
    inputs: { 'github-token': service.token, ...inputs },
    env: { ...service.environment(runId), ...options.env },
  });
}

const failedWith = (result: StepResult): string => /^::error::(.*)$/m.exec(result.log)?.[1] ?? '';

beforeAll(async () => {
  service = await ArtifactService.start();
  // @actions/github takes its address from the environment when it is loaded.
  Object.assign(process.env, service.environment('1'));
  ({ uploadBackup: upload } = await import('../../src/action/artifact.ts'));
  const contents = new ContentsBuilder().issuer(clusterIssuer('self', { selfSigned: {} }));
  const written = await writeBackup(writeOptions(join(directory, 'backup'), contents, {}));
  root = written.root;
});
afterAll(async () => {
  await service.stop();
  rmSync(directory, { recursive: true, force: true });
  removeSteps();
});
beforeEach(() => {
  service.artifacts.length = 0;
  service.runs.clear();
  service.strayCommits.clear();
  service.requests.length = 0;
  Object.assign(service.faults, {
    quota: false,
    cutUploads: 0,
    refuseUploads: false,
    corruptDownloads: false,
    noActionsRead: false,
  });
});

describe('a backup of the same run', () => {
  it('is taken by its name', async () => {
    await put('200');
    const result = await step({ mode: 'check' });
    expect(result.log).toContain('::group::Download the backup');
    expect(result.exitCode).toBe(0);
    expect(result.outputs).toMatchObject({ verdict: 'sound', 'root-digest': root, certificates: '0', reissued: '[]' });
    expect(existsSync(result.outputs['backup-path'] ?? '')).toBe(true);
    expect(JSON.parse(readFileSync(result.outputs['report-path'] ?? '', 'utf8'))).toMatchObject({
      command: 'check',
      exitCode: 0,
    });
    expect(result.summary).toContain('**May I go on? Yes. The backup is sound.**');
    expect(result.summary).toContain(`--expect-root ${root}`);
    // No look at the origin, and no question to the REST API.
    expect(service.requests.filter((r) => r.includes('/api/'))).toEqual([]);
  });

  it('leaves nothing behind after post', async () => {
    await put('200');
    const main = await step({ mode: 'check' });
    expect(readdirSync(main.temp)).toHaveLength(1);
    const post = await runEntry('post', { temp: main.temp, state: main.state });
    expect(post).toMatchObject({ exitCode: 0, log: "Removed certkeep's temporary files.\n" });
    expect(readdirSync(main.temp)).toEqual([]);
    expect(await runEntry('post', { temp: main.temp })).toMatchObject({ exitCode: 0, log: '' });
  });

  it('that is not there ends with 4', async () => {
    const result = await step({ mode: 'check' });
    expect(result.exitCode).toBe(4);
    expect(failedWith(result)).toMatch(/no artifact `cert-manager-backup` in this run.*Fix: /);
  });

  it('that changed on the way ends with 4', async () => {
    await put('200');
    service.faults.corruptDownloads = true;
    const result = await step({ mode: 'check' });
    expect(result.exitCode).toBe(4);
    expect(failedWith(result)).toContain('has another digest');
  });

  it('of an expired token ends with 1', async () => {
    await put('200');
    const result = await step({ mode: 'check' }, { env: service.environment('200', { tokenExpired: true }) });
    expect(result.exitCode).toBe(1);
    expect(failedWith(result)).toMatch(/refused the job's token.*expired/);
  });

  it('with another root than expected ends with 4', async () => {
    await put('200');
    const result = await step({ mode: 'check', 'expect-root': `sha256:${'0'.repeat(64)}` });
    expect(result.exitCode).toBe(4);
    expect(result.log).toContain('wrong-root');
  });
});

describe('a backup of another run', () => {
  const other = { mode: 'check', 'run-id': '99' };

  it('is taken from the default branch of this repository', async () => {
    await put('99');
    service.addRun('99');
    const result = await step({ ...other, workflow: 'backup.yml' });
    expect(failedWith(result)).toBe('');
    expect(result).toMatchObject({ exitCode: 0, outputs: { verdict: 'sound', 'root-digest': root } });
    expect(result.summary).toContain('gh run download 99 --repo acme/platform');
  });

  it.each<[string, Parameters<ArtifactService['addRun']>[1], string]>([
    ['a fork', { head_repository: { id: 9, full_name: 'eve/platform' } }, 'code of a fork'],
    ['a pull request', { event: 'pull_request' }, 'a pull request'],
    ['another branch', { head_branch: 'feature' }, 'not on the default branch'],
    ['another workflow', { path: '.github/workflows/other.yml' }, 'the input `workflow`'],
  ])('of %s is refused, unless its root is known', async (_, different, reason) => {
    await put('99');
    service.addRun('99', different);
    const refused = await step({ ...other, workflow: 'backup.yml' });
    expect(refused.exitCode).toBe(4);
    expect(failedWith(refused)).toContain(reason);
    expect(refused.outputs['backup-path']).toBe('');
    // Refused before anything was fetched.
    expect(service.requests.filter((r) => /^GET .*(\/blob\/|\/artifacts)/.test(r))).toEqual([]);
    const known = await step({ ...other, workflow: 'backup.yml', 'expect-root': root });
    expect(known).toMatchObject({ exitCode: 0, outputs: { verdict: 'sound' } });
  });

  it('of a tag that is called like the default branch is refused', async () => {
    await put('99');
    service.addRun('99', { event: 'push', head_sha: 'deadbeef' });
    service.strayCommits.add('deadbeef');
    expect(await step(other)).toMatchObject({ exitCode: 4 });
  });

  it('is not restored, not even planned, when it is refused', async () => {
    await put('99');
    service.addRun('99', { event: 'pull_request_target' });
    for (const mode of ['plan', 'restore', 'verify']) {
      const result = await step({ mode, 'run-id': '99', kubeconfig: KUBECONFIG });
      expect(result.exitCode).toBe(4);
    }
  });

  it('needs a token, and the permission to read artifacts', async () => {
    await put('99');
    service.addRun('99');
    const none = await step({ ...other, 'github-token': '' });
    expect(none.exitCode).toBe(2);
    expect(failedWith(none)).toContain('`github-token` is empty');
    service.faults.noActionsRead = true;
    const refused = await step(other);
    expect(refused.exitCode).toBe(1);
    expect(failedWith(refused)).toContain('actions: read');
    // Known by its root, so that its origin is not asked for; but the artifact is.
    const known = await step({ ...other, 'expect-root': root });
    expect(known.exitCode).toBe(1);
    expect(failedWith(known)).toContain('actions: read');
    service.faults.noActionsRead = false;
    const wrong = await step({ ...other, 'github-token': 'ghs_wrong' });
    expect(wrong.exitCode).toBe(1);
    expect(failedWith(wrong)).toContain('does not accept the token');
  });

  it('that has expired, or is not there, ends with 4', async () => {
    await put('99');
    service.addRun('99');
    const [artifact] = service.artifacts;
    if (artifact !== undefined) artifact.expired = true;
    const expired = await step(other);
    expect(expired.exitCode).toBe(4);
    expect(failedWith(expired)).toContain('has expired');
    expect(await step({ ...other, 'artifact-name': 'other' })).toMatchObject({ exitCode: 4 });
    expect(await step({ ...other, 'run-id': '98' })).toMatchObject({ exitCode: 4 });
  });
});

describe('a step', () => {
  it('with an input that does not exist ends with 2, and says which', async () => {
    const result = await step({ recipients: 'x' });
    expect(result.exitCode).toBe(2);
    expect(failedWith(result)).toMatch(/Input `recipients`.*Did you mean `age-recipients`/);
    expect(result.summary).toContain('May I go on? No.');
    expect(result.outputs).toMatchObject({ verdict: '', 'backup-path': '', certificates: '0', reissued: '[]' });
    expect(JSON.parse(readFileSync(result.outputs['report-path'] ?? '', 'utf8'))).toMatchObject({
      exitCode: 2,
      problems: [{ code: 'wrong-usage' }],
    });
    await runEntry('post', { temp: result.temp, state: result.state });
    expect(readdirSync(result.temp)).toEqual([]);
  });

  it('with an empty kubeconfig ends with 9, and names the likely causes', async () => {
    const result = await step({ kubeconfig: '' });
    expect(result.exitCode).toBe(9);
    expect(failedWith(result)).toMatch(/secret .* is not set.*`environment:`/);
  });

  it.each([{ private: false, visibility: 'public' }, {}])(
    'does not write plaintext Secrets for strangers: %j',
    async (visibility) => {
      const result = await step(
        {
          kubeconfig: KUBECONFIG,
          'allow-plaintext-secrets': 'true',
          encrypt: 'secrets',
          secrets: 'all',
          'github-token': '',
        },
        { event: { repository: { full_name: 'acme/platform', ...visibility } } },
      );
      expect(result.exitCode).toBe(6);
      expect(failedWith(result)).toContain('not written to it in plaintext');
      expect(service.artifacts).toEqual([]);
      expect(readdirSync(join(result.temp, readdirSync(result.temp)[0] ?? ''))).toEqual(['report.json']);
    },
  );

  it('masks every credential before anything else is said', async () => {
    const identity = await generateX25519Identity();
    const result = await step({
      kubeconfig: KUBECONFIG,
      'age-identity': `# made by a test\n${identity}`,
      'age-recipients': await identityToRecipient(identity),
      verbose: 'true',
    });
    // 9: nobody listens there.
    expect(result.exitCode).toBe(9);
    expect(failedWith(result)).toMatch(/Fix: /);
    expect(result.masks).toEqual(expect.arrayContaining([identity, 'kubeconfig-token-of-nobody', service.token]));
    for (const text of [result.log, result.summary, JSON.stringify(result.outputs)]) {
      for (const secret of [identity, 'kubeconfig-token-of-nobody', service.token]) expect(text).not.toContain(secret);
    }
    expect(service.artifacts).toEqual([]);
  });

  it('names no server where strangers read the log', async () => {
    const result = await step(
      { kubeconfig: KUBECONFIG, encrypt: 'secrets', verbose: 'true' },
      { event: { repository: { full_name: 'acme/platform', visibility: 'public', private: false } } },
    );
    expect(result.exitCode).toBe(9);
    expect(result.log + result.summary + JSON.stringify(result.outputs)).not.toMatch(/127\.0\.0\.1:1\b|nowhere/);
  });

  it('with a kubeconfig that is none ends with 9 and does not repeat it', async () => {
    const result = await step({ kubeconfig: 'c29tZXRoaW5nIHNlY3JldCBidXQgbm8ga3ViZWNvbmZpZw==' });
    expect(result.exitCode).toBe(9);
    expect(failedWith(result)).toContain('`kubeconfig`');
    expect(result.log).not.toContain('c29tZXRo');
  });
});
