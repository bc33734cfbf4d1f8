import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backup } from '../../src/backup/backup.ts';
import type { Cluster } from '../../src/cluster/client.ts';
import { connect } from '../../src/cluster/connect.ts';
import { CERTIFICATE, CERTIFICATE_REQUEST, CLUSTER_ISSUER, ISSUER, NAMESPACE, SECRET } from '../../src/model/kinds.ts';
import type { KubeObject, ManagedFieldsEntry } from '../../src/model/objects.ts';
import { silent, systemClock } from '../../src/model/progress.ts';
import type { Report } from '../../src/model/report.ts';
import { plan } from '../../src/restore/plan.ts';
import { restore } from '../../src/restore/restore.ts';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import { backupRequest } from '../support/backup-request.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/**
 * What only a real API server and a real controller can tell about a restore: order under a running controller, labels,
 * owners, field managers, and that it can be repeated. `npm run test:mutants` breaks the restore in these ways, one by
 * one, and expects these tests to fail each time.
 */

const CERT_MANAGER = 'cert-manager.io/v1';
const FAO = 'controller.cert-manager.io/fao';
const RESTORED = [NAMESPACE, SECRET, ISSUER, CLUSTER_ISSUER, CERTIFICATE];

let source: TestCluster;
let target: TestCluster;
let from: Cluster;
let to: Cluster;
const directory = join(temporaryDirectory('restore'), 'backup');

const certificate = (
  name: string,
  spec: Record<string, unknown>,
  metadata: Record<string, unknown> = {},
): KubeObject => ({
  apiVersion: CERT_MANAGER,
  kind: 'Certificate',
  metadata: { namespace: 'app', name, ...metadata },
  spec: {
    secretName: `${name}-tls`,
    issuerRef: { name: 'ca', kind: 'ClusterIssuer' },
    dnsNames: [`${name}.example.com`],
    privateKey: { algorithm: 'ECDSA', size: 256 },
    ...spec,
  },
});

const template = { annotations: { 'example.com/team': 'a', 'example.com/tier': 'b' }, labels: { edge: 'yes' } };
const BASE: KubeObject[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'app', labels: { team: 'a' } } },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace: 'app', name: 'password' },
    data: { password: Buffer.from('open sesame').toString('base64') },
  },
  { apiVersion: CERT_MANAGER, kind: 'ClusterIssuer', metadata: { name: 'root' }, spec: { selfSigned: {} } },
  { apiVersion: CERT_MANAGER, kind: 'ClusterIssuer', metadata: { name: 'ca' }, spec: { ca: { secretName: 'ca-tls' } } },
  certificate(
    'ca',
    {
      isCA: true,
      commonName: 'CA',
      dnsNames: [],
      duration: '8760h',
      issuerRef: { name: 'root', kind: 'ClusterIssuer' },
    },
    { namespace: 'cert-manager' },
  ),
];
const APPLIED = certificate('applied', { secretTemplate: template, duration: '2000h' });
const CLIENT_SIDE = certificate('client-side', { duration: '2000h' });
const OTHERS: KubeObject[] = [
  certificate('keystores', {
    secretTemplate: template,
    additionalOutputFormats: [{ type: 'DER' }, { type: 'CombinedPEM' }],
    keystores: { pkcs12: { create: true, passwordSecretRef: { name: 'password', key: 'password' } } },
  }),
  certificate('annotated', {}),
  certificate('owned', {}),
  certificate('deployed', {}),
  ...Array.from({ length: 40 }, (_, i) => certificate(`many-${i}`, {})),
];
/** The CA, the two applied in different ways, and the others. */
const COUNT = 3 + OTHERS.length;

function request(overrides: Partial<Parameters<typeof restore>[0]> = {}): Parameters<typeof restore>[0] {
  return {
    cluster: to,
    path: directory,
    identities: [],
    onConflict: 'fail',
    failOnReissue: true,
    canary: true,
    clock: systemClock,
    progress: silent,
    toolVersion: '0.0.0-test',
    timeoutMs: 300_000,
    ...overrides,
  };
}

