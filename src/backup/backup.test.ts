import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { backupRequest } from '../../test/support/backup-request.ts';
import { readBackup } from '../archive/read.ts';
import { type CheckRequest, check } from '../check/check.ts';
import { ApiError } from '../cluster/client.ts';
import { exitCodeOf, type Problem } from '../model/problems.ts';
import { silent } from '../model/progress.ts';
import type { Report } from '../model/report.ts';
import { type BackupRequest, backup } from './backup.ts';
import { forbidden, MemoryCluster } from './memory-cluster.ts';
import { certificate, controller, issuer, leafSecret, namespace, request, secret, selfSigned } from './samples.ts';

/** What the check of the written backup is made to find; undefined: what it finds by itself. */
let found: Problem[] | undefined;
let checkedPath = '';
vi.mock('../check/check.ts', async (importOriginal) => {
  const { check } = await importOriginal<typeof import('../check/check.ts')>();
  return {
    check: async (asked: CheckRequest): Promise<Report> => {
      checkedPath = asked.path;
      const report = await check(asked);
      return found === undefined ? report : { ...report, problems: found, exitCode: exitCodeOf(found) };
    },
  };
});

const RECIPIENT = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
let home: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'certkeep-backup-'));
  found = undefined;
});
afterEach(() => rm(home, { recursive: true, force: true }));

const root = selfSigned('root');

function sample(): MemoryCluster {
  const cluster = new MemoryCluster([
    namespace('kube-system'),
    namespace('cert-manager'),
    namespace('a'),
    namespace('b'),
    controller('v1.21.2'),
    issuer('', 'global', { ca: { secretName: 'root' } }),
    issuer('', 'unused', { ca: { secretName: 'unused-root' } }),
    issuer('a', 'ca', { selfSigned: {} }),
    issuer('b', 'vault', { vault: { auth: { tokenSecretRef: { name: 'vault-token', key: 'token' } } } }),
    certificate('a', 'web'),
    certificate('b', 'api', { issuerRef: { name: 'global', kind: 'ClusterIssuer' } }),
    leafSecret('a', 'web-tls', 'web'),
    leafSecret('b', 'api-tls', 'api', selfSigned('api.test'), { name: 'global', kind: 'ClusterIssuer' }),
    secret('cert-manager', 'root', { 'tls.crt': root.crt, 'tls.key': root.key }),
    secret('cert-manager', 'unused-root', { 'tls.crt': root.crt, 'tls.key': root.key }),
    secret('cert-manager', 'cert-manager-webhook-ca', { 'tls.key': 'x' }),
    secret('b', 'vault-token', { token: 's.token' }),
    secret('a', 'decoy', { password: 'decoy' }),
    request('a', 'web', 1),
  ]);
  return cluster;
}

function ask(cluster: MemoryCluster, more: Partial<BackupRequest> = {}): Promise<Report> {
  const clock = { now: () => new Date('2026-03-01T12:00:00.500Z') };
  const preset = { clock, sleep: async () => {}, recipients: [RECIPIENT], allowPlaintextSecrets: false };
  return backup(backupRequest(cluster, join(home, 'out'), { ...preset, ...more }));
}

const plain = { recipients: [], allowPlaintextSecrets: true };

async function contents() {
  return readBackup({ path: join(home, 'out'), identities: [] });
}

const secretNames = async () =>
  (await contents()).contents.secrets.map((s) => `${s.metadata.namespace}/${s.metadata.name}`);

const errors = (report: Report) =>
  report.problems.filter((p) => p.severity === 'error').map((p) => `${p.code} ${p.object ?? ''}`.trim());

