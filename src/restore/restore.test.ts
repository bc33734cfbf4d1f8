import { beforeEach, describe, expect, it, vi } from 'vitest';
import { base64 } from '../../test/fixtures/backups/contents.ts';
import { makePair } from '../../test/fixtures/backups/x509.ts';
import type { OpenedBackup } from '../archive/read.ts';
import type { CertManagerInfo } from '../cluster/certmanager.ts';
import { ApiError } from '../cluster/client.ts';
import type { BackupContents } from '../model/backup.ts';
import type { Certificate, KubeObject } from '../model/objects.ts';
import { silent, systemClock } from '../model/progress.ts';
import type { Report } from '../model/report.ts';
import type { Decision, ReissueInput } from '../reissue/input.ts';
import { plan } from './plan.ts';
import { type RestoreRequest, restore } from './restore.ts';
import { certificate, contents, namespace, opened, secret } from './testing/fixtures.ts';
import { MemoryCluster } from './testing/memory-cluster.ts';

const world = vi.hoisted(() => ({
  opened: undefined as OpenedBackup | undefined,
  info: undefined as CertManagerInfo | undefined,
  decide: undefined as ((input: ReissueInput) => Partial<Decision>) | undefined,
  verified: [] as unknown[],
  verdict: 'unchanged' as 'unchanged' | 'reissued',
}));
vi.mock('../archive/read.ts', () => ({ readBackup: async () => world.opened }));
vi.mock('../cluster/certmanager.ts', () => ({ discoverCertManager: async () => world.info }));
vi.mock('../reissue/decide.ts', () => ({
  decide: (input: ReissueInput): Decision => ({
    outcome: 'keep',
    policy: '',
    reason: '',
    message: '',
    at: null,
    ...world.decide?.(input),
  }),
}));
vi.mock('../verify/verify.ts', () => ({
  verify: async (request: unknown): Promise<Report> => {
    world.verified.push(request);
    return {
      command: 'verify',
      certkeep: '0',
      exitCode: world.verdict === 'reissued' ? 3 : 0,
      cluster: 'c',
      certManager: 'v1.21.2',
      verdict: 'unchanged',
      barrier: 'passed',
      certificates: [{ namespace: 'app', name: 'web', verdict: world.verdict, message: 'm.' }],
      problems:
        world.verdict === 'reissued'
          ? [{ severity: 'error', code: 'reissued', message: 'm.', fix: 'f', object: 'Certificate/app/web' }]
          : [],
    };
  },
}));

const INFO: CertManagerInfo = {
  version: 'v1.21.2',
  namespace: 'cert-manager',
  installed: true,
  running: true,
  clusterResourceNamespace: 'cert-manager',
  clusterResourceNamespaceSource: 'default',
  leaderElectionNamespace: 'kube-system',
  leaderElection: true,
  watchedNamespace: '',
  flags: [],
  flagsKnown: true,
  crds: {},
};

function request(cluster: MemoryCluster, changes: Partial<RestoreRequest> = {}): RestoreRequest {
  return {
    cluster,
    path: '/backup',
    journal: '',
    identities: [],
    onConflict: 'fail',
    failOnReissue: true,
    canary: true,
    clock: systemClock,
    progress: silent,
    toolVersion: '0',
    ...changes,
  };
}
const use = (parts: BackupContents, changes: Parameters<typeof opened>[1] = {}) => {
  world.opened = opened(parts, changes);
};
const codes = (report: Report) => report.problems.map((p) => `${p.severity} ${p.code}`);

beforeEach(() => {
  use(contents('web', 'api'));
  world.info = INFO;
  world.decide = undefined;
  world.verified = [];
  world.verdict = 'unchanged';
});