async function apply(cluster: TestCluster, objects: KubeObject[], ...flags: string[]): Promise<void> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  await cluster.kubectl(['apply', ...flags, '-f', '-'], { input: JSON.stringify(list) });
}

const isReady = (object: KubeObject) => {
  const conditions = (object.status as { conditions?: { type: string; status: string }[] } | undefined)?.conditions;
  return conditions?.some((c) => c.type === 'Ready' && c.status === 'True') === true;
};

/** Asks again and again until the answer is there. */
async function eventually<T>(what: string, ask: () => Promise<T | undefined | false>, seconds = 60): Promise<T> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    if (Date.now() > deadline) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** Of the Certificates of these tests: the canary of a verification may take its time to go. */
const allReady = (cluster: Cluster, count: number) =>
  eventually('all Certificates Ready', async () => {
    const { items } = await cluster.list(CERTIFICATE);
    const ours = items.filter((o) => o.metadata.namespace === 'app' || o.metadata.name === 'ca');
    return ours.length >= count && ours.every(isReady);
  });

/** resourceVersion of everything that a restore may write. */
async function versions(cluster: Cluster): Promise<Map<string, string | undefined>> {
  const lists = await Promise.all(RESTORED.map((kind) => cluster.list(kind)));
  return new Map(
    lists
      .flatMap((list) => list.items)
      .map((o) => [`${o.kind}/${o.metadata.namespace ?? ''}/${o.metadata.name}`, o.metadata.resourceVersion]),
  );
}

/** Who owns which fields of the object itself; times left out. */
function owners(object: KubeObject | undefined): ManagedFieldsEntry[] {
  return (object?.metadata.managedFields ?? [])
    .filter((entry) => (entry.subresource ?? '') === '')
    .map(({ time: _, ...entry }) => entry);
}

/** A backup of some namespaces of the source; [] for all. */
async function takeBackup(path: string, namespaces: string[] = []): Promise<void> {
  const asked = { namespaces, secrets: 'all', toolVersion: '0.0.0-test' } as const;
  const report = await backup(backupRequest(from, path, asked));
  expect(report.problems.filter((p) => p.severity === 'error')).toEqual([]);
}

const written = (report: Report) => (report.objects ?? []).filter((o) => o.action === 'create');
const key = (o: { kind: string; namespace?: string; name: string }) => `${o.kind}/${o.namespace ?? ''}/${o.name}`;

beforeAll(async () => {
  [source, target] = await Promise.all([startCluster('restore-source'), startCluster('restore-target')]);
  from = await connect({ kubeconfigPath: source.kubeconfig, env: {} });
  to = await connect({ kubeconfigPath: target.kubeconfig, env: {} });
  await apply(source, BASE, '--server-side');
  await apply(source, [APPLIED, ...OTHERS], '--server-side');
  await apply(source, [CLIENT_SIDE]);
  await allReady(from, COUNT);
  // A Secret with an owner besides cert-manager, one that its Certificate owns, a Certificate that a release owns.
  const kubectl = (...args: string[]) => source.kubectl(args);
  await kubectl('annotate', 'secret', '-n', 'app', 'annotated-tls', 'example.com/mine=yes');
  await kubectl('create', 'configmap', '-n', 'app', 'release');
  const own = async (resource: string, name: string, apiVersion: string, kind: string, owner: string) => {
    const { stdout: uid } = await kubectl('get', kind, '-n', 'app', owner, '-o', 'jsonpath={.metadata.uid}');
    const patch = { metadata: { ownerReferences: [{ apiVersion, kind, name: owner, uid }] } };
    await kubectl('patch', resource, '-n', 'app', name, '--type=merge', '-p', JSON.stringify(patch));
  };
  await own('secret', 'owned-tls', CERT_MANAGER, 'Certificate', 'owned');
  await own('certificate', 'deployed', 'v1', 'ConfigMap', 'release');
  // Revisions other than 1, so that a restored one can be told from a fresh one.
  await kubectl(
    'patch',
    'certificate',
    '-n',
    'app',
    'applied',
    '--subresource=status',
    '--type=merge',
    '-p',
    '{"status":{"revision":5}}',
  );
  await takeBackup(directory);
});
afterAll(async () => {
  await Promise.all([from?.close(), to?.close()]);
  await Promise.all([source?.stop(), target?.stop()]);
});

