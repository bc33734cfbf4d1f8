import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { secretObject } from '../../test/fixtures/backups/contents.ts';
import { checkPaths, errors } from '../../test/fixtures/foreign/check.ts';
import {
  acme,
  asTutorial,
  type Export,
  ingress,
  inOrder,
  leaf,
  list,
  NOW,
  ownedBy,
  request,
  soundExport,
} from '../../test/fixtures/foreign/export.ts';
import { veleroEntries, writeTarball } from '../../test/fixtures/foreign/tarball.ts';
import { crds } from '../../test/fixtures/foreign/velero.ts';
import { temporaryDirectory } from '../../test/support/temporary.ts';
import { readBackup } from '../archive/read.ts';
import { type KubeObject, objectName } from '../model/objects.ts';
import { silent } from '../model/progress.ts';
import { convert } from './convert.ts';

const root = temporaryDirectory('convert');
let count = 0;
const fresh = () => join(root, String(++count));

async function converted(paths: string[], text = '', extra: Partial<Parameters<typeof convert>[0]> = {}) {
  const directory = fresh();
  const report = await convert({
    paths,
    stdin: Readable.from([Buffer.from(text)]),
    identities: [],
    horizonMs: 86_400_000,
    clock: { now: () => NOW },
    progress: silent,
    toolVersion: '0.0.0-test',
    directory,
    recipients: [],
    encrypt: 'secrets',
    allowPlaintextSecrets: true,
    ...extra,
  });
  return { directory, report };
}

/** Everything that a backup must not restore, beside what it must. */
function everything(e: Export = soundExport()): KubeObject[] {
  const made = leaf('shop', 'front', {}, { secretName: 'front' });
  made.certificate.metadata.ownerReferences = ownedBy(ingress()) ?? [];
  for (const secret of e.secrets) secret.metadata.ownerReferences = ownedBy(e.certificates[0] as KubeObject) ?? [];
  return [
    made.certificate,
    ...e.certificates,
    ...e.issuers,
    request('shop', 'web-1'),
    acme('Order', 'web-1-1'),
    ingress('front', 'front'),
    ...e.secrets,
    made.secret,
    secretObject('cert-manager', 'cert-manager-webhook-ca', {}),
    secretObject('shop', 'database', { password: 'aHVudGVyMg==' }),
    secretObject(
      'shop',
      'web-x',
      {},
      { metadata: { name: 'web-x', labels: { 'cert-manager.io/next-private-key': 'true' } } },
    ),
  ];
}

const RESTORED = {
  namespaces: ['Namespace/cert-manager', 'Namespace/shop'],
  secrets: ['Secret/shop/account', 'Secret/cert-manager/ca-tls', 'Secret/shop/front', 'Secret/shop/web-tls'],
  issuers: ['ClusterIssuer/ca', 'ClusterIssuer/root', 'Issuer/shop/letsencrypt'],
  certificates: ['Certificate/cert-manager/ca', 'Certificate/shop/web'],
  derived: ['Certificate/shop/front'],
};

