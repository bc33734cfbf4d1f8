import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../src/model/objects.ts';
import type { Report } from '../../src/model/report.ts';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import { certkeep, type RunResult } from '../support/bundle.ts';
import { apply, CERTIFICATE_COUNT, fillCompany, INGRESS, INGRESS_CERTIFICATE, waitReady } from '../support/company.ts';
import { newIdentity } from '../support/identity.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/**
 * What `certkeep rbac` prints is enough, and none of it is too much: each command runs as a user with exactly these
 * rights, and once more without each single verb on each single resource.
 */

interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: string[];
}
interface Role extends KubeObject {
  rules?: Rule[];
}

/** One verb on one resource, somewhere: what is taken away at a time. */
interface Atom {
  kind: string;
  namespace: string;
  group: string;
  resource: string;
  /** '' where the rule names no objects. */
  names: string;
  verb: string;
}

let source: TestCluster;
let target: TestCluster;
const scratch = temporaryDirectory('rights');
let taken = 0;
const fresh = (name: string): string => join(scratch, `${name}-${++taken}`);

/** The manifests that `certkeep rbac` prints for a user of the test cluster. */
async function rbac(args: string[], user: string): Promise<Role[]> {
  const result = await certkeep(['rbac', ...args, '--user', user, '--json']);
  expect(result.code, result.stderr).toBe(0);
  return (JSON.parse(result.stdout) as { items: Role[] }).items;
}

function atomsOf(manifests: readonly Role[]): Atom[] {
  return manifests.flatMap(({ kind, metadata: { namespace = '' }, rules = [] }) =>
    rules.flatMap(({ apiGroups, resources, resourceNames = [], verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => {
          // Secrets are taken away all at once: there are too many for one run each.
          const names =
            resource === 'secrets' || resourceNames.length === 0 ? [resourceNames.join(',')] : resourceNames;
          return verbs.flatMap((verb) =>
            names.map((name) => ({ kind, namespace, group, resource, names: name, verb })),
          );
        }),
      ),
    ),
  );
}

/** The manifests with one rule for each atom, all but `without`. */
function rolesOf(manifests: readonly Role[], without?: Atom): Role[] {
  const atoms = atomsOf(manifests).filter((atom) => JSON.stringify(atom) !== JSON.stringify(without));
  return manifests.map((manifest) => {
    if (manifest.rules === undefined) return manifest;
    const { kind, metadata } = manifest;
    const own = atoms.filter((atom) => atom.kind === kind && atom.namespace === (metadata.namespace ?? ''));
    return {
      ...manifest,
      rules: own.map(({ group, resource, names, verb }) => ({
        apiGroups: [group],
        resources: [resource],
        ...(names === '' ? {} : { resourceNames: names.split(',') }),
        verbs: [verb],
      })),
    };
  });
}

async function isAllowed(cluster: TestCluster, user: string, atom: Atom): Promise<boolean> {
  const [resource, subresource] = atom.resource.split('/');
  const answer = await cluster.api.call<{ status: { allowed: boolean } }>(
    'POST',
    '/apis/authorization.k8s.io/v1/subjectaccessreviews',
    {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user,
        resourceAttributes: {
          verb: atom.verb,
          group: atom.group,
          resource,
          subresource,
          namespace: atom.namespace,
          name: atom.names.split(',')[0],
        },
      },
    },
  );
  return answer.status.allowed;
}

/** Gives the user these rights without one, and waits until the API server judges by them. */
async function grant(cluster: TestCluster, user: string, manifests: readonly Role[], without?: Atom): Promise<void> {
  await apply(cluster, rolesOf(manifests, without));
  const deadline = Date.now() + 20_000;
  for (const atom of atomsOf(manifests)) {
    const wanted = JSON.stringify(atom) !== JSON.stringify(without);
    while ((await isAllowed(cluster, user, atom)) !== wanted) {
      if (Date.now() > deadline) throw new Error(`${JSON.stringify(atom)} does not become ${wanted}`);
      await sleep(50);
    }
  }
}

