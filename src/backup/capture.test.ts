import { describe, expect, it } from 'vitest';
import type { Certificate } from '../model/objects.ts';
import { silent } from '../model/progress.ts';
import { type CaptureOptions, readClusterState } from './capture.ts';
import { forbidden, MemoryCluster } from './memory-cluster.ts';
import { certificate, issuer, leafSecret, namespace, request, secret, selfSigned } from './samples.ts';
import { nextPrivateKeySecretsOf, secretOf } from './state.ts';

const options = (more: Partial<CaptureOptions> = {}): CaptureOptions => ({
  namespaces: [],
  secrets: 'required',
  settleMs: 1000,
  progress: silent,
  sleep: async () => {},
  ...more,
});

const issuing: Certificate['status'] = { revision: 1, conditions: [{ type: 'Issuing', status: 'True' }] };

function sample(): MemoryCluster {
  return new MemoryCluster([
    namespace('a'),
    namespace('b'),
    issuer('a', 'ca', { ca: { secretName: 'root' } }),
    issuer('', 'global', { selfSigned: {} }),
    certificate('a', 'web'),
    certificate('b', 'api', {}, { metadata: { labels: { team: 'x' } } }),
    leafSecret('a', 'web-tls', 'web'),
    leafSecret('b', 'api-tls', 'api'),
    secret('a', 'helm', {}, { type: 'helm.sh/release.v1' }),
    request('a', 'web', 1),
  ]);
}

describe('readClusterState', () => {
  it('needs a fixed number of requests, however many objects there are', async () => {
    const cluster = sample();
    for (let i = 0; i < 50; i++) cluster.put(certificate('a', `c${i}`));
    const state = await readClusterState(cluster, options());
    expect(cluster.reads).toHaveLength(7);
    expect(state.certificates).toHaveLength(52);
    expect([...state.secrets.keys()]).toEqual(['a/web-tls', 'b/api-tls']);
    expect(state.issuers.map((i) => i.metadata.name)).toEqual(['global', 'ca']);
    expect(Object.keys(state.resourceVersions).sort()).toEqual([
      'certificaterequests.cert-manager.io',
      'certificates.cert-manager.io',
      'clusterissuers.cert-manager.io',
      'issuers.cert-manager.io',
      'namespaces',
      'secrets',
    ]);
  });

  it('stays within namespaces and selector', async () => {
    const cluster = sample();
    const state = await readClusterState(cluster, options({ namespaces: ['b', 'nowhere'] }));
    expect(state.certificates.map((c) => c.metadata.name)).toEqual(['api']);
    expect([...state.namespaces.keys()]).toEqual(['b']);
    expect(
      cluster.reads
        .filter((read) => read.startsWith('list'))
        .every((read) => / (b|nowhere)$|clusterissuers/.test(read)),
    ).toBe(true);
    const selected = await readClusterState(sample(), options({ selector: 'team=x' }));
    expect(selected.certificates.map((c) => c.metadata.name)).toEqual(['api']);
  });

  it('leaves out what is being deleted, and the canary of a verify', async () => {
    const cluster = sample();
    cluster.put(certificate('a', 'dying', {}, { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } }));
    const labels = { 'app.kubernetes.io/managed-by': 'certkeep' };
    cluster.put(certificate('a', 'certkeep-canary-0a1b2c3d4e', {}, { metadata: { labels } }));
    const state = await readClusterState(cluster, options());
    expect(state.certificates.map((c) => c.metadata.name)).toEqual(['web', 'api']);
  });

  it('names every missing right at once', async () => {
    const cluster = sample();
    cluster.onRead = (read) => {
      if (read.kind.kind === 'Secret' || read.kind.kind === 'Issuer') throw forbidden(read);
    };
    await expect(readClusterState(cluster, options())).rejects.toMatchObject({
      code: 'forbidden',
      message: expect.stringMatching(/list issuers\.cert-manager\.io \(cluster-wide\); list secrets \(cluster-wide\)/),
    });
  });

  it('goes on without Secrets where it need not have them', async () => {
    const cluster = sample();
    cluster.onRead = (read) => {
      if (read.kind.kind === 'Secret') throw forbidden(read);
    };
    const state = await readClusterState(cluster, options({ secrets: 'if-allowed' }));
    expect(state.secretsRead).toBe(false);
    expect(secretOf(state, 'a', 'web-tls')).toBe('not-read');
  });

  it('explains a server that fails', async () => {
    const cluster = sample();
    cluster.onRead = () => {
      throw Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    };
    await expect(readClusterState(cluster, options())).rejects.toMatchObject({ code: 'unreachable' });
  });
});