describe('a kubectl export', () => {
  it('becomes a sound backup, without what must not be restored', async () => {
    const { directory, report } = await converted(['-'], list(everything()));
    expect(errors(report)).toEqual([]);
    expect(report).toMatchObject({
      command: 'check',
      exitCode: 0,
      verdict: 'sound',
      backup: { path: directory, restorable: true },
    });
    const { contents, manifest } = await readBackup({ path: directory, identities: [] });
    const names = Object.fromEntries(
      Object.keys(RESTORED).map((section) => [section, contents[section as keyof typeof RESTORED].map(objectName)]),
    );
    expect(names).toEqual(RESTORED);
    expect(JSON.stringify(contents.secrets)).not.toContain('ownerReferences');
    expect(contents.status.map((s) => `${s.kind} ${s.name}`)).toContain('Certificate web');
    expect(contents.index.find((e) => e.role === 'derived-certificate')?.maker).toMatchObject({
      kind: 'Ingress',
      name: 'front',
      annotations: { 'cert-manager.io/cluster-issuer': 'ca' },
    });
    // The newest time that the objects speak of.
    expect(manifest.createdAt).toBe('2026-01-01T00:00:00Z');
    expect(report.certificates.map((c) => `${c.name} ${c.prediction}`)).toEqual(['ca keep', 'front keep', 'web keep']);
    expect(await checkPaths([directory])).toMatchObject({ exitCode: 0, verdict: 'sound' });
  });

  it('names what was left out', async () => {
    const { report } = await converted(['-'], list(everything()));
    const notes = report.problems.filter((p) => p.severity === 'note').map((p) => `${p.code} ${p.object ?? ''}`);
    expect(notes).toEqual(
      expect.arrayContaining([
        'requests-included CertificateRequest/shop/web-1',
        'requests-included Order/shop/web-1-1',
        'webhook-ca-included Secret/cert-manager/cert-manager-webhook-ca',
        'temporary-key-included Secret/shop/web-x',
        'stale-owner Certificate/shop/front',
      ]),
    );
  });

  it('as the tutorial strips it, is converted too', async () => {
    const { report } = await converted(['-'], list(asTutorial(everything())));
    expect(errors(report)).toEqual([]);
    expect(report.exitCode).toBe(0);
  });

  it('with owner references without a uid is converted too', async () => {
    const text = list(everything())
      .replaceAll(/"uid":"[^"]*",?/g, '')
      .replaceAll(',}', '}');
    const { report } = await converted(['-'], text);
    expect(errors(report)).toEqual([]);
  });

  it('is encrypted to a recipient', async () => {
    const recipient = 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p';
    const { directory, report } = await converted(['-'], list(everything()), {
      recipients: [recipient],
      allowPlaintextSecrets: false,
    });
    expect(errors(report)).toEqual([]);
    expect(report.certificates.every((c) => c.prediction === 'keep')).toBe(true);
    expect(existsSync(join(directory, 'objects/30-secrets.ndjson.age'))).toBe(true);
    expect(readFileSync(join(directory, 'index.ndjson'), 'utf8')).not.toContain('tls.key');
  });

  it('is not written in plain text unasked', async () => {
    await expect(converted(['-'], list(everything()), { allowPlaintextSecrets: false })).rejects.toMatchObject({
      code: 'plaintext-secrets',
    });
  });

  it.each([
    ['a Secret that an issuer needs', (o: KubeObject) => o.metadata.name !== 'account', 'missing-secret', 6],
    ['an issuer', (o: KubeObject) => o.kind !== 'ClusterIssuer' || o.metadata.name !== 'ca', 'missing-issuer', 6],
    ['a Certificate’s Secret', (o: KubeObject) => o.metadata.name !== 'web-tls', 'missing-secret', 6],
    ['all Secrets', (o: KubeObject) => o.kind !== 'Secret', 'secrets-not-captured', 6],
  ])('that lacks %s is not converted', async (_, keep, code, exitCode) => {
    const { directory, report } = await converted(['-'], list(everything().filter(keep)));
    expect(errors(report).map((p) => p.code)).toContain(code);
    expect(report.exitCode).toBe(exitCode);
    expect(existsSync(directory)).toBe(false);
  });

  it('that would be reissued all the same says so', async () => {
    const e = soundExport();
    for (const secret of e.secrets) delete secret.metadata.annotations;
    const { directory, report } = await converted(['-'], list(inOrder(e)));
    expect(report.exitCode).toBe(3);
    expect(errors(report).map((p) => p.object)).toContain('Certificate/shop/web');
    expect(existsSync(directory)).toBe(true);
  });
});

describe('a Velero backup', () => {
  it('becomes the same backup', async () => {
    const path = await writeTarball(join(root, 'velero.tar.gz'), veleroEntries([...crds(), ...everything()]));
    const { directory, report } = await converted([path]);
    expect(errors(report)).toEqual([]);
    const { contents } = await readBackup({ path: directory, identities: [] });
    expect(contents.secrets.map(objectName)).toEqual(RESTORED.secrets);
    expect(contents.derived.map(objectName)).toEqual(RESTORED.derived);
  });
});

describe('a backup that Velero itself wrote', () => {
  it('becomes a sound one', async () => {
    const path = join(import.meta.dirname, '../../test/fixtures/foreign/velero-1.18.3-tutorial.tar.gz');
    const { directory, report } = await converted([path], '', {
      clock: { now: () => new Date('2030-01-01T00:00:00Z') },
    });
    expect(errors(report)).toEqual([]);
    expect(report.certificates.map((c) => c.prediction)).toEqual(['keep', 'keep', 'keep', 'keep']);
    const { contents, manifest } = await readBackup({ path: directory, identities: [] });
    expect(contents.secrets.map(objectName)).toEqual([
      'Secret/cert-manager/ca-tls',
      'Secret/shop/api-tls',
      'Secret/shop/front-tls',
      'Secret/shop/web-tls',
    ]);
    expect(contents.derived.map(objectName)).toEqual(['Certificate/shop/front-tls']);
    expect(contents.managedFields.length).toBeGreaterThan(0);
    expect(manifest.certManager).toMatchObject({ version: 'v1.21.2', clusterResourceNamespace: 'cert-manager' });
  });
});

describe('what cannot be converted', () => {
  it('is a backup of ours', async () => {
    const { directory } = await converted(['-'], list(everything()));
    await expect(converted([directory])).rejects.toMatchObject({ code: 'wrong-usage' });
  });

  it('is a directory that is not empty', async () => {
    const { directory } = await converted(['-'], list(everything()));
    await expect(converted(['-'], list(everything()), { directory })).rejects.toMatchObject({
      code: 'output-not-empty',
    });
  });
});