async function revoke(cluster: TestCluster, manifests: readonly Role[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: manifests };
  await cluster.kubectl(['delete', '--ignore-not-found', '-f', '-'], { input: JSON.stringify(list) });
}

const resourceOf = ({ group, resource }: Atom): string => (group === '' ? resource : `${resource}.${group}`);
const label = (atom: Atom): string =>
  `${atom.verb} ${resourceOf(atom)}${atom.names === '' ? '' : ` [${atom.names}]`} in ${atom.namespace || 'the cluster'}`;

function told(result: RunResult): string {
  return `${result.code}\n${result.stderr}\n${result.stdout.slice(0, 3000)}`;
}

/** Exit 6, the missing right in words, and the command that prints all of them. */
function expectRefusal(result: RunResult, atom: Atom, use: string): void {
  const report = JSON.parse(result.stdout) as Report;
  const errors = report.problems.filter((p) => p.severity === 'error');
  expect(result.code, `${label(atom)}\n${told(result)}`).toBe(6);
  const words = `${atom.verb} ${resourceOf(atom)}`;
  const named = errors.find((p) => p.message.includes(words));
  expect(named, `${label(atom)}\n${told(result)}`).toBeDefined();
  if (atom.namespace !== '') expect(named?.message).toContain(`in the namespace ${atom.namespace}`);
  // Many are read at once, and one of those that are refused is named.
  expect(
    atom.names.split(',').some((name) => named?.message.includes(name)),
    `${label(atom)}\n${told(result)}`,
  ).toBe(true);
  expect(named?.fix, label(atom)).toContain(`certkeep rbac --for ${use}`);
}

/** Runs with all rights, which must end well, and once without each. Returns what was taken away. */
async function eachRightCounts(input: {
  cluster: TestCluster;
  user: string;
  use: string;
  rbac: string[];
  run: () => Promise<RunResult>;
  /** Run with all rights last: a restore can be done once. */
  last?: boolean;
  /** Rights whose absence ends otherwise than with 6. */
  except?: (atom: Atom) => boolean;
  expected?: (result: RunResult) => void;
}): Promise<string[]> {
  const manifests = await rbac(['--for', input.use, ...input.rbac], input.user);
  const well = async () => {
    await grant(input.cluster, input.user, manifests);
    const result = await input.run();
    (input.expected ?? ((r) => expect(r.code, told(r)).toBe(0)))(result);
  };
  if (input.last !== true) await well();
  for (const atom of atomsOf(manifests)) {
    if (input.except?.(atom) === true) continue;
    await grant(input.cluster, input.user, manifests, atom);
    expectRefusal(await input.run(), atom, input.use);
  }
  if (input.last === true) await well();
  await revoke(input.cluster, manifests);
  return atomsOf(manifests).map(label);
}

/** An ACME account that a restore has to write back; the server is not asked, since no controller runs. */
const ACME = [
  {
    apiVersion: 'cert-manager.io/v1',
    kind: 'ClusterIssuer',
    metadata: { name: 'acme-everywhere' },
    spec: acmeSpec('acme-everywhere-key'),
  },
  {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Issuer',
    metadata: { namespace: 'shop', name: 'acme-shop' },
    spec: acmeSpec('acme-shop-key'),
  },
];

function acmeSpec(name: string) {
  return {
    acme: {
      server: 'https://acme.invalid/directory',
      email: 'ops@example.com',
      privateKeySecretRef: { name },
      solvers: [{ http01: { ingress: { ingressClassName: 'nginx' } } }],
    },
  };
}

