import { beforeEach, describe, expect, it } from 'vitest';
import type { OpenedBackup } from '../archive/read.ts';
import { certificateBaseline } from '../backup/baseline.ts';
import { ApiError } from '../cluster/client.ts';
import type { IndexEntry } from '../model/backup.ts';
import { CERTIFICATE, CERTIFICATE_REQUEST, DEPLOYMENT, INGRESS, NAMESPACE, POD, SECRET } from '../model/kinds.ts';
import type { Certificate } from '../model/objects.ts';
import { CertkeepError } from '../model/problems.ts';
import { silent, systemClock } from '../model/progress.ts';
import { FakeCluster, forbidden } from './fake-cluster.ts';
import { type VerifyRequest, verify } from './verify.ts';

let cluster: FakeCluster;
let index: IndexEntry[];
let sourceUid: string;

/** A Certificate that was never issued and whose issuance nobody tries: the simplest one that can be unchanged. */
function certificate(name: string, ready: boolean = true): Certificate {
  return cluster.put(CERTIFICATE, 'app', name, {
    spec: { secretName: `${name}-tls`, issuerRef: { name: 'ca' } },
    status: { conditions: ready ? [{ type: 'Ready', status: 'True', observedGeneration: 1 }] : [] },
  }) as Certificate;
}

function entry(of: Certificate, more: Partial<IndexEntry> = {}): IndexEntry {
  return {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    namespace: 'app',
    name: of.metadata.name,
    uid: of.metadata.uid ?? '',
    role: 'certificate',
    file: '',
    digest: '',
    ownerReferences: [],
    referencedFrom: [],
    managers: [],
    baseline: certificateBaseline(of, undefined, [], []),
    ...more,
  };
}

function run(more: Partial<VerifyRequest> = {}) {
  const backup = {
    path: '',
    root: 'sha256:0',
    sealed: [],
    restoreMd: undefined,
    manifest: {
      createdAt: '2026-01-01T00:00:00Z',
      cluster: { uid: sourceUid },
      certManager: { version: 'v1.21.2' },
      encryption: 'none',
      restorable: true,
      counts: { secrets: 1, namespaces: 1, index: 2, certificates: 1 },
    },
    contents: { index },
  } as unknown as OpenedBackup;
  return verify({
    cluster,
    backup,
    namespaces: [],
    canary: true,
    failOnReissue: true,
    failOnRenewal: false,
    timeoutMs: 400,
    pollMs: 10,
    clock: systemClock,
    progress: silent,
    toolVersion: '0',
    ...more,
  });
}

beforeEach(() => {
  cluster = new FakeCluster();
  sourceUid = 'cluster-uid';
  index = [entry(certificate('web'))];
});

const noCanaryLeft = () =>
  expect(cluster.named(CERTIFICATE).map((c) => c.metadata.name)).not.toContainEqual(expect.stringMatching(/canary/));

