import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import { certkeep, type RunResult } from '../support/bundle.ts';
import { apply, CERTIFICATES, ISSUERS, KEYSTORE_PASSWORD, NAMESPACE_OBJECTS, waitReady } from '../support/company.ts';
import { newIdentity } from '../support/identity.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** Faults and bad input: each ends with its documented code and one message with cause and fix, and writes nothing. */

let cluster: TestCluster;
let empty: TestCluster;
let key: Awaited<ReturnType<typeof newIdentity>>;
let good: string;
const directory = temporaryDirectory('faults');
let counter = 0;
const fresh = (name: string) => join(directory, `${++counter}-${name}`);

async function certificateState(of: TestCluster): Promise<string> {
  const { stdout } = await of.kubectl(
    ['get', 'secrets,certificates,issuers,clusterissuers,namespaces', '-A', '-o', 'name'],
    { check: false },
  );
  return stdout;
}

function expectFault(result: RunResult, code: number, cause: RegExp, fix: RegExp = /./): void {
  expect(result.code, result.stderr).toBe(code);
  expect(result.stderr).toMatch(/^error/m);
  expect(result.stderr).toMatch(cause);
  expect(result.stderr.match(/^ {2}fix: (.*)$/m)?.[1] ?? '').toMatch(fix);
  expect(result.stderr, 'no stack trace').not.toMatch(/\n\s+at .*\d+:\d+/);
}

const backupArgs = (output: string, kubeconfig = cluster.kubeconfig) => [
  'backup',
  '--kubeconfig',
  kubeconfig,
  '--output',
  output,
  '--recipient',
  key.recipient,
];

interface Kubeconfig {
  clusters: { cluster: { server: string } }[];
  users: { user: Record<string, string> }[];
}