async function addAccounts(cluster: TestCluster): Promise<void> {
  await apply(cluster, ACME);
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const key = (namespace: string, name: string) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name },
    stringData: { 'tls.key': pem },
  });
  await apply(cluster, [key('cert-manager', 'acme-everywhere-key'), key('shop', 'acme-shop-key')]);
  const status = {
    status: {
      acme: { uri: 'https://acme.invalid/acct/1', lastRegisteredEmail: 'ops@example.com' },
      conditions: [{ type: 'Ready', status: 'True', reason: 'ACMEAccountRegistered', message: 'registered' }],
    },
  };
  const patch = ['--subresource=status', '--type=merge', '-p', JSON.stringify(status)];
  await cluster.kubectl(['patch', 'clusterissuer', 'acme-everywhere', ...patch]);
  await cluster.kubectl(['-n', 'shop', 'patch', 'issuer', 'acme-shop', ...patch]);
}

const LEAVES_OF_SHOP = ['checkout-tls', 'legacy-java-tls', INGRESS_CERTIFICATE.name, 'web-tls'];

const BACKUP = 'certkeep-backup';
const VERIFY = 'certkeep-verify';
const RESTORE = 'certkeep-restore';
let identityFile = '';
let recipient = '';
let all = '';
const accounts = fresh('accounts');

const backup = (args: string[]) => {
  const output = fresh('backup');
  return certkeep(['backup', '--output', output, '--kubeconfig', source.kubeconfigOf(BACKUP), '--json', ...args]);
};
const verify = (path: string, args: string[] = []) =>
  certkeep(['verify', path, '--kubeconfig', source.kubeconfigOf(VERIFY), '--json', ...args]);

beforeAll(async () => {
  [source, target] = await Promise.all([startCluster('rights'), startCluster('rights-target')]);
  await fillCompany(source);
  ({ file: identityFile, recipient } = await newIdentity());
  all = fresh('all');
  const admin = ['--kubeconfig', source.kubeconfig];
  const result = await certkeep(['backup', '--output', all, ...admin, '--recipient', recipient, '--wait']);
  expect(result.code, told(result)).toBe(0);
});
afterAll(async () => {
  await Promise.all([source?.stop(), target?.stop()]);
});

describe('backup', () => {
  it('of everything', async () => {
    const rights = await eachRightCounts({
      cluster: source,
      user: BACKUP,
      use: 'backup',
      rbac: [],
      run: () => backup(['--recipient', recipient]),
    });
    expect(rights).toContain('list secrets in the cluster');
    expect(rights.filter((right) => /^(create|patch|delete|watch)/.test(right))).toEqual([]);
  });

  it('without capturing Secrets: they are read by name, for the leaves', async () => {
    const rights = await eachRightCounts({
      cluster: source,
      user: BACKUP,
      use: 'backup',
      rbac: ['--secrets', 'none'],
      run: () => backup(['--secrets', 'none']),
    });
    expect(rights.filter((right) => right.includes('secrets'))).toEqual(['get secrets in the cluster']);
  });

  it('of single namespaces, with the Secrets of ClusterIssuers in another', async () => {
    const scope = ['--namespace', 'shop', '--namespace', 'api'];
    const rights = await eachRightCounts({
      cluster: source,
      user: BACKUP,
      use: 'backup',
      rbac: scope,
      run: () => backup([...scope, '--recipient', recipient]),
    });
    expect(rights.filter((right) => right.includes('secrets')).sort()).toEqual([
      'get secrets in cert-manager',
      'list secrets in api',
      'list secrets in shop',
    ]);
  });

  it('of the Secrets that a backup names, and of no others', async () => {
    const rights = await eachRightCounts({
      cluster: source,
      user: BACKUP,
      use: 'backup',
      rbac: ['--from', all],
      run: () => backup(['--recipient', recipient]),
    });
    const secrets = rights.filter((right) => right.includes('secrets'));
    expect(secrets).toContain(`get secrets [${[...LEAVES_OF_SHOP, 'keystore-password'].sort().join(',')}] in shop`);
    expect(secrets.join()).not.toContain('database');
    expect(secrets.every((right) => right.startsWith('get secrets ['))).toBe(true);
  });

  it('with a baseline of requests: nothing of Secrets', async () => {
    const rights = await eachRightCounts({
      cluster: source,
      user: BACKUP,
      use: 'backup',
      rbac: ['--baseline', 'requests'],
      run: () => backup(['--baseline', 'requests']),
    });
    expect(rights.join()).not.toContain('secrets');
  });
});

