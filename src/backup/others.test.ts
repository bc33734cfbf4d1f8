import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { backupRequest } from '../../test/support/backup-request.ts';
import { readBackup } from '../archive/read.ts';
import { writeBackup } from '../archive/write.ts';
import { check } from '../check/check.ts';
import type { KubeObject } from '../model/objects.ts';
import { silent } from '../model/progress.ts';
import type { Report } from '../model/report.ts';
import { type BackupRequest, backup } from './backup.ts';
import { forbidden, MemoryCluster } from './memory-cluster.ts';
import { certificate, controller, issuer, leafSecret, namespace, request, secret, selfSigned } from './samples.ts';

/** What a backup takes besides cert-manager's own kinds, and that issuers and Secrets are of one time. */

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'certkeep-others-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

const STEP = 'certmanager.step.sm';
const root = selfSigned('root');
const refused = selfSigned('other');

const stepIssuer = (secretName: string): KubeObject => ({
  apiVersion: `${STEP}/v1beta1`,
  kind: 'StepIssuer',
  metadata: { namespace: 'a', name: 'step', generation: 1 },
  spec: { url: 'https://step.test', provisioner: { passwordRef: { name: secretName, key: 'password' } } },
  status: { conditions: [{ type: 'Ready', status: 'True' }] },
});

const injected = (name: string, from: string): KubeObject => ({
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name, annotations: { 'cert-manager.io/inject-ca-from-secret': from } },
  spec: {},
});

const allow = { 'cert-manager.io/allow-direct-injection': 'true' };

function sample(): MemoryCluster {
  const step = { name: 'step', kind: 'StepIssuer', group: STEP };
  const leaf = leafSecret('a', 'web-tls', 'web', selfSigned('web.test'), step);
  leaf.metadata.annotations = { ...leaf.metadata.annotations, 'cert-manager.io/issuer-group': STEP };
  const cluster = new MemoryCluster([
    namespace('kube-system'),
    namespace('cert-manager'),
    namespace('a'),
    namespace('b'),
    controller('v1.21.2'),
    issuer('a', 'ca', { ca: { secretName: 'root' } }),
    stepIssuer('step-password'),
    certificate('a', 'web', { issuerRef: step }),
    leaf,
    request('a', 'web', 1),
    secret('a', 'root', { 'tls.crt': root.crt, 'tls.key': root.key }),
    secret('a', 'step-password', { password: 'secret' }),
    secret('a', 'decoy'),
    secret('b', 'injected', { 'ca.crt': root.crt }, { metadata: { name: 'injected', annotations: allow } }),
    secret('b', 'private'),
    secret(
      'cert-manager',
      'cert-manager-webhook-ca',
      {},
      { metadata: { name: 'cert-manager-webhook-ca', annotations: allow } },
    ),
    injected('v1.one', 'b/injected'),
    injected('v1.two', 'b/private'),
    injected('v1.webhook', 'cert-manager/cert-manager-webhook-ca'),
  ]);
  cluster.paths[`/apis/${STEP}`] = { versions: [{ version: 'v1beta1' }] };
  cluster.paths[`/apis/${STEP}/v1beta1`] = {
    resources: [{ name: 'stepissuers', kind: 'StepIssuer', namespaced: true }],
  };
  return cluster;
}

function ask(cluster: MemoryCluster, more: Partial<BackupRequest> = {}): Promise<Report> {
  const clock = { now: () => new Date('2026-03-01T12:00:00.500Z') };
  const preset = { clock, sleep: async () => {} };
  return backup(backupRequest(cluster, join(home, 'out'), { ...preset, ...more }));
}

const opened = () => readBackup({ path: join(home, 'out'), identities: [] });
const secretNames = async () =>
  (await opened()).contents.secrets.map((s) => `${s.metadata.namespace}/${s.metadata.name}`).sort();
const said = (report: Report) => report.problems.map((p) => `${p.severity} ${p.code} ${p.object ?? ''}`.trim());

