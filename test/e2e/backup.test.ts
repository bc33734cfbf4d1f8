import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readBackup } from '../../src/archive/read.ts';
import { leafFacts } from '../../src/archive/x509.ts';
import { type BackupRequest, backup } from '../../src/backup/backup.ts';
import type { Cluster } from '../../src/cluster/client.ts';
import { connect } from '../../src/cluster/connect.ts';
import { CERTIFICATE, CERTIFICATE_REQUEST, SECRET } from '../../src/model/kinds.ts';
import type { Certificate, KubeObject, Secret } from '../../src/model/objects.ts';
import type { Report } from '../../src/model/report.ts';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import { backupRequest } from '../support/backup-request.ts';
import { apply, CERTIFICATE_COUNT, CERTIFICATES, certificates, fillCompany } from '../support/company.ts';
import { newIdentity } from '../support/identity.ts';

/** What a backup takes from a real cluster, through the functions that the command line calls. */

let test: TestCluster;
let cluster: Cluster;
let home: string;

beforeAll(async () => {
  test = await startCluster('backup');
  cluster = await connect({ kubeconfigPath: test.kubeconfig, env: {} });
  await fillCompany(test);
});
afterAll(async () => {
  await cluster?.close();
  await test?.stop();
});
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'certkeep-e2e-backup-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

function run(more: Partial<BackupRequest> = {}): Promise<Report> {
  return backup(backupRequest(cluster, join(home, 'out'), more));
}

const open = (directory = join(home, 'out')) => readBackup({ path: directory, identities: [] });

const names = (objects: readonly KubeObject[]) =>
  objects.map((o) => `${o.metadata.namespace ?? ''}/${o.metadata.name}`).sort();

const errors = (report: Report) => report.problems.filter((p) => p.severity === 'error');