describe('verify', () => {
  it('of everything', async () => {
    const rights = await eachRightCounts({
      cluster: source,
      user: VERIFY,
      use: 'verify',
      rbac: [],
      run: () => verify(all),
    });
    expect(rights).toContain('get secrets in the cluster');
    expect(rights).toContain('create certificates.cert-manager.io in cert-manager');
  });

  it('of the Secrets that a backup names, without the canary', async () => {
    const rights = await eachRightCounts({
      cluster: source,
      user: VERIFY,
      use: 'verify',
      rbac: ['--from', all, '--no-canary'],
      run: () => verify(all, ['--no-canary']),
    });
    expect(rights.filter((right) => /^(create|delete|patch)/.test(right))).toEqual([]);
    expect(rights).toContain(`get secrets [${LEAVES_OF_SHOP.join(',')}] in shop`);
  });

  it('of one namespace', async () => {
    await eachRightCounts({
      cluster: source,
      user: VERIFY,
      use: 'verify',
      rbac: ['--namespace', 'media', '--makers', 'none'],
      run: () => verify(all, ['--namespace', 'media']),
    });
  });

  it('of requests: nothing of Secrets, keys not compared, and a reissue is seen all the same', async () => {
    const path = fresh('requests');
    const made = await certkeep([
      ...['backup', '--output', path, '--kubeconfig', source.kubeconfig, '--baseline', 'requests', '--json'],
    ]);
    expect(made.code, told(made)).toBe(0);
    const rights = await eachRightCounts({
      cluster: source,
      user: VERIFY,
      use: 'verify',
      rbac: ['--baseline', 'requests'],
      run: () => verify(path),
      expected: (result) => {
        const report = JSON.parse(result.stdout) as Report;
        expect(report, told(result)).toMatchObject({ exitCode: 0, verdict: 'unchanged' });
        expect(report.certificates).toHaveLength(CERTIFICATE_COUNT);
        for (const { evidence } of report.certificates) {
          expect(evidence?.keySha256).toEqual({ before: 'not compared', after: 'not compared' });
          expect(evidence?.leafSha256?.before).toMatch(/^[0-9a-f]{64}$/);
          expect(evidence?.leafSha256?.after).toBe(evidence?.leafSha256?.before);
        }
      },
    });
    expect(rights.join()).not.toContain('secrets');

    const admin = ['--kubeconfig', source.kubeconfig, '--json'];
    await source.kubectl(['-n', 'media', 'delete', 'certificaterequest', '--all']);
    const unproven = JSON.parse((await certkeep(['verify', path, ...admin])).stdout) as Report;
    expect(unproven.exitCode, JSON.stringify(unproven.problems)).toBe(8);
    expect(unproven.certificates.filter((c) => c.verdict === 'unproven').map((c) => c.name)).toEqual([
      'images',
      'video',
    ]);
    // By the Secrets all of it is proved, whatever became of the requests.
    expect((await certkeep(['verify', all, ...admin])).code).toBe(0);

    await source.kubectl(['-n', 'media', 'delete', 'secret', 'video-tls']);
    await waitReady(source, CERTIFICATE_COUNT);
    const reissued = JSON.parse((await certkeep(['verify', path, ...admin])).stdout) as Report;
    expect(reissued.exitCode).toBe(3);
    expect(reissued.certificates.find((c) => c.name === 'video')?.verdict).toBe('reissued');
  });

  it('says with exit 6, not 8, that a maker may not be looked for', async () => {
    const manifests = await rbac(['--for', 'verify'], VERIFY);
    const { namespace, name } = INGRESS_CERTIFICATE;
    await source.kubectl(['-n', 'shop', 'delete', 'ingress', 'front']);
    for (
      let tries = 0;
      await source.api.find(`/apis/cert-manager.io/v1/namespaces/${namespace}/certificates/${name}`);
    ) {
      if (++tries > 200) throw new Error('the Certificate stays');
      await sleep(100);
    }
    await grant(source, VERIFY, manifests);
    const awaiting = await verify(all, ['--namespace', 'shop']);
    expect(awaiting.code, told(awaiting)).toBe(8);
    await apply(source, [INGRESS]);
    await waitReady(source, CERTIFICATE_COUNT);
    await revoke(source, manifests);
  });
});