describe('a Certificate that is reissued while it is read', () => {
  /** Runs `change` at the nth read, before its answer, of the kind. */
  function atRead(cluster: MemoryCluster, kind: string, nth: number, change: () => void): void {
    let count = 0;
    cluster.onRead = (read) => {
      if (read.kind.kind === kind && ++count === nth) change();
    };
  }

  it('is read again together with its Secret and requests', async () => {
    const cluster = sample();
    const renewed = leafSecret('a', 'web-tls', 'web');
    // Between the list of Secrets and the second list of Certificates the whole issuance happens.
    atRead(cluster, 'Certificate', 2, () => {
      cluster.put(renewed);
      cluster.remove('CertificateRequest', 'a', 'web-1');
      cluster.put(request('a', 'web', 2));
      cluster.put(certificate('a', 'web', {}, { status: { revision: 2 } }));
    });
    const state = await readClusterState(cluster, options());
    const web = state.certificates.find((c) => c.metadata.name === 'web');
    expect(web?.status?.revision).toBe(2);
    expect(secretOf(state, 'a', 'web-tls')).toMatchObject({ data: renewed.data });
    expect(state.requests.map((r) => r.metadata.name)).toEqual(['web-2']);
    expect(state.unsettled.size).toBe(0);
  });

  it('is read again with the Secrets that its spec names by then', async () => {
    const cluster = sample();
    const password = { name: 'password', key: 'p' };
    const keystores = { jks: { create: true, passwordSecretRef: password } };
    // Edited before the second list, and once more when it is read again by itself.
    let count = 0;
    cluster.onRead = (read) => {
      if (read.kind.kind !== 'Certificate') return;
      count += 1;
      if (count === 2) cluster.put(certificate('a', 'web', { secretName: 'second-tls' }));
      if (count !== 3) return;
      cluster.put(certificate('a', 'web', { secretName: 'third-tls', keystores }));
      cluster.put(secret('a', 'third-tls'));
      cluster.put(secret('a', 'password', { p: 'x' }));
    };
    const state = await readClusterState(cluster, options());
    const web = state.certificates.find((c) => c.metadata.name === 'web');
    expect(web?.spec.secretName).toBe('third-tls');
    expect(state.unsettled.size).toBe(0);
    expect(secretOf(state, 'a', 'third-tls')).toMatchObject({ metadata: { name: 'third-tls' } });
    expect(secretOf(state, 'a', 'password')).toMatchObject({ metadata: { name: 'password' } });
  });

  it('is waited for while it issues', async () => {
    const cluster = sample();
    cluster.put(certificate('a', 'web', {}, { status: issuing }));
    const next = secret(
      'a',
      'web-next',
      {},
      {
        metadata: {
          name: 'web-next',
          labels: { 'cert-manager.io/next-private-key': 'true' },
          ownerReferences: [
            { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', name: 'web', uid: 'uid-Certificate-a-web' },
          ],
        },
      },
    );
    cluster.put(next);
    let sleeps = 0;
    const sleep = async () => {
      if (++sleeps !== 3) return;
      cluster.remove('Secret', 'a', 'web-next');
      cluster.put(certificate('a', 'web', {}, { status: { revision: 2 } }));
    };
    const state = await readClusterState(cluster, options({ sleep }));
    const web = state.certificates.find((c) => c.metadata.name === 'web');
    expect(web?.status?.revision).toBe(2);
    expect(web && nextPrivateKeySecretsOf(state, web)).toEqual([]);
    expect(state.unsettled.size).toBe(0);
  });

  it('is named where it does not come to rest', async () => {
    const cluster = sample();
    cluster.put(certificate('a', 'web', {}, { status: issuing }));
    const state = await readClusterState(cluster, options());
    expect([...state.unsettled]).toEqual([['a/web', 'issuing']]);

    const restless = sample();
    restless.onRead = (read) => {
      if (read.kind.kind === 'Certificate') restless.put(certificate('a', 'web'));
    };
    const changing = await readClusterState(restless, options());
    expect([...changing.unsettled]).toEqual([['a/web', 'changing']]);
  });

  it('is not taken for whole when its Secret is new and its status old', async () => {
    const cluster = sample();
    const pair = selfSigned('web.test');
    cluster.put(leafSecret('a', 'web-tls', 'web', pair));
    cluster.put(request('a', 'web', 2, pair.crt));
    cluster.put(certificate('a', 'web', {}, { status: issuing }));
    const state = await readClusterState(cluster, options());
    expect([...state.unsettled]).toEqual([['a/web', 'changing']]);
  });

  it('may be gone', async () => {
    const cluster = sample();
    cluster.put(certificate('a', 'web', {}, { status: issuing }));
    atRead(cluster, 'Certificate', 3, () => cluster.remove('Certificate', 'a', 'web'));
    const state = await readClusterState(cluster, options());
    expect(state.certificates.map((c) => c.metadata.name)).toEqual(['api']);
    expect(state.unsettled.size).toBe(0);
  });
});
