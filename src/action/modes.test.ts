import { describe, expect, it } from 'vitest';
import type { OpenedBackup } from '../archive/read.ts';
import type { Cluster } from '../cluster/client.ts';
import { type Clock, systemClock } from '../model/progress.ts';
import type { Report } from '../model/report.ts';
import { INPUTS, type InputName, MODES, type Mode } from './input-table.ts';
import { loadInputs } from './inputs.ts';
import type { StepLog } from './log.ts';
import { type Findings, runMode, type StepContext, type Tools } from './modes.ts';

const ROOT = `sha256:${'ab'.repeat(32)}`;
const quiet: StepLog = {
  info() {},
  warn() {},
  debug() {},
  step() {},
  say() {},
  annotate() {},
  group: (_, work) => work(),
};

/** Runs a mode with tools that only write down what they were asked. */
async function ask(
  inputs: Record<string, string>,
  exitCode: Report['exitCode'] = 0,
  { calls = [], fails = false, cancelled = false }: { calls?: string[]; fails?: boolean; cancelled?: boolean } = {},
) {
  const asked: Record<string, unknown> = {};
  const tool = (name: Mode) => async (request: object) => {
    calls.push(name);
    if (fails) throw new Error('the work failed');
    const { cluster: _, progress: __, signal: ___, ...rest } = request as Record<string, unknown>;
    Object.assign(asked, rest, rest.source);
    return { command: name, exitCode, problems: [], certificates: [], backup: { root: ROOT } } as unknown as Report;
  };
  const tools: Tools = {
    connect: async (options) => {
      calls.push('connect');
      Object.assign(asked, options);
      return { close: async () => calls.push('close') } as unknown as Cluster;
    },
    backup: tool('backup'),
    check: tool('check'),
    predict: tool('predict'),
    plan: tool('plan'),
    restore: tool('restore'),
    verify: tool('verify'),
    resume: tool('resume'),
    keepHold: () => {},
    readBackup: async (options) => {
      calls.push('read');
      Object.assign(asked, options);
      return { root: ROOT, manifest: { createdAt: '2026-11-25T00:00:00Z' } } as unknown as OpenedBackup;
    },
    upload: async (directory, options) => {
      calls.push('upload');
      Object.assign(asked, { uploaded: directory, uploadedAs: options.name, retentionDays: options.retentionDays });
      return { id: 1, digest: ROOT, url: 'https://x' };
    },
    download: async (directory, options) => {
      calls.push('download');
      Object.assign(asked, { downloadedTo: directory, downloadedAs: options.name, from: options.from });
      return { path: '/w/download/backup.zip', id: 1, digest: ROOT };
    },
  };
  const context: StepContext = {
    inputs: loadInputs(Object.fromEntries(Object.entries(inputs).map(([k, v]) => [`INPUT_${k.toUpperCase()}`, v]))),
    recipients: ['age1recipient'],
    identities: ['AGE-SECRET-KEY-1'],
    kubeconfig: { kubeconfigText: 'text' },
    exposure: { encrypt: 'secrets', allowPlaintextSecrets: inputs['allow-plaintext-secrets'] === 'true' },
    github: { repository: 'a/b', runId: '7', serverUrl: '', apiUrl: '', uses: '', event: undefined },
    ask: async () => ({ status: 404, body: undefined }),
    env: { X: 'y' },
    workspace: '/w',
    log: quiet,
    clock: systemClock,
    signal: cancelled ? AbortSignal.abort() : new AbortController().signal,
    tools,
  };
  const found: Findings = { backupPath: '', root: '' };
  const report = await runMode(context, found);
  return { asked, calls, found, report };
}

/** For each input that a mode takes: a value, and what must reach the core of it. */
const REACHES: Partial<Record<InputName, [value: string, field: string, expected: unknown]>> = {
  context: ['prod', 'context', 'prod'],
  namespace: ['app1,app2', 'namespaces', ['app1', 'app2']],
  selector: ['team=a', 'selector', 'team=a'],
  'cert-manager-namespace': ['cm', 'certManagerNamespace', 'cm'],
  'cluster-resource-namespace': ['crn', 'clusterResourceNamespace', 'crn'],
  timeout: ['10m', 'timeoutMs', 600_000],
  'expect-cluster': ['uid-1', 'expectCluster', 'uid-1'],
  secrets: ['issuer', 'secrets', 'issuer'],
  'allow-plaintext-secrets': ['true', 'allowPlaintextSecrets', true],
  include: ['crds,bundles.trust.cert-manager.io', 'include', ['crds', 'bundles.trust.cert-manager.io']],
  'allow-missing': ['Secret/a/b', 'allowMissing', ['Secret/a/b']],
  'allow-empty': ['true', 'allowEmpty', true],
  wait: ['true', 'wait', true],
  'on-conflict': ['keep', 'onConflict', 'keep'],
  from: ['a.yaml,b', 'source', { paths: ['a.yaml', 'b'], identities: ['AGE-SECRET-KEY-1'] }],
  'cert-manager-version': ['1.21.2', 'certManagerVersion', '1.21.2'],
  'current-version': ['1.18.2', 'currentVersion', '1.18.2'],
  'fail-on-reissue': ['false', 'failOnReissue', false],
  'fail-on-renewal': ['true', 'failOnRenewal', true],
  horizon: ['60d', 'horizonMs', 60 * 86_400_000],
  'no-canary': ['true', 'canary', false],
  'canary-namespace': ['scratch', 'canaryNamespace', 'scratch'],
  pause: ['never', 'pause', 'never'],
  'max-pause': ['3m', 'maxPauseMs', 180_000],
  journal: ['j.ndjson', 'journal', 'j.ndjson'],
  replicas: ['2', 'replicas', 2],
  force: ['true', 'force', true],
  'expect-root': [ROOT, 'expectRoot', ROOT],
  'retention-days': ['7', 'retentionDays', 7],
};