describe('verify', () => {
  it('passes the barrier with two canaries and leaves nothing behind', async () => {
    const report = await run();
    expect(report).toMatchObject({
      command: 'verify',
      exitCode: 0,
      verdict: 'unchanged',
      barrier: 'passed',
      cluster: 'cluster-uid',
      certManager: 'v1.21.2',
      problems: [],
    });
    expect(report.certificates).toMatchObject([{ namespace: 'app', name: 'web', verdict: 'unchanged' }]);
    expect(cluster.calls.filter((call) => call === 'create certificates').length).toBe(2);
    noCanaryLeft();
    expect(cluster.named(CERTIFICATE_REQUEST)).toEqual([]);
  });

  it('asks for lists, never for one object a Certificate', async () => {
    for (let i = 0; i < 100; i += 1) index.push(entry(certificate(`c${i}`)));
    await run();
    expect(cluster.calls.filter((call) => /certificates|secrets|requests/.test(call)).length).toBeLessThan(30);
  });

  it('names exactly the one that was reissued, and why', async () => {
    const other = certificate('other');
    index.push(entry(other));
    cluster.put(CERTIFICATE_REQUEST, 'app', 'other-1', {
      metadata: {
        ownerReferences: [
          { apiVersion: '', kind: 'Certificate', name: 'other', uid: other.metadata.uid, controller: true },
        ],
      },
    });
    const report = await run();
    expect(report).toMatchObject({ exitCode: 3, verdict: 'reissued', barrier: 'passed' });
    expect(report.problems).toMatchObject([{ severity: 'error', code: 'reissued', object: 'Certificate/app/other' }]);
    expect((await run({ failOnReissue: false })).exitCode).toBe(0);
    expect((await run({ failOnReissue: false })).verdict).toBe('reissued');
  });

  it('says against which backup it compares', async () => {
    const said: string[] = [];
    const report = await run({ progress: { ...silent, info: (text) => said.push(text) } });
    expect(said).toContainEqual(expect.stringContaining('of cluster cluster-uid, root sha256:0.'));
    expect(report.backup).toMatchObject({ root: 'sha256:0', cluster: 'cluster-uid' });
    expect(Object.keys(report.backup?.counts ?? {})).toEqual(['namespaces', 'secrets', 'certificates', 'index']);
  });

  it('on another cluster asks whether it is the right one where nothing of the backup is there', async () => {
    sourceUid = 'other';
    const restored = await run();
    expect(restored.problems).toMatchObject([{ severity: 'note', code: 'cluster-changed' }]);
    expect(restored.exitCode).toBe(0);
    index = [{ ...index[0], name: 'absent' } as IndexEntry];
    const first = (await run()).problems[0];
    expect(first).toMatchObject({ severity: 'warning', code: 'cluster-changed' });
    expect(first?.message).toMatch(/nothing of the backup is here: is this the right context/);
    cluster.installed = false;
    expect((await run()).problems[0]).toMatchObject({ severity: 'warning', message: first?.message });
  });

  it('removes canaries of earlier runs, and only old ones of its own', async () => {
    const labels = { 'app.kubernetes.io/managed-by': 'certkeep' };
    const old = { creationTimestamp: '2026-01-01T00:00:00Z', labels };
    cluster.put(CERTIFICATE, 'cert-manager', 'certkeep-canary-old', { metadata: old });
    cluster.put(CERTIFICATE, 'cert-manager', 'certkeep-canary-new', { metadata: { labels } });
    cluster.put(CERTIFICATE, 'cert-manager', 'mine', { metadata: old });
    await run();
    expect(cluster.named(CERTIFICATE).map((c) => c.metadata.name)).toEqual(['web', 'certkeep-canary-new', 'mine']);
  });
});

describe('many namespaces', () => {
  beforeEach(() => {
    index = [];
    for (let i = 0; i < 60; i += 1) {
      const one = cluster.put(CERTIFICATE, `ns-${i}`, 'web', {
        ...certificate('template'),
        metadata: {},
      }) as Certificate;
      index.push(entry(one, { namespace: `ns-${i}` }));
    }
  });
  it('are read by one list over all of them', async () => {
    expect(await run()).toMatchObject({ exitCode: 0, verdict: 'unchanged' });
    expect(cluster.calls.filter((call) => call === 'list secrets' || call === 'list certificates').length).toBeLessThan(
      12,
    );
  });
  it('are read one by one where that is forbidden', async () => {
    cluster.clusterWideForbidden = true;
    expect(await run()).toMatchObject({ exitCode: 0, verdict: 'unchanged' });
  });
});

describe('what cannot be proved ends with 8', () => {
  const unproven = async (code: string, words: RegExp, more: Partial<VerifyRequest> = {}) => {
    const report = await run(more);
    expect(report).toMatchObject({ exitCode: 8, verdict: 'unproven', barrier: 'failed' });
    expect(report.certificates).toMatchObject([{ verdict: 'unproven' }]);
    expect(report.problems.filter((p) => p.severity === 'error').map((p) => p.code)).toContain(code);
    expect(report.problems.map((p) => `${p.message} ${p.fix}`).join()).toMatch(words);
    noCanaryLeft();
  };

  it('not installed', async () => {
    cluster.installed = false;
    await unproven('controller-not-running', /not installed/);
  });
  it('no controller in the namespace that was given', async () => {
    cluster.put(NAMESPACE, '', 'elsewhere');
    const report = await run({ certManagerNamespace: 'elsewhere' });
    expect(report).toMatchObject({ exitCode: 8, problems: [{ code: 'controller-not-running' }] });
    expect(report.problems[0]?.fix).toContain('--cert-manager-namespace');
    await expect(run({ certManagerNamespace: 'nope', canary: false })).rejects.toMatchObject({ exitCode: 2 });
  });
  it('scaled to 0', async () => {
    cluster.put(DEPLOYMENT, 'cert-manager', 'cert-manager', { spec: { replicas: 0 }, status: {} });
    await unproven('controller-not-running', /scaled to 0.*--replicas=1/);
  });
  it('no ready replica', async () => {
    cluster.put(DEPLOYMENT, 'cert-manager', 'cert-manager', { spec: { replicas: 1 }, status: {} });
    await unproven('controller-not-running', /no ready replica/);
  });
  it('a stale lease', async () => {
    cluster.lease({ holderIdentity: 'x', renewTime: '2026-01-01T00:00:00Z' });
    await unproven('controller-not-running', /stale/);
  });
  it('a lease that nobody holds', async () => {
    cluster.lease({ holderIdentity: '', renewTime: new Date().toISOString() });
    await unproven('controller-not-running', /Nobody holds/);
  });
  it('an old leader', async () => {
    cluster.put(POD, 'cert-manager', 'pod-1', { spec: { containers: [{ name: 'c', image: 'x/c:v1.18.2' }] } });
    await unproven('controller-not-seen', /old controller still leads.*v1\.18\.2/);
  });
  it('a controller that does not work', async () => {
    cluster.controllerWorks = false;
    await unproven('controller-not-seen', /no CertificateRequest for the canary/);
  });
  it('a Certificate that was not looked at', async () => {
    index = [entry(certificate('web', false))];
    await unproven('controller-not-seen', /app\/web/);
  });
  it('a policy against the canary', async () => {
    cluster.faults.set(
      'create certificates',
      new ApiError({
        status: 403,
        reason: 'Forbidden',
        path: '/',
        verb: 'create',
        message: 'admission webhook "x" denied',
      }),
    );
    await unproven('controller-not-seen', /denied/);
  });
});