/** A kubeconfig like the administrator's, changed. */
function kubeconfigWith(change: (config: Kubeconfig) => void): string {
  const config = load(readFileSync(cluster.kubeconfig, 'utf8')) as Kubeconfig;
  change(config);
  const file = fresh('kubeconfig');
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

beforeAll(async () => {
  cluster = await startCluster('faults');
  empty = await startCluster('faults-empty', { certManager: null });
  key = await newIdentity();
  await apply(cluster, NAMESPACE_OBJECTS);
  await apply(cluster, [KEYSTORE_PASSWORD, ...ISSUERS]);
  await apply(cluster, CERTIFICATES);
  await waitReady(cluster, CERTIFICATES.length);
  good = fresh('good');
  expect((await certkeep(backupArgs(good))).code).toBe(0);
});
afterAll(async () => {
  await Promise.all([cluster?.stop(), empty?.stop()]);
});

describe('faults of the cluster', () => {
  it('unreachable API server: 9', async () => {
    const output = fresh('backup');
    const kubeconfig = kubeconfigWith(({ clusters }) => {
      for (const entry of clusters) entry.cluster.server = 'https://127.0.0.1:1';
    });
    expectFault(await certkeep(backupArgs(output, kubeconfig)), 9, /127\.0\.0\.1:1/);
    expect(existsSync(output)).toBe(false);
  });

  it('missing kubeconfig, damaged kubeconfig, wrong context: 9', async () => {
    expectFault(await certkeep(backupArgs(fresh('backup'), '/nonexistent/kubeconfig')), 9, /\/nonexistent\/kubeconfig/);
    const damaged = fresh('kubeconfig');
    writeFileSync(damaged, 'clusters: : [');
    expectFault(await certkeep(backupArgs(fresh('backup'), damaged)), 9, /kubeconfig/);
    expectFault(
      await certkeep([...backupArgs(fresh('backup')), '--context', 'production']),
      9,
      /production/,
      /context/,
    );
  });

  it('expired token: 9', async () => {
    const expired = kubeconfigWith(({ users }) => {
      for (const entry of users) entry.user = { token: 'expired' };
    });
    expectFault(
      await certkeep(backupArgs(fresh('backup'), expired)),
      9,
      /credentials|Unauthorized|token/i,
      /token|credential|log in/i,
    );
  });

  it('no rights on one kind: 6, naming it', async () => {
    const rule = (groups: string[], resources: string[]) => ({
      apiGroups: groups,
      resources,
      verbs: ['get', 'list', 'watch'],
    });
    await apply(cluster, [
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: 'all-but-issuers' },
        rules: [
          rule([''], ['namespaces', 'secrets']),
          rule(['cert-manager.io'], ['certificates', 'certificaterequests', 'clusterissuers']),
          rule(['apps'], ['deployments']),
          rule(['apiextensions.k8s.io'], ['customresourcedefinitions']),
        ],
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: 'all-but-issuers' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'all-but-issuers' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'certkeep-backup' }],
      },
    ]);
    const output = fresh('backup');
    expectFault(await certkeep(backupArgs(output, cluster.kubeconfigOf('certkeep-backup'))), 6, /issuers/i);
    expect(existsSync(output)).toBe(false);
  });

  it('cert-manager not installed: 6', async () => {
    const output = fresh('backup');
    expectFault(
      await certkeep(backupArgs(output, empty.kubeconfig)),
      6,
      /cert-manager is not installed|cert-manager\.io/,
    );
    expect(existsSync(output)).toBe(false);
  });

  it('another cluster than the expected one: 2', async () => {
    expectFault(
      await certkeep([...backupArgs(fresh('backup')), '--expect-cluster', 'not-this-one']),
      2,
      /not-this-one/,
    );
  });

  it('nothing in scope: 6, unless that is meant', async () => {
    const output = fresh('backup');
    expectFault(await certkeep([...backupArgs(output), '--namespace', 'kube-public']), 6, /kube-public|no Certificate/);
    expect(existsSync(output)).toBe(false);
    expect((await certkeep([...backupArgs(output), '--namespace', 'kube-public', '--allow-empty'])).code).toBe(0);
  });

  it('verify with the controller stopped: 8', async () => {
    await cluster.kubectl(['scale', 'deployment', '-n', 'cert-manager', 'cert-manager', '--replicas=0']);
    try {
      const deadline = Date.now() + 30_000;
      for (;;) {
        const { stdout } = await cluster.kubectl([
          'get',
          'pods',
          '-n',
          'cert-manager',
          '-l',
          'app.kubernetes.io/component=controller',
          '-o',
          'name',
        ]);
        if (stdout.trim() === '') break;
        if (Date.now() > deadline) throw new Error('the controller did not stop');
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      const result = await certkeep(['verify', good, '--kubeconfig', cluster.kubeconfig, '--timeout', '20s']);
      expectFault(result, 8, /controller/);
    } finally {
      await cluster.kubectl(['scale', 'deployment', '-n', 'cert-manager', 'cert-manager', '--replicas=1']);
    }
  });
});