describe('every input', () => {
  const cases = Object.entries(REACHES).flatMap(([name, reach]) =>
    (INPUTS[name as InputName].modes as readonly Mode[])
      // Where ClusterIssuers look, and the context, mean nothing without a cluster; a mode may be given them all the same.
      // Only what is read from disk has a root.
      .filter((mode) => mode !== 'predict' || name !== 'expect-root')
      .filter((mode) => mode !== 'check' || !['context', 'cert-manager-namespace'].includes(name))
      .map((mode) => [name, mode, ...reach] as const),
  );
  it.each(cases)('%s reaches what mode %s does', async (name, mode, value, field, expected) => {
    const { asked } = await ask({ mode, [name]: value });
    expect(asked[field]).toEqual(expected);
  });
});

describe('runMode', () => {
  it('backs up, then uploads, and closes the connection before', async () => {
    const { calls, found, asked } = await ask({});
    expect(calls).toEqual(['connect', 'backup', 'close', 'upload']);
    expect(asked).toMatchObject({ directory: '/w/backup', uploaded: '/w/backup', recipients: ['age1recipient'] });
    expect(found).toMatchObject({ backupPath: '/w/backup', root: ROOT, artifact: { id: 1 }, source: { runId: '7' } });
  });

  it('uploads nothing where the backup is incomplete, or goes to a path', async () => {
    expect(await ask({}, 6)).toMatchObject({
      calls: ['connect', 'backup', 'close'],
      found: { backupPath: '', root: '' },
    });
    const toPath = await ask({ path: 'out' });
    expect(toPath.calls).not.toContain('upload');
    expect(toPath.found).toEqual({ backupPath: 'out', root: ROOT });
  });

  it.each(MODES.filter((mode) => !['backup', 'predict', 'resume'].includes(mode)))(
    '%s takes the artifact of this run, or a path',
    async (mode) => {
      const { calls, asked, found } = await ask({ mode });
      expect(calls[0]).toBe('download');
      expect(calls).toContain(mode);
      expect(asked).toMatchObject({ from: undefined, identities: ['AGE-SECRET-KEY-1'] });
      expect(found).toMatchObject({ root: ROOT, backupPath: '/w/download/backup.zip' });
      const onDisk = await ask({ mode, path: 'backup' });
      expect(onDisk.calls).not.toContain('download');
      expect(onDisk.asked.path).toBe('backup');
      expect(onDisk.found.source).toBeUndefined();
    },
  );

  it('predict asks the cluster, or what from or path names', async () => {
    expect((await ask({ mode: 'predict' })).calls).toEqual(['connect', 'predict', 'close']);
    const onDisk = await ask({ mode: 'predict', path: 'backup', now: '2026-06-01T00:00:00Z' });
    expect(onDisk.calls).toEqual(['predict']);
    expect((await ask({ mode: 'predict', from: 'b', 'expect-root': ROOT })).asked.expectRoot).toBe(ROOT);
    expect(onDisk.asked.source).toMatchObject({ paths: ['backup'] });
    expect((onDisk.asked.clock as Clock).now().toISOString()).toBe('2026-06-01T00:00:00.000Z');
  });

  it('check needs no cluster', async () => expect((await ask({ mode: 'check' })).calls).not.toContain('connect'));

  it('uploads nothing, and restores nothing, once the job is cancelled', async () => {
    for (const mode of ['backup', 'restore']) {
      const calls: string[] = [];
      await expect(ask({ mode }, 0, { calls, cancelled: true })).rejects.toMatchObject({ code: 'interrupted' });
      expect(calls).not.toContain('upload');
      expect(calls).not.toContain('restore');
    }
  });

  it('closes the connection when the work fails', async () => {
    const calls: string[] = [];
    await expect(ask({ mode: 'plan' }, 0, { calls, fails: true })).rejects.toThrow('the work failed');
    expect(calls).toEqual(['download', 'connect', 'plan', 'close']);
  });
});