describe('a backup of a real cluster', () => {
  it('has every Secret that is referred to, by its role, and no other', async () => {
    const report = await run();
    expect(report, JSON.stringify(report.problems)).toMatchObject({
      exitCode: 0,
      verdict: 'complete',
      certManager: 'v1.21.2',
    });
    const { contents, manifest } = await open();
    const leaves = (await certificates(test)).map((c) => `${c.namespace}/${c.secretName}`);
    expect(names(contents.secrets)).toEqual([...leaves, 'shop/keystore-password'].sort());
    const roles = new Map(contents.index.map((e) => [`${e.namespace}/${e.name}`, e.role]));
    expect(roles.get('cert-manager/company-ca-tls')).toBe('ca-secret');
    expect(roles.get('api/intermediate-tls')).toBe('ca-secret');
    expect(roles.get('shop/keystore-password')).toBe('keystore-password');
    expect(roles.get('shop/web-tls')).toBe('leaf-secret');
    expect(manifest.certManager).toMatchObject({ namespace: 'cert-manager', clusterResourceNamespace: 'cert-manager' });
    expect(manifest.restorable).toBe(true);
  });

  it('would be restored without a reissue', async () => {
    const report = await run();
    expect(report.certificates).toHaveLength(CERTIFICATE_COUNT);
    expect(report.certificates.map((c) => c.prediction)).toEqual(report.certificates.map(() => 'keep'));
  });

  it('says the same of the Certificates when everything is sealed', async () => {
    const { recipient } = await newIdentity();
    const report = await run({ recipients: [recipient], encrypt: 'all', allowPlaintextSecrets: false });
    expect(report.certificates.map((c) => c.prediction)).toEqual(report.certificates.map(() => 'keep'));
    expect((await readdir(join(home, 'out'), { recursive: true })).filter((name) => name.endsWith('.ndjson'))).toEqual(
      [],
    );
  });

  it('records what an Ingress makes, with its maker', async () => {
    await run();
    const { contents } = await open();
    expect(names(contents.certificates)).toEqual(names(CERTIFICATES));
    expect(names(contents.derived)).toEqual(['shop/shop-front-tls']);
    expect(contents.index.find((e) => e.role === 'derived-certificate')?.maker).toMatchObject({
      kind: 'Ingress',
      name: 'front',
      annotations: { 'cert-manager.io/cluster-issuer': 'company-ca' },
    });
  });

  it('has a baseline of each Certificate that is the live one', async () => {
    await run();
    const { contents } = await open();
    for (const entry of contents.index.filter((e) => e.kind === 'Certificate')) {
      const live = (await cluster.get(SECRET, entry.namespace, entry.baseline?.secretName ?? '')) as Secret;
      // On a busy machine cert-manager may have issued one twice before it settled.
      const certificate = (await cluster.get(CERTIFICATE, entry.namespace, entry.name)) as Certificate;
      expect(certificate.status?.revision).toBeGreaterThan(0);
      expect(entry.baseline).toMatchObject({
        leaf: leafFacts(live.data?.['tls.crt']),
        revision: certificate.status?.revision,
        nextPrivateKeySecrets: [],
      });
      expect(entry.baseline?.keySha256).toBe(entry.baseline?.leaf?.publicKeySha256);
      const { items } = await cluster.list(CERTIFICATE_REQUEST, { namespace: entry.namespace ?? '' });
      const own = items.filter(({ metadata }) => metadata.ownerReferences?.[0]?.uid === certificate.metadata.uid);
      expect(own.length).toBeGreaterThan(0);
      expect(entry.baseline?.requests.map(({ uid }) => uid).sort()).toEqual(own.map((r) => r.metadata.uid).sort());
    }
    const ca = contents.index.find((e) => e.kind === 'ClusterIssuer' && e.name === 'company-ca');
    expect(ca?.issuer).toMatchObject({ ready: true, caSha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(contents.requests).toHaveLength(CERTIFICATE_COUNT);
  });

  it('takes from other namespaces only what the named ones use', async () => {
    const report = await run({ namespaces: ['api'] });
    expect(report.exitCode, JSON.stringify(report.problems)).toBe(0);
    const { contents } = await open();
    expect(names(contents.secrets)).toEqual([
      'api/gateway-tls',
      'api/intermediate-tls',
      'api/internal-tls',
      'cert-manager/company-ca-tls',
    ]);
    expect(names(contents.issuers)).toEqual(['/company-ca', 'api/api-ca']);
    expect(names(contents.namespaces)).toEqual(['/api', '/cert-manager']);
  });

  it('names the field of a dangling reference and leaves nothing behind', async () => {
    const issuer: KubeObject = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Issuer',
      metadata: { namespace: 'media', name: 'vault' },
      spec: {
        vault: {
          server: 'https://vault.test',
          path: 'pki/sign/x',
          auth: { tokenSecretRef: { name: 'gone', key: 't' } },
        },
      },
    };
    await apply(test, [issuer]);
    try {
      const report = await run();
      expect(report).toMatchObject({ exitCode: 6, verdict: 'incomplete' });
      expect(errors(report)).toMatchObject([{ code: 'missing-secret', object: 'Secret/media/gone' }]);
      expect(errors(report)[0]?.message).toContain('Issuer/media/vault:spec.vault.auth.tokenSecretRef');
      expect(await readdir(home)).toEqual([]);
      expect(await run({ allowMissing: ['Secret/media/gone'] })).toMatchObject({ exitCode: 0, verdict: 'complete' });
    } finally {
      await test.kubectl(['delete', 'issuer', '-n', 'media', 'vault']);
    }
  });

  it('calls an empty scope by its likely cause', async () => {
    const report = await run({ namespaces: ['no-such-namespace'] });
    expect(report.exitCode).toBe(6);
    expect(errors(report).map((p) => `${p.code} ${p.object ?? ''}`)).toContain(
      'nothing-found Namespace/no-such-namespace',
    );
  });
});