describe('a backup with an issuer of another group', () => {
  it('holds it, its Secret and its state; and what was left out is counted', async () => {
    const report = await ask(sample());
    expect(report.exitCode, JSON.stringify(report.problems)).toBe(0);
    expect(await secretNames()).toEqual(['a/root', 'a/step-password', 'a/web-tls', 'b/injected']);
    const { contents, manifest } = await opened();
    expect(contents.issuers.map((i) => i.kind)).toEqual(['Issuer', 'StepIssuer']);
    const entry = contents.index.find((e) => e.kind === 'StepIssuer');
    expect(entry).toMatchObject({ role: 'issuer', issuer: { ready: true, caSha256: null } });
    expect(manifest.scope.include).toEqual([`stepissuers.${STEP}`]);
    const leftOut = { certificateRequests: 0, temporaryKeys: 0, webhookCas: 1, unreferencedSecrets: 2 };
    expect(manifest.leftOut).toEqual(leftOut);
    expect(report.backup?.leftOut).toEqual(leftOut);
  });

  it('warns of a Secret that it names and that does not exist', async () => {
    const cluster = sample();
    cluster.remove('Secret', 'a', 'step-password');
    const report = await ask(cluster);
    expect(report.exitCode).toBe(0);
    expect(said(report)).toContain('warning missing-secret Secret/a/step-password');
    const accepted = await ask(cluster, { directory: join(home, '2'), allowMissing: ['Secret/a/step-password'] });
    expect(said(accepted)).toContain('note missing-secret Secret/a/step-password');
  });

  it('names the command that prints the right to read it', async () => {
    const cluster = sample();
    cluster.onRead = (read) => {
      if (read.kind.kind === 'StepIssuer') throw forbidden(read);
    };
    await expect(ask(cluster)).rejects.toMatchObject({
      code: 'forbidden',
      fix: expect.stringContaining(`certkeep rbac --for backup --include stepissuers.${STEP}`),
    });
  });

  it('names a Secret of a type that it cannot hold, and what to do', async () => {
    const cluster = sample();
    cluster.put(secret('a', 'step-password', {}, { type: 'example.com/custom' }));
    cluster.put(secret('a', 'root', {}, { type: 'example.com/custom' }));
    const report = await ask(cluster);
    expect(report.exitCode).toBe(6);
    expect(said(report)).toEqual(
      expect.arrayContaining(['error missing-secret Secret/a/root', 'warning missing-secret Secret/a/step-password']),
    );
    expect(report.problems.find((p) => p.object === 'Secret/a/root')?.fix).toMatch(
      /Opaque.*--allow-missing Secret\/a\/root/,
    );
  });
});

describe('CA injection from a Secret', () => {
  it('draws no Secret into a backup that does not allow it', async () => {
    const report = await ask(sample());
    expect(said(report)).toContain('note missing-secret Secret/b/private');
    expect(said(report).filter((line) => line.includes('webhook-ca'))).toEqual([]);
  });

  it('makes a Secret belong to a backup only where the Secret says so itself', async () => {
    await ask(sample());
    const { contents, manifest } = await opened();
    const judge = async (directory: string): Promise<string[]> => {
      const report = await check({
        path: directory,
        identities: [],
        horizonMs: 0,
        clock: { now: () => new Date('2026-03-01T12:00:00Z') },
        progress: silent,
        toolVersion: '0.0.0',
      });
      return report.problems.filter((p) => p.severity === 'error').map((p) => `${p.code} ${p.object}`);
    };
    expect(await judge(join(home, 'out'))).toEqual([]);
    const stranger = secret('b', 'stranger');
    const like = contents.index.find((e) => e.name === 'injected');
    if (like === undefined) throw new Error('the sample has no injected Secret');
    const forged = join(home, 'forged');
    await writeBackup({
      directory: forged,
      header: manifest,
      contents: {
        ...contents,
        secrets: [...contents.secrets, stranger],
        index: [...contents.index, { ...like, name: 'stranger' }],
      },
      recipients: [],
      encrypt: 'secrets',
      allowPlaintextSecrets: true,
    });
    expect(await judge(forged)).toEqual(['forbidden-object Secret/b/stranger']);
  });

  it.each([
    [{ namespaces: ['a'] }, ['a/root', 'a/step-password', 'a/web-tls']],
    [{ namespaces: ['a', 'b'] }, ['a/root', 'a/step-password', 'a/web-tls', 'b/injected']],
    [{ secrets: 'issuer' as const }, ['a/root', 'a/step-password']],
  ])('belongs to the scope and mode %j', async (more, expected) => {
    const report = await ask(sample(), more);
    expect(report.exitCode, JSON.stringify(report.problems)).toBe(0);
    expect(await secretNames()).toEqual(expected);
  });

  it('is not looked for without the right to, and that is said', async () => {
    const cluster = sample();
    cluster.onRead = (read) => {
      if (read.kind.kind === 'APIService') throw forbidden(read);
    };
    const report = await ask(cluster);
    expect(report.exitCode).toBe(0);
    expect(report.problems.find((p) => p.code === 'forbidden')).toMatchObject({
      severity: 'note',
      message: expect.stringContaining('list apiservices.apiregistration.k8s.io'),
    });
    expect(await secretNames()).not.toContain('b/injected');
  });
});