describe('backup', () => {
  it('writes what it read, under the final name and nothing beside it', async () => {
    const report = await ask(sample(), plain);
    expect(report).toMatchObject({
      command: 'backup',
      exitCode: 0,
      verdict: 'complete',
      cluster: 'uid-Namespace--kube-system',
      backup: { path: join(home, 'out'), restorable: true, encryption: 'none' },
    });
    expect(report.certificates).toMatchObject([
      { namespace: 'a', name: 'web' },
      { namespace: 'b', name: 'api' },
    ]);
    expect(await readdir(home)).toEqual(['out']);
    expect(await secretNames()).toEqual([
      'b/vault-token',
      'cert-manager/root',
      'cert-manager/unused-root',
      'a/web-tls',
      'b/api-tls',
    ]);
    const { manifest } = await contents();
    expect(manifest).toMatchObject({
      createdAt: '2026-03-01T12:00:00Z',
      secrets: 'all',
      cluster: { kubernetes: 'v1.36.3' },
    });
    expect(manifest.root).toBe(report.backup?.root);
  });

  it('stays within the namespaces that were named, with what they need from elsewhere', async () => {
    const cluster = sample();
    await ask(cluster, { ...plain, namespaces: ['b'] });
    expect(await secretNames()).toEqual(['b/vault-token', 'cert-manager/root', 'b/api-tls']);
    const { contents: kept } = await contents();
    expect(kept.issuers.map((i) => i.metadata.name)).toEqual(['global', 'vault']);
    expect(kept.namespaces.map((n) => n.metadata.name)).toEqual(['b', 'cert-manager']);
    expect(cluster.reads.filter((r) => r.startsWith('get secrets'))).toEqual(['get secrets cert-manager/root']);
  });

  it('makes no request an object', async () => {
    const cluster = sample();
    for (let i = 0; i < 100; i++) {
      cluster.put(certificate('a', `c${i}`));
      cluster.put(leafSecret('a', `c${i}-tls`, `c${i}`, root));
    }
    await ask(cluster);
    expect(cluster.reads.length).toBeLessThan(25);
  });

  it('captures no Secrets without a recipient, and says so', async () => {
    const report = await ask(sample(), { recipients: [] });
    expect(report).toMatchObject({ exitCode: 0, verdict: 'complete', backup: { restorable: false } });
    expect(report.problems).toMatchObject([{ severity: 'warning', code: 'secrets-not-captured' }]);
    const { contents: kept, manifest } = await contents();
    expect(manifest).toMatchObject({ secrets: 'none', restorable: false });
    expect(kept.secrets).toEqual([]);
    expect(kept.index.find((e) => e.name === 'web')?.baseline?.leaf).not.toBeNull();
  });

  it('captures issuers’ credentials only, also where Secrets may be read by name only', async () => {
    const cluster = sample();
    cluster.onRead = (read) => {
      if (read.verb === 'list' && read.kind.kind === 'Secret') throw forbidden(read);
    };
    const report = await ask(cluster, { ...plain, secrets: 'issuer' });
    expect(report).toMatchObject({ exitCode: 0, backup: { restorable: false } });
    expect(await secretNames()).toEqual(['b/vault-token', 'cert-manager/root', 'cert-manager/unused-root']);
    const web = (await contents()).contents.index.find((e) => e.name === 'web');
    expect(web?.baseline).toMatchObject({ leaf: { sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } });
    expect(cluster.reads).toContain(`get secrets ${web?.namespace}/${web?.baseline?.secretName}`);
  });

  it('puts no private key into a file that is not encrypted', async () => {
    await ask(sample());
    for (const name of await readdir(join(home, 'out'), { recursive: true })) {
      const text = await readFile(join(home, 'out', name), 'latin1').catch(() => '');
      expect(text).not.toContain(Buffer.from(root.key).toString('base64').slice(40, 120));
    }
  });

  it('does not mind an empty directory', async () => {
    await mkdir(join(home, 'out'));
    expect((await ask(sample())).exitCode).toBe(0);
  });

  it('turns a predicted reissue into a warning: the backup is still the best there is', async () => {
    const cluster = sample();
    cluster.put(certificate('a', 'web', { dnsNames: ['other.test'] }));
    for (const more of [plain, {}]) {
      const report = await ask(cluster, { ...more, directory: join(home, Object.keys(more).join() || 'sealed') });
      expect(report).toMatchObject({ exitCode: 0, verdict: 'complete' });
      expect(report.problems.map((p) => `${p.severity} ${p.code} ${p.object}`)).toEqual([
        'warning would-be-reissued Certificate/a/web',
      ]);
      expect(report.certificates.map((c) => c.prediction)).toEqual(['reissue', 'keep']);
    }
  });
});