/** Rights of the lock and the pause, without which a restore goes on. */
function isOfPause({ resource, names, verb }: Atom): boolean {
  if (resource === 'leases') return verb === 'create' || names === 'certkeep-restore';
  return resource === 'deployments/scale' || (resource === 'pods' && verb === 'list');
}

/** A Certificate and its Secret less on the target, for the next restore to bring back. */
async function loseWeb(): Promise<void> {
  await target.kubectl(['-n', 'shop', 'delete', 'certificate', 'web', '--wait', '--ignore-not-found']);
  await target.kubectl(['-n', 'shop', 'delete', 'secret', 'web-tls', '--wait', '--ignore-not-found']);
}

describe('predict', () => {
  it.each([
    ['everything', []],
    ['one namespace', ['--namespace', 'media']],
  ])('of %s', async (_, scope) => {
    const rights = await eachRightCounts({
      cluster: source,
      user: VERIFY,
      use: 'predict',
      rbac: scope,
      run: () => certkeep(['predict', '--kubeconfig', source.kubeconfigOf(VERIFY), '--json', ...scope]),
      // Without it there is a warning.
      except: ({ resource }) => resource === 'ingresses',
    });
    expect(rights.filter((right) => !/^(get|list) /.test(right))).toEqual([]);
  });
});

describe('resume', () => {
  it('starts a controller with exactly these rights', async () => {
    const scaled = ['-n', 'cert-manager', 'scale', 'deployment', 'cert-manager'];
    const pause = async () => {
      await source.kubectl([...scaled, '--replicas=0']);
      const annotations = {
        'certkeep.dev/paused-deployment': 'cert-manager',
        'certkeep.dev/paused-replicas': '1',
      };
      await apply(source, [
        {
          apiVersion: 'coordination.k8s.io/v1',
          kind: 'Lease',
          metadata: { namespace: 'cert-manager', name: 'certkeep-restore', annotations },
          spec: { holderIdentity: 'gone', renewTime: '2026-01-01T00:00:00.000000Z', leaseDurationSeconds: 30 },
        },
      ]);
    };
    await pause();
    await eachRightCounts({
      cluster: source,
      user: RESTORE,
      use: 'resume',
      rbac: [],
      run: () => certkeep(['resume', '--kubeconfig', source.kubeconfigOf(RESTORE), '--json']),
      last: true,
    });
    const left = await source.kubectl(['-n', 'cert-manager', 'get', 'lease', 'certkeep-restore', '--ignore-not-found']);
    expect(left.stdout).toBe('');
  });
});