describe('--include crds', () => {
  const crd = (name: string, strategy?: string): KubeObject => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name },
    spec: {
      group: name.slice(name.indexOf('.') + 1),
      ...(strategy === undefined ? {} : { conversion: { strategy } }),
    },
    status: {},
  });

  it('takes those of the kinds in the backup, and none that converts by a webhook', async () => {
    const cluster = sample();
    for (const name of ['issuers.cert-manager.io', 'orders.acme.cert-manager.io', 'widgets.example.com']) {
      cluster.put(crd(name, 'None'));
    }
    cluster.put(crd(`stepissuers.${STEP}`, 'Webhook'));
    const report = await ask(cluster, { include: ['crds'] });
    const { contents, manifest } = await opened();
    expect(contents.crds.map((c) => c.metadata.name)).toEqual([
      'issuers.cert-manager.io',
      'orders.acme.cert-manager.io',
    ]);
    expect(manifest.scope.include).toEqual(['crds', `stepissuers.${STEP}`]);
    expect(said(report)).toContain(`warning prerequisite CustomResourceDefinition/stepissuers.${STEP}`);
  });

  it('is refused before the cluster is asked where an --include is none', async () => {
    const cluster = sample();
    await expect(ask(cluster, { include: ['secrets'] })).rejects.toMatchObject({ code: 'wrong-usage', exitCode: 2 });
    expect(cluster.reads).toEqual([]);
  });
});

describe('Certificates that own their Secrets', () => {
  it('are warned of, by the flag and by what is seen', async () => {
    const cluster = sample();
    const owned = leafSecret('a', 'web-tls', 'web', selfSigned('web.test'), { name: 'step', kind: 'StepIssuer' });
    owned.metadata.annotations = { ...owned.metadata.annotations, 'cert-manager.io/issuer-group': STEP };
    owned.metadata.ownerReferences = [
      { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', name: 'web', uid: 'uid-Certificate-a-web' },
    ];
    cluster.put(owned);
    expect(said(await ask(cluster))).toContain('warning owned-secrets');
    const byFlag = sample();
    const deployment = controller('v1.21.2') as KubeObject & {
      spec: { template: { spec: { containers: { args: string[] }[] } } };
    };
    deployment.spec.template.spec.containers[0]?.args.push('--enable-certificate-owner-ref=true');
    byFlag.put(deployment);
    expect(said(await ask(byFlag, { directory: join(home, '2') }))).toContain('warning owned-secrets');
  });
});

describe('an issuer that is edited while it is read', () => {
  /** Gives the issuer another Secret right after Secrets were listed, `times` times. */
  function editing(cluster: MemoryCluster, times: number, edit: (n: number) => void): void {
    let done = 0;
    cluster.onRead = (read) => {
      if (read.kind.kind !== 'CertificateRequest' || read.verb !== 'list' || done >= times) return;
      done += 1;
      edit(done);
    };
  }

  it('is read again with its Secrets, until both are of one time', async () => {
    const cluster = sample();
    editing(cluster, 1, () => {
      cluster.put(issuer('a', 'ca', { ca: { secretName: 'new-root' } }));
      cluster.remove('Secret', 'a', 'root');
      cluster.put(secret('a', 'new-root', { 'tls.crt': refused.crt, 'tls.key': refused.key }));
    });
    const report = await ask(cluster);
    expect(report.exitCode, JSON.stringify(report.problems)).toBe(0);
    expect(await secretNames()).toContain('a/new-root');
    expect(await secretNames()).not.toContain('a/root');
  });

  it('is not read again where only its status changed', async () => {
    const cluster = sample();
    cluster.put({
      ...issuer('a', 'ca', { ca: { secretName: 'root' } }),
      metadata: { ...issuer('a', 'ca', {}).metadata, generation: 1 },
    });
    editing(cluster, 1, () => {
      const changed = issuer('a', 'ca', { ca: { secretName: 'root' } }, false);
      cluster.put({ ...changed, metadata: { ...changed.metadata, generation: 1 } });
    });
    expect(await ask(cluster)).toMatchObject({ exitCode: 0 });
    expect(cluster.reads.filter((read) => read === 'list certificaterequests')).toHaveLength(1);
  });

  it('goes for an issuer of another group, too', async () => {
    const cluster = sample();
    // The Secrets that issuers of other groups name are read by themselves, after the list of all.
    let secretReads = 0;
    cluster.onRead = (read) => {
      if (read.kind.kind !== 'Secret' || ++secretReads !== 2) return;
      cluster.put({ ...stepIssuer('new-password'), metadata: { ...stepIssuer('').metadata, generation: 2 } });
      cluster.put(secret('a', 'new-password', { password: 'new' }));
    };
    expect(await ask(cluster)).toMatchObject({ exitCode: 0 });
    expect(secretReads).toBeGreaterThan(2);
    expect(await secretNames()).toContain('a/new-password');
    expect(await secretNames()).not.toContain('a/step-password');
  });

  it('is an error where it never rests, since no backup pairs an old spec with a new Secret', async () => {
    const cluster = sample();
    editing(cluster, 99, (n) => cluster.put(issuer('a', 'ca', { ca: { secretName: 'root' }, n })));
    const report = await ask(cluster);
    expect(report.exitCode).toBe(6);
    expect(said(report)).toContain('error changed-while-reading Issuer/a/ca');
  });
});