describe('faults of the backup', () => {
  const restore = (path: string, ...more: string[]) =>
    certkeep(['restore', path, '--kubeconfig', empty.kubeconfig, '--identity-file', key.file, ...more]);

  it.each(['check', 'plan', 'restore', 'verify'])('%s of nothing at all: 4', async (command) => {
    const cluster_ = command === 'check' ? [] : ['--kubeconfig', empty.kubeconfig];
    expectFault(await certkeep([command, join(directory, 'no-such-backup'), ...cluster_]), 4, /no-such-backup/);
  });

  it('a directory that is no backup: 4', async () => {
    const other = fresh('other');
    mkdirSync(other);
    writeFileSync(join(other, 'hello.txt'), 'hello');
    expectFault(await certkeep(['check', other]), 4, /manifest\.json|not a certkeep backup/);
  });

  it.each([
    ['truncated', (d: string) => truncateSync(join(d, 'objects/50-certificates.ndjson'), 200)],
    ['without a file', (d: string) => rmSync(join(d, 'index.ndjson'))],
    ['with a truncated sealed file', (d: string) => truncateSync(join(d, 'objects/30-secrets.ndjson.age'), 300)],
    ['with a file more', (d: string) => writeFileSync(join(d, 'objects/60-more.ndjson'), '{}\n')],
    ['with half a manifest', (d: string) => truncateSync(join(d, 'manifest.json'), 100)],
  ])('a backup %s: 4, and nothing is written', async (_name, damage) => {
    const damaged = fresh('damaged');
    cpSync(good, damaged, { recursive: true });
    damage(damaged);
    const was = await certificateState(empty);
    expectFault(await certkeep(['check', damaged, '--identity-file', key.file]), 4, /./);
    expectFault(await restore(damaged), 4, /./);
    expect(await certificateState(empty)).toBe(was);
  });

  it('another root digest than the expected one: 4', async () => {
    expectFault(await restore(good, '--expect-root', `sha256:${'0'.repeat(64)}`), 4, /root/);
  });

  it('a wrong identity, an unreadable identity, no identity: 5', async () => {
    const other = await newIdentity();
    const args = ['restore', good, '--kubeconfig', empty.kubeconfig];
    expectFault(await certkeep([...args, '--identity-file', other.file]), 5, /identit/);
    expectFault(await certkeep([...args, '--identity-file', '/nonexistent/key']), 5, /\/nonexistent\/key/);
    expectFault(await certkeep(args), 5, /identit|encrypted/, /--identity-file|CERTKEEP_IDENTITY/);
  });

  it('the identity from the variable', async () => {
    const result = await certkeep(['check', good], { env: { CERTKEEP_IDENTITY: key.identity } });
    expect(result.code).toBe(0);
    expect(result.stdout + result.stderr).not.toContain(key.identity);
  });

  it('a target without cert-manager: nothing is written', async () => {
    const was = await certificateState(empty);
    expectFault(await restore(good), 6, /cert-manager/);
    expect(await certificateState(empty)).toBe(was);
  });
});

describe('faults of the output', () => {
  it('a directory that exists and is not empty: 2, and it stays as it was', async () => {
    const output = fresh('full');
    mkdirSync(output);
    writeFileSync(join(output, 'precious'), 'x');
    expectFault(await certkeep(backupArgs(output)), 2, /not empty/);
    expect(readdirSync(output)).toEqual(['precious']);
  });

  it('a directory that cannot be made: 2', async () => {
    writeFileSync(join(directory, 'a-file'), '');
    expectFault(await certkeep(backupArgs(join(directory, 'a-file', 'backup'))), 2, /a-file/);
  });

  it('a recipient that is none: 2, before anything is read', async () => {
    const result = await certkeep([
      'backup',
      '--kubeconfig',
      cluster.kubeconfig,
      '--output',
      fresh('b'),
      '--recipient',
      'age1nonsense',
    ]);
    expectFault(result, 2, /recipient|age1nonsense/);
  });

  it('no recipient: a backup without Secrets that says so and cannot be restored', async () => {
    const output = fresh('bare');
    const result = await certkeep(['backup', '--kubeconfig', cluster.kubeconfig, '--output', output]);
    expect(result.code, result.stderr).toBe(0);
    expect(result.stderr).toMatch(/secrets-not-captured/);
    expect(existsSync(join(output, 'objects/30-secrets.ndjson'))).toBe(false);
    const restored = await certkeep(['restore', output, '--kubeconfig', cluster.kubeconfig]);
    expectFault(restored, 2, /Secrets/, /recipient|allow-plaintext/);
  });

  it('an interrupt leaves no half backup', async () => {
    const output = fresh('interrupted');
    await certkeep(backupArgs(output), { signalAfter: { signal: 'SIGKILL', ms: 600 } });
    const left = readdirSync(directory).filter((name) => name === output.split('/').pop());
    // Either it had finished, or there is nothing under the final name.
    if (left.length > 0) expect((await certkeep(['check', output, '--identity-file', key.file])).code).toBe(0);
  });
});