describe('restore', () => {
  it('writes nothing where a right is missing, and everything with exactly those printed', async () => {
    await source.kubectl(['-n', 'cert-manager', 'scale', 'deployment', 'cert-manager', '--replicas=0']);
    await source.kubectl([
      '-n',
      'cert-manager',
      'wait',
      '--for=delete',
      'pod',
      '-l',
      'app.kubernetes.io/component=controller',
    ]);
    await addAccounts(source);
    const path = accounts;
    const made = await certkeep([
      ...['backup', '--output', path, '--kubeconfig', source.kubeconfig, '--recipient', recipient, '--json'],
    ]);
    expect(made.code, told(made)).toBe(0);

    const restore = () =>
      certkeep([
        ...['restore', path, '--identity-file', identityFile, '--kubeconfig', target.kubeconfigOf(RESTORE), '--json'],
      ]);
    const before = await target.kubectl(['get', 'namespaces', '-o', 'name']);
    const rights = await eachRightCounts({
      cluster: target,
      user: RESTORE,
      use: 'restore',
      rbac: ['--from', path, '--identity-file', identityFile],
      run: async () => {
        const result = await restore();
        if (result.code === 6) {
          expect((await target.kubectl(['get', 'namespaces', '-o', 'name'])).stdout).toBe(before.stdout);
        }
        return result;
      },
      last: true,
      except: isOfPause,
      expected: (result) => {
        // The Ingress comes after the restore.
        const report = JSON.parse(result.stdout) as Report;
        expect(result.code, told(result)).toBe(8);
        expect(result.stderr).not.toContain('not-paused');
        expect(report.certificates.filter((c) => c.verdict !== 'unchanged').map((c) => c.verdict)).toEqual([
          'awaiting-maker',
        ]);
      },
    });
    expect(rights).toContain('patch clusterissuers/status.cert-manager.io in the cluster');
    expect(rights).toContain('patch issuers/status.cert-manager.io in the cluster');
    expect(rights.some((right) => /^patch secrets \[.*web-tls.*\] in the cluster$/.test(right))).toBe(true);

    // Without a backup to name the Secrets: the same restore again, which finds all of it there.
    const wide = await rbac(['--for', 'restore'], RESTORE);
    await grant(target, RESTORE, wide);
    const again = JSON.parse((await restore()).stdout) as Report;
    expect(again.exitCode, JSON.stringify(again.problems)).toBe(8);
    expect(new Set(again.objects?.map((o) => o.action))).toEqual(new Set(['unchanged', 'skip']));
    await revoke(target, wide);
  });

  it('does not pause by halves: without any of these rights it says so, and leaves nothing behind', async () => {
    const manifests = await rbac(['--for', 'restore'], RESTORE);
    for (const atom of atomsOf(manifests).filter(isOfPause)) {
      await loseWeb();
      await grant(target, RESTORE, manifests, atom);
      const result = await certkeep([
        ...[
          'restore',
          accounts,
          '--identity-file',
          identityFile,
          '--kubeconfig',
          target.kubeconfigOf(RESTORE),
          '--json',
        ],
      ]);
      const report = JSON.parse(result.stdout) as Report;
      expect(result.code, `${label(atom)}\n${told(result)}`).toBe(8);
      expect(report.certificates.find((c) => c.name === 'web')?.verdict, label(atom)).toBe('unchanged');
      const said = report.problems.find((p) => p.code === 'not-paused');
      expect(said?.message, label(atom)).toContain(`${atom.verb} ${resourceOf(atom)}`);
      expect(said?.fix, label(atom)).toContain('certkeep rbac --for restore');
      const { stdout } = await target.kubectl(['-n', 'cert-manager', 'get', 'lease,deployment', '-o', 'name']);
      expect(stdout, label(atom)).not.toContain('certkeep-restore');
      await target.kubectl(['-n', 'cert-manager', 'rollout', 'status', 'deployment', 'cert-manager', '--timeout=30s']);
    }
    await revoke(target, manifests);
  });

  it('plans with the rights to plan, each of which counts', async () => {
    await loseWeb();
    await eachRightCounts({
      cluster: target,
      user: RESTORE,
      use: 'plan',
      rbac: ['--from', accounts, '--identity-file', identityFile],
      run: () =>
        certkeep([
          ...[
            'plan',
            accounts,
            '--identity-file',
            identityFile,
            '--kubeconfig',
            target.kubeconfigOf(RESTORE),
            '--json',
          ],
        ]),
      // What is there already is not tried.
      except: ({ verb, resource }) => verb === 'create' && (resource === 'issuers' || resource === 'namespaces'),
    });
  });
});
