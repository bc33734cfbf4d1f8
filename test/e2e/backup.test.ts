import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readBackup } from '../../src/archive/read.ts';
import { leafFacts } from '../../src/archive/x509.ts';
import { type BackupRequest, backup } from '../../src/backup/backup.ts';
import type { Cluster } from '../../src/cluster/client.ts';
import { connect } from '../../src/cluster/connect.ts';
import { CERTIFICATE, CRD, REVISION_ANNOTATION, SECRET } from '../../src/model/kinds.ts';
import type { Certificate, CertificateRequest, KubeObject, Secret } from '../../src/model/objects.ts';
import { silent, systemClock } from '../../src/model/progress.ts';
import type { Report } from '../../src/model/report.ts';
import { REFERENCE_PATHS, WEBHOOK_CONFIG_PATH } from '../../src/refs/paths.ts';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import { apply, CERTIFICATE_COUNT, CERTIFICATES, certificates, fillCompany, waitReady } from '../support/company.ts';
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
  return backup({
    cluster,
    directory: join(home, 'out'),
    namespaces: [],
    secrets: 'auto',
    recipients: [],
    encrypt: 'secrets',
    allowPlaintextSecrets: true,
    allowMissing: [],
    allowEmpty: false,
    wait: false,
    toolVersion: '0.0.0',
    clock: systemClock,
    progress: silent,
    ...more,
  });
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
      expect(entry.baseline).toMatchObject({
        leaf: leafFacts(live.data?.['tls.crt']),
        revision: 1,
        nextPrivateKeySecrets: [],
      });
      expect(entry.baseline?.keySha256).toBe(entry.baseline?.leaf?.publicKeySha256);
      expect(entry.baseline?.requests).toHaveLength(1);
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

describe('the table of reference paths', () => {
  it.each(['issuers', 'clusterissuers', 'certificates'])(
    'knows every reference in the schema of %s',
    async (plural) => {
      const crd = await cluster.get(CRD, undefined, `${plural}.cert-manager.io`);
      const { versions } = (crd?.spec ?? { versions: [] }) as { versions: { schema: { openAPIV3Schema: Schema } }[] };
      const holder = plural === 'certificates' ? 'certificate' : 'issuer';
      const known = new Set([
        ...REFERENCE_PATHS.filter((row) => row.holder === holder).map((row) => row.path),
        ...(holder === 'issuer' ? [WEBHOOK_CONFIG_PATH] : ['spec.issuerRef']),
      ]);
      const inSchema = new Set(
        versions.flatMap((v) => referencesIn(v.schema.openAPIV3Schema.properties?.spec, 'spec')),
      );
      expect([...inSchema].filter((path) => !known.has(path))).toEqual([]);
      expect([...known].filter((path) => !inSchema.has(path))).toEqual([]);
    },
  );
});

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  'x-kubernetes-preserve-unknown-fields'?: boolean;
}

/** Paths of the fields that look like references, in the notation of the table. */
function referencesIn(schema: Schema | undefined, path: string): string[] {
  const here = Object.entries(schema?.properties ?? {}).flatMap(([field, child]) => {
    const below = `${path}.${field}${child.type === 'array' ? '[]' : ''}`;
    if (looksLikeReference(field, child)) return [below];
    return child.type === 'array' ? referencesIn(child.items, below) : referencesIn(child, below);
  });
  return here;
}

function looksLikeReference(field: string, schema: Schema): boolean {
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return true;
  if (schema.type === 'string') return /(secret|serviceaccount|configmap)(name)?$/i.test(field);
  if (schema.type === 'array') return /(refs|secrets)$/i.test(field);
  const { properties = {} } = schema;
  // A selector: a name, with nothing but what tells which kind, key or audience is meant.
  const fields = Object.keys(properties);
  const others = fields.filter((f) => !['name', 'namespace', 'key', 'kind', 'group', 'audiences'].includes(f));
  return /ref$/i.test(field) || (fields.includes('name') && others.length === 0 && field !== 'metadata');
}

describe('a backup while Certificates are reissued', () => {
  const BACKUPS = 6;

  it('pairs each Certificate with its own Secret and request, every time', async () => {
    const victims = CERTIFICATES.filter((c) => c.metadata.namespace !== 'cert-manager');
    let stop = false;
    let issued = 0;
    const reissuing = (async () => {
      while (!stop) {
        for (const { metadata } of victims) {
          await reissue(metadata.namespace ?? '', metadata.name).catch(() => {});
          issued += 1;
          await sleep(100);
        }
      }
    })();
    try {
      for (let i = 0; i < BACKUPS; i++) {
        const directory = join(home, `out-${i}`);
        const report = await run({ directory });
        expect(errors(report)).toEqual([]);
        expectCoherent((await open(directory)).contents);
      }
    } finally {
      stop = true;
      await reissuing;
    }
    expect(issued).toBeGreaterThan(BACKUPS);
    await waitReady(test, CERTIFICATE_COUNT);
  });

  it('waits for issuances in progress when told to', async () => {
    await Promise.all(CERTIFICATES.slice(1).map(({ metadata }) => reissue(metadata.namespace ?? '', metadata.name)));
    const report = await run({ wait: true, timeoutMs: 60_000 });
    expect(report.problems.map((p) => p.code)).not.toContain('certificate-in-issuance');
    expectCoherent((await open()).contents);
  });

  /** What `cmctl renew` does. */
  async function reissue(namespace: string, name: string): Promise<void> {
    const live = (await cluster.get(CERTIFICATE, namespace, name)) as Certificate;
    const conditions = (live.status?.conditions ?? []).filter((c) => c.type !== 'Issuing');
    const issuing = {
      type: 'Issuing',
      status: 'True',
      reason: 'ManuallyTriggered',
      message: 'by a test',
      lastTransitionTime: new Date().toISOString().replace(/\.\d+Z/, 'Z'),
      observedGeneration: live.metadata.generation,
    };
    const patch = { status: { conditions: [...conditions, issuing] } };
    await cluster.mergePatch(CERTIFICATE, namespace, name, patch, { subresource: 'status' });
  }

  function expectCoherent(contents: Awaited<ReturnType<typeof open>>['contents']): void {
    const secrets = new Map(contents.secrets.map((s) => [`${s.metadata.namespace}/${s.metadata.name}`, s as Secret]));
    const all = [...contents.certificates, ...contents.derived] as Certificate[];
    for (const { metadata, spec } of all) {
      const id = `${metadata.namespace}/${metadata.name}`;
      const entry = contents.index.find((e) => e.kind === 'Certificate' && `${e.namespace}/${e.name}` === id);
      const revision = String(entry?.baseline?.revision);
      const leaf = leafFacts(secrets.get(`${metadata.namespace}/${spec.secretName}`)?.data?.['tls.crt']);
      const request = (contents.requests as CertificateRequest[]).find(
        (r) => r.metadata.namespace === metadata.namespace && r.metadata.ownerReferences?.[0]?.uid === entry?.uid,
      );
      // While a Certificate is in issuance, cert-manager may already have removed the request of its present revision.
      const issuing = entry?.baseline?.conditions.some((c) => c.type === 'Issuing' && c.status === 'True');
      if (request !== undefined || !issuing) {
        expect(request?.metadata.annotations?.[REVISION_ANNOTATION], id).toBe(revision);
        expect(leafFacts(request?.status?.certificate)?.sha256, `${id} at revision ${revision}`).toBe(leaf?.sha256);
      }
      expect(entry?.baseline?.leaf, id).toEqual(leaf);
    }
  }
});