describe('restore', () => {
  it('writes everything, verifies, and joins both in one report', async () => {
    const cluster = new MemoryCluster();
    const report = await restore(request(cluster));
    expect([report.command, report.exitCode, report.verdict, report.barrier]).toEqual([
      'restore',
      0,
      'unchanged',
      'passed',
    ]);
    expect(report.objects?.map((o) => o.action)).toEqual(Array(7).fill('create'));
    for (const object of report.objects ?? []) {
      expect(object.writtenAt).toMatch(/^\d{4}-.*\.\d{3}Z$/);
      expect(object.resourceVersion).toMatch(/^\d+$/);
    }
    expect(report.certificates[0]).toMatchObject({ name: 'web', prediction: 'keep', verdict: 'unchanged' });
    expect(world.verified).toMatchObject([{ restored: true, canary: true }]);
  });

  it('writes nothing the second time', async () => {
    const cluster = new MemoryCluster();
    await restore(request(cluster));
    const before = cluster.writes().length;
    const report = await restore(request(cluster));
    expect(cluster.writes()).toHaveLength(before);
    expect(report.objects?.every((o) => o.action === 'unchanged' && o.writtenAt === '')).toBe(true);
    expect(report.exitCode).toBe(0);
  });

  it('writes nothing where a live object differs, and names the field but no value', async () => {
    const theirs = secret('web-tls', { 'tls.crt': 'c2VjcmV0', 'tls.key': 'c2VjcmV0' });
    const cluster = new MemoryCluster(namespace('app'), theirs);
    const report = await restore(request(cluster));
    expect(report.exitCode).toBe(7);
    expect(cluster.writes()).toEqual([]);
    expect(world.verified).toEqual([]);
    const problem = report.problems.find((p) => p.code === 'conflict');
    expect(problem?.object).toBe('Secret/app/web-tls');
    expect(problem?.message).toContain('data[tls.key]');
    expect(JSON.stringify(report)).not.toContain('c2VjcmV0');
  });

  it('keeps what differs when it is told to', async () => {
    const cluster = new MemoryCluster(namespace('app'), secret('web-tls', { 'tls.crt': 'eA==', 'tls.key': 'eA==' }));
    const report = await restore(request(cluster, { onConflict: 'keep' }));
    expect(report.exitCode).toBe(0);
    expect(report.objects?.find((o) => o.name === 'web-tls')?.action).toBe('keep');
    expect(cluster.at('Secret', 'app', 'web-tls')?.data).toEqual({ 'tls.crt': 'eA==', 'tls.key': 'eA==' });
  });

  it('foretells that a kept leaf is called reissued, and says afterwards that it was not the restore', async () => {
    const tls = (name: string) => {
      const pair = makePair({ dnsNames: [name] });
      return { 'tls.crt': base64(pair.certificatePem), 'tls.key': base64(pair.keyPem) };
    };
    use({ ...contents('web'), secrets: [secret('web-tls', tls('web.test')), secret('ca')] });
    world.verdict = 'reissued';
    const cluster = new MemoryCluster(namespace('app'), secret('web-tls', tls('web.test')));
    const planned = await plan(request(cluster, { onConflict: 'keep' }));
    expect(planned.exitCode).toBe(0);
    const warning = planned.problems.find((p) => p.code === 'conflict');
    expect(warning).toMatchObject({ severity: 'warning', object: 'Certificate/app/web' });
    expect(warning?.message).toContain('verify will call Certificate/app/web reissued (exit 3)');
    const report = await restore(request(cluster, { onConflict: 'keep' }));
    const words = /already another certificate before this restore; kept by --on-conflict keep/;
    expect(report.certificates[0]?.message).toMatch(words);
    expect(report.problems.find((p) => p.code === 'reissued')?.message).toMatch(words);
    expect(report.exitCode).toBe(3);
  });

  it('says where only status is written back', async () => {
    const cluster = new MemoryCluster();
    await restore(request(cluster));
    const web = cluster.at('Certificate', 'app', 'web') as KubeObject;
    web.status = {};
    const said: string[] = [];
    const progress = { ...silent, info: (text: string) => said.push(text) };
    const planned = await plan(request(cluster, { progress }));
    expect(planned.objects?.find((o) => o.kind === 'Certificate' && o.name === 'web')?.why).toMatch(
      /status is written back/,
    );
    expect(said).toContain('The plan: 7 unchanged, 1 status.');
    await restore(request(cluster, { progress }));
    expect(said).toContain('Stage 50: the status of 1 Certificates that were there written back.');
    expect(web.status).toMatchObject({ revision: 3 });
  });

  it('refuses a predicted reissue with exit 3, or warns of it', async () => {
    world.decide = ({ certificate: { metadata } }) =>
      metadata.name === 'api' ? { outcome: 'reissue', reason: 'SecretMismatch', message: 'words' } : {};
    const cluster = new MemoryCluster();
    const refused = await restore(request(cluster));
    expect(refused.exitCode).toBe(3);
    expect(cluster.writes()).toEqual([]);
    expect(codes(refused)).toContain('error would-be-reissued');
    const accepted = await restore(request(cluster, { failOnReissue: false }));
    expect(accepted.exitCode).toBe(0);
    expect(codes(accepted)).toContain('warning would-be-reissued');
    expect(cluster.at('Certificate', 'app', 'api')).toBeDefined();
  });

  it('only warns of a renewal that is due, unless it is to fail on one', async () => {
    world.decide = () => ({ outcome: 'reissue', reason: 'Renewing', message: 'due' });
    expect((await restore(request(new MemoryCluster(), { failOnRenewal: true }))).exitCode).toBe(3);
    const report = await restore(request(new MemoryCluster()));
    expect(report.exitCode).toBe(0);
    expect(codes(report)).toContain('warning renewal-due');
  });

  it('stops where it is when it is interrupted, and says what was written', async () => {
    const cluster = new MemoryCluster();
    const interrupt = new AbortController();
    cluster.after = (call) => {
      if (call.kind === 'Issuer') interrupt.abort();
    };
    const report = await restore(request(cluster, { signal: interrupt.signal }));
    expect(report.exitCode).toBe(1);
    expect(report.problems.at(-1)).toMatchObject({ code: 'interrupted' });
    expect(cluster.at('Issuer', 'app', 'ca')).toBeDefined();
    expect(cluster.at('Certificate', 'app', 'web')).toBeUndefined();
    expect(world.verified).toEqual([]);
  });

  it('reports what was written before it stopped, and how to go on', async () => {
    const cluster = new MemoryCluster();
    cluster.before = (call) => {
      if (call.kind === 'Certificate' && !call.dryRun && ['apply', 'create'].includes(call.verb)) {
        throw new ApiError({ status: 403, reason: 'Forbidden', verb: 'patch', path: '/apis/x' });
      }
    };
    const report = await restore(request(cluster));
    expect(report.exitCode).toBe(6);
    expect(report.verdict).toBe('unproven');
    expect(report.problems.at(-1)?.message).toContain('5 objects were written before');
    expect(report.problems.at(-1)?.fix).toContain('run the same command again');
    expect(report.objects?.filter((o) => o.writtenAt !== '').map((o) => o.kind)).not.toContain('Certificate');
    expect(report.objects?.find((o) => o.kind === 'Certificate')?.why).toMatch(/not written/);
  });
});