describe('a restore to an empty cluster under a running controller', () => {
  let report: Report;
  let ready: boolean;
  let afterwards: Map<string, string | undefined>;
  const added: KubeObject[] = [];

  beforeAll(async () => {
    const stop = new AbortController();
    const watches = [];
    for (const kind of [SECRET, CERTIFICATE_REQUEST]) {
      const { resourceVersion } = await to.list(kind);
      const onEvent = (type: string, object: KubeObject) => void (type === 'ADDED' && added.push(object));
      watches.push(to.watch(kind, { resourceVersion, signal: stop.signal, onEvent }));
    }
    report = await restore(request());
    // Whether they are is a test of its own: one broken thing must not hide the others.
    ready = await allReady(to, COUNT).catch(() => false);
    // Time for the garbage collector and for cert-manager's second thoughts.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    afterwards = await versions(to);
    stop.abort();
    await Promise.all(watches);
  });

  it('ends well, with every Certificate unchanged', () => {
    expect(report.problems.filter((p) => p.severity === 'error')).toEqual([]);
    expect([report.exitCode, report.verdict, report.barrier]).toEqual([0, 'unchanged', 'passed']);
    expect(report.certificates.filter((c) => c.verdict === 'unchanged')).toHaveLength(COUNT);
    expect(ready).toBe(true);
  });

  it('makes cert-manager request nothing but the canary', () => {
    const requested = added.filter((o) => o.kind === 'CertificateRequest' && o.metadata.namespace !== 'cert-manager');
    expect(requested.map((o) => o.metadata.name)).toEqual([]);
  });

  it('writes each Secret with its fao label from the start, and cert-manager never touches one', async () => {
    const leaves = written(report).filter((o) => o.kind === 'Secret' && o.name.endsWith('-tls'));
    expect(leaves).toHaveLength(COUNT);
    for (const leaf of leaves) {
      const first = added.find((o) => o.kind === 'Secret' && o.metadata.name === leaf.name);
      expect(first?.metadata.labels?.[FAO], leaf.name).toBe('true');
      expect(afterwards.get(key(leaf)), leaf.name).toBe(leaf.resourceVersion);
    }
  });

  it('writes in order, stage after stage', () => {
    const objects = written(report);
    const stages = [...new Set(objects.map((o) => o.stage))].sort((a, b) => a - b);
    expect(stages).toEqual([10, 30, 40, 50]);
    const kindOf = (stage: number) => new Set(objects.filter((o) => o.stage === stage).map((o) => o.kind));
    expect([...kindOf(30)]).toEqual(['Secret']);
    expect([...kindOf(50)]).toEqual(['Certificate']);
    const times = (stage: number) => objects.filter((o) => o.stage === stage).map((o) => Date.parse(o.writtenAt ?? ''));
    for (const [i, stage] of stages.slice(1).entries()) {
      expect(Math.max(...times(stages[i] ?? 0))).toBeLessThanOrEqual(Math.min(...times(stage)));
    }
  });

  it('carries no owner over, and loses nothing to the garbage collector', async () => {
    for (const kind of [SECRET, CERTIFICATE]) {
      const { items } = await to.list(kind, { namespace: 'app' });
      for (const object of items) expect(object.metadata.ownerReferences ?? [], object.metadata.name).toEqual([]);
      const names = items.map((o) => o.metadata.name);
      expect(names).toEqual(
        expect.arrayContaining(kind === SECRET ? ['owned-tls', 'deployed-tls'] : ['owned', 'deployed']),
      );
    }
  });

  it('gives the revision back', async () => {
    const applied = await to.get(CERTIFICATE, 'app', 'applied');
    expect(applied?.status).toMatchObject({ revision: 5 });
  });

  it('leaves the fields of every object with the managers that the source had', async () => {
    for (const kind of [SECRET, CLUSTER_ISSUER, CERTIFICATE]) {
      const scope = kind.namespaced ? { namespace: 'app' } : {};
      const [was, is] = [await from.list(kind, scope), await to.list(kind, scope)];
      const found = new Map(is.items.map((o) => [o.metadata.name, o]));
      for (const object of was.items) {
        if (!written(report).some((o) => key(o) === key({ kind: object.kind, ...object.metadata }))) continue;
        const wanted = owners(object).filter((entry) => !ownsOwnersOnly(entry));
        expect(owners(found.get(object.metadata.name)), object.metadata.name).toEqual(wanted);
      }
    }
  });

  it('changes nothing when it is run again', async () => {
    const before = await versions(to);
    const again = await restore(request({ canary: false }));
    expect(written(again)).toEqual([]);
    expect(new Set(again.objects?.map((o) => o.action))).toEqual(new Set(['unchanged']));
    expect(again.exitCode).toBe(0);
    expect(await versions(to)).toEqual(before);
  });

  it('lets a template annotation go that is dropped from the spec', async () => {
    const { annotations, labels } = template;
    const { 'example.com/tier': _, ...kept } = annotations;
    const changed = structuredClone(APPLIED);
    (changed.spec as Record<string, unknown>).secretTemplate = { annotations: kept, labels };
    await apply(target, [changed], '--server-side');
    const secret = await eventually('the annotation is gone', async () => {
      const object = await to.get(SECRET, 'app', 'applied-tls');
      return object?.metadata.annotations?.['example.com/tier'] === undefined ? object : undefined;
    });
    expect(secret.metadata.annotations?.['example.com/team']).toBe('a');
  });

  it('lets additional formats and keystores go, and leaves what the user added', async () => {
    const patch = [
      { op: 'remove', path: '/spec/keystores' },
      { op: 'remove', path: '/spec/additionalOutputFormats' },
    ];
    await target.kubectl([
      'patch',
      'certificate',
      '-n',
      'app',
      'keystores',
      '--type=json',
      '-p',
      JSON.stringify(patch),
    ]);
    const secret = await eventually('keystores are gone', async () => {
      const object = await to.get(SECRET, 'app', 'keystores-tls');
      return Object.keys(object?.data ?? {}).length === 3 ? object : undefined;
    });
    expect(Object.keys(secret.data as object).sort()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
    const annotated = await to.get(SECRET, 'app', 'annotated-tls');
    expect(annotated?.metadata.annotations?.['example.com/mine']).toBe('yes');
  });

  it.each([
    ['server-side', APPLIED, ['--server-side']],
    ['client-side', CLIENT_SIDE, []],
    ['client-side, then server-side', CLIENT_SIDE, ['--server-side']],
  ])('lets a later kubectl apply (%s) change and remove fields', async (how, object, flags) => {
    const changed = structuredClone(object);
    const spec = changed.spec as Record<string, unknown>;
    delete spec.duration;
    spec.revisionHistoryLimit = how === 'server-side' ? 2 : 3;
    await apply(target, [changed], ...flags);
    const live = await to.get(CERTIFICATE, 'app', object.metadata.name);
    expect(live?.spec).toMatchObject({ revisionHistoryLimit: spec.revisionHistoryLimit });
    expect(live?.spec).not.toHaveProperty('duration');
  });
});

describe('conflicts and predictions', () => {
  const missing = (kind: typeof SECRET, name: string) => to.get(kind, 'app', name).then((o) => o === undefined);

  it('refuses where a live object differs, and writes nothing', async () => {
    await target.kubectl(['delete', 'secret', '-n', 'app', 'password']);
    const before = await versions(to);
    const report = await restore(request({ canary: false }));
    expect(report.exitCode).toBe(7);
    const conflicts = report.objects?.filter((o) => o.action === 'conflict').map((o) => o.name);
    expect(conflicts).toEqual(expect.arrayContaining(['applied', 'client-side']));
    expect(report.problems.find((p) => p.object === 'Certificate/app/applied')?.message).toMatch(/spec\.duration/);
    expect(await versions(to)).toEqual(before);
  });

  it('keeps live objects that differ where it is told to, and restores the rest', async () => {
    const report = await restore(request({ canary: false, onConflict: 'keep' }));
    expect(report.exitCode).toBe(0);
    expect(written(report).map(key)).toEqual(['Secret/app/password']);
  });

  it('refuses where a Certificate would be reissued, in plan and restore, and writes nothing', async () => {
    // The live Secret stays, the Certificate comes back from the backup: its key is of another size then.
    await target.kubectl(['delete', 'certificate', '-n', 'app', 'many-0']);
    const secret = await to.get(SECRET, 'app', 'many-1-tls');
    await target.kubectl([
      ...['patch', 'secret', '-n', 'app', 'many-0-tls', '--type=merge', '-p'],
      JSON.stringify({ data: secret?.data }),
    ]);
    const before = await versions(to);
    const planned = await plan(request({ onConflict: 'keep' }));
    expect([planned.exitCode, planned.verdict]).toEqual([3, 'reissue']);
    const reissues = planned.certificates.filter((c) => c.prediction === 'reissue');
    expect(reissues.map((c) => [c.name, c.reason])).toEqual([['many-0', 'SecretMismatch']]);
    const refused = await restore(request({ canary: false, onConflict: 'keep' }));
    expect(refused.exitCode).toBe(3);
    expect(await missing(CERTIFICATE, 'many-0')).toBe(true);
    expect(await versions(to)).toEqual(before);
  });

  it('refuses another cluster than the expected one', async () => {
    await expect(restore(request({ expectCluster: 'another' }))).rejects.toMatchObject({ code: 'wrong-cluster' });
  });
});

describe('two Certificates that share a Secret', () => {
  it('are restored with the one first that the Secret names, and neither issues', async () => {
    const shared = (name: string, host: string) =>
      certificate(name, { secretName: 'shared-tls', dnsNames: [host] }, { namespace: 'shared' });
    await apply(source, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shared' } }], '--server-side');
    await apply(source, [shared('z-owner', 'a.example.com')], '--server-side');
    await eventually('the owner is Ready', async () => {
      const object = await from.get(CERTIFICATE, 'shared', 'z-owner');
      return object !== undefined && isReady(object);
    });
    await apply(source, [shared('a-neighbour', 'b.example.com')], '--server-side');
    const path = `${directory}-shared`;
    await takeBackup(path, ['shared']);
    const report = await restore(request({ path, canary: false }));
    const times = new Map(written(report).map((o) => [o.name, Date.parse(o.writtenAt ?? '')]));
    expect(times.get('z-owner')).toBeLessThanOrEqual(times.get('a-neighbour') ?? 0);
    // Time for the controller to decide on both.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect((await to.list(CERTIFICATE_REQUEST, { namespace: 'shared' })).items).toEqual([]);
    const [was, is] = [await from.get(SECRET, 'shared', 'shared-tls'), await to.get(SECRET, 'shared', 'shared-tls')];
    expect(is?.data).toEqual(was?.data);
  });
});

/** A patch of ownerReferences leaves an entry of its own at the source; owners are not carried over. */
function ownsOwnersOnly(entry: ManagedFieldsEntry): boolean {
  const { 'f:metadata': metadata, ...rest } = (entry.fieldsV1 ?? {}) as Record<string, Record<string, unknown>>;
  return Object.keys(rest).length === 0 && Object.keys(metadata ?? {}).every((field) => field === 'f:ownerReferences');
}