describe('--no-canary', () => {
  it('waives the canary only: the lease must be seen to move', async () => {
    expect(await run({ canary: false })).toMatchObject({ exitCode: 8, barrier: 'failed' });
    const renew = setInterval(
      () =>
        cluster.lease({
          holderIdentity: 'pod-1-external-cert-manager-controller',
          renewTime: new Date().toISOString(),
        }),
      20,
    );
    const report = await run({ canary: false });
    clearInterval(renew);
    expect(report).toMatchObject({ exitCode: 0, verdict: 'unchanged', barrier: 'waived' });
    expect(cluster.calls).not.toContain('create certificates');
  });
});

describe('Certificates that other objects make', () => {
  beforeEach(() => {
    const maker = { kind: 'Ingress', name: 'shop', apiVersion: 'networking.k8s.io/v1', uid: 'i', annotations: {} };
    index.push(entry(certificate('shop'), { role: 'derived-certificate', maker }));
    cluster.objects.delete('certificates app/shop');
  });
  it('are awaited where the maker is absent', async () => {
    const report = await run();
    expect(report).toMatchObject({ exitCode: 8, verdict: 'unproven', barrier: 'passed' });
    expect(report.problems).toMatchObject([
      { code: 'awaiting-maker', fix: expect.stringContaining('Ingress app/shop') },
    ]);
  });
  it('are compared once the shim has made them', async () => {
    cluster.put(INGRESS, 'app', 'shop');
    setTimeout(() => certificate('shop'), 50);
    expect(await run()).toMatchObject({ exitCode: 0, verdict: 'unchanged' });
  });
});

describe('errors', () => {
  const failure = async (more: Partial<VerifyRequest> = {}): Promise<CertkeepError> => {
    const error = await run(more).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(CertkeepError);
    return error as CertkeepError;
  };
  it('wrong cluster, and namespaces that the backup does not hold', async () => {
    expect((await failure({ expectCluster: 'other' })).code).toBe('wrong-cluster');
    expect((await failure({ namespaces: ['nowhere'] })).fix).toContain('app');
  });
  it('Secrets that may not be read', async () => {
    cluster.faults.set('list secrets', forbidden('list', SECRET.plural));
    cluster.faults.set('get secrets', forbidden('get', SECRET.plural));
    expect((await failure()).exitCode).toBe(6);
    noCanaryLeft();
  });
  it('Secrets that may be read by name only', async () => {
    cluster.faults.set('list secrets', forbidden('list', SECRET.plural));
    expect((await run()).exitCode).toBe(0);
    expect(cluster.calls).toContain('get secrets');
    noCanaryLeft();
  });
  it('no right to create the canary, to read the lease, the Pod or the Deployment', async () => {
    for (const [call, plural] of [
      ['create certificates', 'certificates'],
      ['get leases', 'leases'],
      ['get pods', 'pods'],
      ['list deployments', 'deployments'],
    ] as const) {
      cluster.faults.clear();
      cluster.faults.set(call, forbidden(call.split(' ')[0] ?? '', plural));
      const { code, message, fix } = await failure();
      expect({ code, message }, call).toMatchObject({ code: 'forbidden', message: expect.stringContaining(plural) });
      expect(fix).toContain('certkeep rbac --for verify');
    }
    noCanaryLeft();
  });
  it('an interrupt removes the canary', async () => {
    cluster.controllerWorks = false;
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    expect((await failure({ signal: stop.signal, timeoutMs: 60_000 })).code).toBe('interrupted');
    noCanaryLeft();
  });
});