describe('plan', () => {
  it('writes nothing and tries every write in namespaces that exist', async () => {
    const cluster = new MemoryCluster(namespace('app'));
    const report = await plan(request(cluster));
    expect(cluster.writes()).toEqual([]);
    expect([report.exitCode, report.verdict]).toEqual([0, 'keep']);
    const tried = cluster.calls.filter((c) => c.dryRun).map((c) => c.kind);
    expect(tried.filter((kind) => kind === 'Certificate')).toHaveLength(2);
    expect(tried.filter((kind) => kind === 'Secret')).toHaveLength(3);
  });

  it('asks about each Certificate as it will be: its Secret, its status, no requests', async () => {
    const inputs: ReissueInput[] = [];
    world.decide = (input) => {
      inputs.push(input);
      return {};
    };
    await plan(request(new MemoryCluster()));
    expect(inputs).toHaveLength(2);
    expect(inputs[0]?.secret?.metadata.name).toBe('web-tls');
    expect(inputs[0]?.certificate.status?.revision).toBe(3);
    expect(inputs[0]?.siblings).toHaveLength(1);
  });

  it('asks about a live Certificate with its live status, Secret and neighbours', async () => {
    const inputs: ReissueInput[] = [];
    world.decide = (input) => {
      inputs.push(input);
      return {};
    };
    const live: KubeObject = { ...certificate('web'), status: { revision: 9 } };
    const neighbour = certificate('neighbour', { secretName: 'web-tls' });
    await plan(request(new MemoryCluster(namespace('app'), live, neighbour)));
    const web = inputs.find((i) => i.certificate.metadata.name === 'web');
    expect(web?.certificate.status?.revision).toBe(9);
    expect(web?.siblings.map((s: Certificate) => s.metadata.name).sort()).toEqual(['neighbour', 'web']);
  });

  it('says what the API server refuses', async () => {
    const cluster = new MemoryCluster(namespace('app'));
    cluster.before = (call) => {
      if (call.kind === 'Issuer' && call.dryRun && call.object === 'app/ca') {
        throw new ApiError({ status: 422, reason: 'Invalid', verb: 'create', path: '/x', message: 'spec.vault: no' });
      }
    };
    const report = await plan(request(cluster));
    expect(report.exitCode).toBe(7);
    expect(report.problems[0]).toMatchObject({ code: 'write-refused', object: 'Issuer/app/ca' });
  });

  it('warns first of a live Ingress whose Secret is missing', async () => {
    const ingress: KubeObject = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'Ingress',
      metadata: { name: 'front', namespace: 'app', annotations: { 'cert-manager.io/issuer': 'ca' } },
      spec: { tls: [{ hosts: ['web.test'], secretName: 'web-tls' }] },
    };
    const report = await plan(request(new MemoryCluster(namespace('app'), ingress)));
    expect(report.problems[0]).toMatchObject({ severity: 'warning', code: 'made-by-another-object' });
    expect(report.exitCode).toBe(0);
  });

  it('finds a webhook that is not in place, or does not answer', async () => {
    const silentHook = new MemoryCluster(namespace('app'));
    silentHook.before = (call) => {
      if (call.object === 'app/certkeep-webhook-probe') {
        throw new ApiError({
          status: 500,
          reason: 'InternalError',
          verb: 'create',
          path: '/x',
          message: 'failed calling webhook',
        });
      }
    };
    expect(codes(await plan(request(silentHook)))).toEqual(['error prerequisite']);
    const absent = new MemoryCluster(namespace('app'));
    const create = absent.create.bind(absent);
    absent.create = async (kind, object, options) =>
      object.metadata.name === 'certkeep-webhook-probe' ? object : create(kind, object, options);
    const report = await plan(request(absent));
    expect(report.exitCode).toBe(6);
    expect(report.problems[0]?.message).toContain('not in place');
  });

  it('finds a cluster resource namespace that differs', async () => {
    const parts = contents('web');
    const clusterIssuer: KubeObject = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'ClusterIssuer',
      metadata: { name: 'company' },
      spec: { ca: { secretName: 'ca' } },
    };
    use({ ...parts, issuers: [...parts.issuers, clusterIssuer] });
    world.info = { ...INFO, clusterResourceNamespace: 'elsewhere' };
    expect(codes(await plan(request(new MemoryCluster())))).toContain('error prerequisite');
    world.info = { ...INFO, clusterResourceNamespace: '' };
    expect(codes(await plan(request(new MemoryCluster())))).toContain('error cluster-resource-namespace-unknown');
  });

  it('warns of a controller that does not run and of issuers that are missing', async () => {
    use({ ...contents('web'), issuers: [] });
    world.info = { ...INFO, running: false };
    const report = await plan(request(new MemoryCluster()));
    expect(codes(report)).toEqual(['warning missing-issuer', 'warning controller-not-running']);
    expect(report.exitCode).toBe(0);
  });

  it('names a namespace that is missing or being deleted', async () => {
    const parts = contents('web');
    use({ ...parts, namespaces: [] });
    const report = await plan(request(new MemoryCluster()));
    expect(report.problems.find((p) => p.object === 'Namespace/app')?.fix).toContain('kubectl create namespace app');
    use(parts);
    const dying = namespace('app');
    dying.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    expect((await plan(request(new MemoryCluster(dying)))).problems[0]?.message).toContain('being deleted');
  });
});

describe('what cannot be planned', () => {
  const failure = (changes: Partial<RestoreRequest> = {}) =>
    plan(request(new MemoryCluster(), changes)).then(
      () => undefined,
      (error: { code: string; exitCode: number }) => [error.code, error.exitCode],
    );

  it('a backup without Secrets, or one that no identity opened', async () => {
    use(contents(), { restorable: false });
    expect(await failure()).toEqual(['no-secrets-in-backup', 2]);
    use(contents());
    world.opened = { ...opened(contents()), sealed: ['objects/30-secrets.ndjson.age'] };
    expect(await failure()).toEqual(['cannot-decrypt', 5]);
  });

  it('another cluster, no cert-manager, a cert-manager too old', async () => {
    expect(await failure({ expectCluster: 'other' })).toEqual(['wrong-cluster', 2]);
    world.info = { ...INFO, installed: false };
    expect(await failure()).toEqual(['cert-manager-not-installed', 6]);
    world.info = { ...INFO, version: 'v1.10.2' };
    expect(await failure()).toEqual(['unsupported-cert-manager', 2]);
  });
});