describe('a backup that would be incomplete', () => {
  async function expectNothingLeft(): Promise<void> {
    expect(await readdir(home)).toEqual([]);
  }

  it.each([
    [
      'a Secret is missing',
      (c: MemoryCluster) => c.remove('Secret', 'cert-manager', 'root'),
      ['missing-secret Secret/cert-manager/root'],
    ],
    ['an issuer is missing', (c: MemoryCluster) => c.remove('Issuer', 'a', 'ca'), ['missing-issuer Issuer/a/ca']],
  ])('leaves nothing: %s', async (_, damage, expected) => {
    const cluster = sample();
    damage(cluster);
    const report = await ask(cluster);
    expect(report).toMatchObject({ exitCode: 6, verdict: 'incomplete' });
    expect(errors(report)).toEqual(expected);
    expect(report).not.toHaveProperty('backup');
    await expectNothingLeft();
    const accepted = await ask(cluster, { allowMissing: expected.map((e) => e.split(' ')[1] ?? '') });
    expect(accepted).toMatchObject({ exitCode: 0, verdict: 'complete' });
  });

  it('leaves nothing where the check of the written files fails', async () => {
    const message = 'The file is damaged.';
    found = [{ severity: 'error', code: 'damaged-backup', message, fix: 'f' }];
    const report = await ask(sample());
    expect(report).toMatchObject({ exitCode: 4, verdict: 'incomplete' });
    expect(checkedPath).toContain('unchecked');
    await expectNothingLeft();
  });

  it('leaves nothing where the cluster goes away', async () => {
    const cluster = sample();
    cluster.onRead = (_, count) => {
      if (count > 5) throw Object.assign(new Error('gone'), { code: 'ECONNRESET' });
    };
    await expect(ask(cluster)).rejects.toMatchObject({ code: 'unreachable', exitCode: 9 });
    await expectNothingLeft();
  });

  it('is none without the rights to read all of it', async () => {
    const cluster = sample();
    cluster.onRead = (read) => {
      if (read.kind.kind === 'CertificateRequest') throw forbidden(read);
    };
    await expect(ask(cluster)).rejects.toMatchObject({
      code: 'forbidden',
      exitCode: 6,
      message: expect.stringContaining('list certificaterequests.cert-manager.io'),
    });
  });

  it('is none where the cluster is empty, unless that is meant', async () => {
    const cluster = new MemoryCluster([namespace('kube-system')]);
    const report = await ask(cluster);
    expect(report.exitCode).toBe(6);
    expect(errors(report)).toEqual(['nothing-found']);
    expect(await ask(cluster, { allowEmpty: true })).toMatchObject({ exitCode: 0 });
  });

  it('is none without cert-manager, on another cluster, or where ClusterIssuers’ Secrets cannot be found', async () => {
    const bare = sample();
    delete bare.paths['/apis/cert-manager.io'];
    await expect(ask(bare)).rejects.toMatchObject({ code: 'cert-manager-not-installed', exitCode: 6 });
    await expect(ask(sample(), { expectCluster: 'other' })).rejects.toMatchObject({
      code: 'wrong-cluster',
      exitCode: 2,
    });
    const hidden = sample();
    hidden.remove('Deployment', 'cert-manager', 'cert-manager');
    const unknown = await ask(hidden);
    expect(errors(unknown)).toEqual(['cluster-resource-namespace-unknown ClusterIssuer/global']);
    expect(unknown.exitCode).toBe(6);
  });

  it('writes no credential in clear that was not allowed to be', async () => {
    await expect(ask(sample(), { secrets: 'all', recipients: [] })).rejects.toMatchObject({
      code: 'plaintext-secrets',
    });
    const cluster = sample();
    cluster.put(certificate('a', 'web', { keystores: { jks: { create: true, password: 'hunter22' } } }));
    const report = await ask(cluster, { recipients: [] });
    expect(errors(report)).toEqual(['inline-credential Certificate/a/web']);
    expect(JSON.stringify(report)).not.toContain('hunter22');
    expect(await ask(cluster)).toMatchObject({ exitCode: 0 });
  });

  it('asks the cluster nothing before recipients and directory are right', async () => {
    const cluster = sample();
    await expect(ask(cluster, { recipients: ['age1?'] })).rejects.toMatchObject({ code: 'wrong-usage', exitCode: 2 });
    await ask(sample());
    const inside = ask(cluster, { directory: join(home, 'out', 'x') });
    await expect(inside).rejects.toMatchObject({ code: 'output-not-writable', exitCode: 2 });
    expect(cluster.reads).toEqual([]);
  });

  it('says of a selector that fits nothing what is there all the same', async () => {
    const report = await ask(sample(), { selector: 'team=none' });
    expect(errors(report)).toEqual(['nothing-found']);
    expect(report.problems[0]?.message).toMatch(
      /^There is no Certificate in all namespaces .*team=none.*only the issuers/,
    );
  });

  it('names a selector that the API server does not understand', async () => {
    const cluster = sample();
    cluster.onRead = ({ verb, kind }) => {
      if (verb === 'list' && kind.kind === 'Certificate')
        throw new ApiError({ status: 400, reason: 'BadRequest', path: '/apis/cert-manager.io/v1/certificates', verb });
    };
    for (const namespaces of [[], ['a']]) {
      const error = ask(cluster, { selector: 'a==b,,', namespaces });
      await expect(error).rejects.toMatchObject({ code: 'wrong-usage', exitCode: 2 });
      await expect(error).rejects.toThrow('list certificates.cert-manager.io with the selector "a==b,,"');
    }
  });

  it('counts in the same order as a check', async () => {
    const report = await ask(sample(), plain);
    const checked = await check({
      path: join(home, 'out'),
      identities: [],
      horizonMs: 0,
      clock: { now: () => new Date() },
      progress: silent,
      toolVersion: '0.0.0',
    });
    const order = Object.keys(report.backup?.counts ?? {});
    expect(order.slice(0, 7)).toEqual([
      'namespaces',
      'crds',
      'secrets',
      'issuers',
      'certificates',
      'derived',
      'requests',
    ]);
    expect(Object.keys(checked.backup?.counts ?? {})).toEqual(order);
  });

  it('never writes over anything', async () => {
    await mkdir(join(home, 'out'));
    await writeFile(join(home, 'out', 'mine'), 'x');
    const cluster = sample();
    await expect(ask(cluster)).rejects.toMatchObject({ code: 'output-not-empty', exitCode: 2 });
    expect(cluster.reads).toEqual([]);
  });

  it('tells a Certificate that never rests from one in issuance', async () => {
    const cluster = sample();
    cluster.put(
      certificate('a', 'web', {}, { status: { revision: 1, conditions: [{ type: 'Issuing', status: 'True' }] } }),
    );
    const inIssuance = await ask(cluster);
    expect(inIssuance).toMatchObject({
      exitCode: 0,
      problems: [{ severity: 'warning', code: 'certificate-in-issuance' }],
    });
    cluster.onRead = (read) => {
      if (read.kind.kind === 'Certificate') cluster.put(certificate('a', 'web'));
    };
    const changing = await ask(cluster, { directory: join(home, 'second') });
    expect(errors(changing)).toEqual(['changed-while-reading Certificate/a/web']);
  });
});
