import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, describe, expect, it } from 'vitest';
import {
  ContentsBuilder as Builder,
  base64,
  type ContentsBuilder,
  certificateObject,
  clusterIssuer,
  pairFor,
  secretObject,
  soundContents,
  writeOptions,
} from '../../test/fixtures/backups/contents.ts';
import { forgeManifest, loadFiles, saveFiles } from '../../test/fixtures/backups/files.ts';
import { makePair } from '../../test/fixtures/backups/x509.ts';
import { type WriteOptions, writeBackup } from '../archive/write.ts';
import type { ProblemCode } from '../model/problems.ts';
import { silent } from '../model/progress.ts';
import type { Report } from '../model/report.ts';
import { type CheckRequest, check } from './check.ts';

const NOW = new Date('2026-06-11T12:00:00Z');
const DAY = 86_400_000;
const root = mkdtempSync(join(tmpdir(), 'certkeep-check-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;

async function write(builder: ContentsBuilder, extra: Partial<WriteOptions> = {}): Promise<string> {
  const { path } = await writeBackup(writeOptions(join(root, String(++count)), builder, extra));
  return path;
}

async function run(path: string, extra: Partial<CheckRequest> = {}): Promise<Report> {
  return check({
    path,
    identities: [],
    horizonMs: 30 * DAY,
    clock: { now: () => NOW },
    progress: silent,
    toolVersion: '0.1.0',
    ...extra,
  });
}

const of = (report: Report, code: ProblemCode) => report.problems.filter((p) => p.code === code);

/** A ClusterIssuer, its CA, and one Certificate that a test may spoil. */
function small(change: (builder: ContentsBuilder) => void): ContentsBuilder {
  const builder = new Builder()
    .namespace('cert-manager')
    .namespace('app')
    .issuer(clusterIssuer('ca', { ca: { secretName: 'root-ca' } }))
    .secret('ca-secret', secretObject('cert-manager', 'root-ca', { 'tls.crt': ca.crt, 'tls.key': ca.key }));
  change(builder);
  return builder;
}
const ca = makePair({ commonName: 'root', isCA: true });

describe('a sound backup', () => {
  it('is sound, with every Certificate kept and its next renewal named', async () => {
    const said: string[] = [];
    const report = await run(await write(soundContents()), { progress: { ...silent, info: (m) => said.push(m) } });
    expect(report.problems.filter((p) => p.severity !== 'note')).toEqual([]);
    expect(report).toMatchObject({ command: 'check', verdict: 'sound', exitCode: 0, certManager: 'v1.21.2' });
    expect(report.certificates.map((c) => [c.name, c.prediction])).toEqual([
      ['web', 'keep'],
      ['api', 'keep'],
      ['shop', 'keep'],
      ['root', 'keep'],
    ]);
    expect(report.certificates[0]?.at).toBe('2026-09-01T08:00:00Z');
    expect(report.backup).toMatchObject({ encryption: 'none', restorable: true, createdAt: '2026-06-01T12:00:00Z' });
    expect(said).toEqual(['The backup is 10 d old (made at 2026-06-01T12:00:00Z).']);
  });

  it('is sound as far as it can be seen without the identity, and says what was not seen', async () => {
    const identity = await generateX25519Identity();
    const recipients = [await identityToRecipient(identity)];
    for (const encrypt of ['secrets', 'all'] as const) {
      const path = await write(soundContents(), { recipients, encrypt, allowPlaintextSecrets: false });
      const blind = await run(path);
      expect(blind.problems.filter((p) => p.severity !== 'note')).toEqual([]);
      expect(blind).toMatchObject({ verdict: 'sound', exitCode: 0 });
      expect(of(blind, 'not-checked')).toHaveLength(1);
      expect(blind.certificates.every((c) => c.prediction === undefined)).toBe(true);
      const seeing = await run(path, { identities: [identity] });
      expect(of(seeing, 'not-checked')).toEqual([]);
      expect(seeing.certificates.map((c) => c.prediction)).toEqual(['keep', 'keep', 'keep', 'keep']);
    }
  });

  it('with the wrong identity ends with 5', async () => {
    const recipients = [await identityToRecipient(await generateX25519Identity())];
    const path = await write(soundContents(), { recipients });
    const report = await run(path, { identities: [await generateX25519Identity()] });
    expect(report).toMatchObject({ exitCode: 5, verdict: 'unsound', problems: [{ code: 'cannot-decrypt' }] });
  });

  it('with another root than expected ends with 4', async () => {
    const report = await run(await write(soundContents()), { expectRoot: 'a'.repeat(64) });
    expect(report).toMatchObject({ exitCode: 4, problems: [{ code: 'wrong-root' }] });
    await expect(run(join(root, '1'), { expectRoot: 'latest' })).rejects.toMatchObject({ code: 'wrong-usage' });
  });

  it('that is none ends with 4 and says what was found', async () => {
    const report = await run(join(root, 'nowhere'));
    expect(report).toMatchObject({ exitCode: 4, verdict: 'unsound', problems: [{ code: 'no-backup' }] });
  });
});

describe('findings', () => {
  it('a Secret that does not fit its Certificate: would be reissued, 3', async () => {
    const web = certificateObject('app', 'web');
    const report = await run(
      await write(small((b) => b.certificate(web, makePair({ dnsNames: ['other.example.com'] })))),
    );
    expect(report).toMatchObject({ exitCode: 3, verdict: 'unsound' });
    expect(of(report, 'would-be-reissued')).toMatchObject([{ severity: 'error', object: 'Certificate/app/web' }]);
    expect(report.certificates).toMatchObject([{ prediction: 'reissue', reason: 'SecretMismatch' }]);
  });

  it('annotations of another issuer: would be reissued', async () => {
    const report = await run(
      await write(
        small((b) => {
          const web = certificateObject('app', 'web');
          b.certificate(web, pairFor(web));
          const secret = b.contents.secrets.at(-1);
          if (secret?.metadata.annotations !== undefined)
            secret.metadata.annotations['cert-manager.io/issuer-name'] = 'old';
        }),
      ),
    );
    expect(report).toMatchObject({ exitCode: 3, certificates: [{ reason: 'IncorrectIssuer' }] });
  });

  it('a key of another certificate: 4', async () => {
    const web = certificateObject('app', 'web');
    const pair = { ...pairFor(web), key: makePair().key };
    const report = await run(await write(small((b) => b.certificate(web, pair))));
    expect(of(report, 'key-mismatch')).toMatchObject([{ severity: 'error', object: 'Secret/app/web-tls' }]);
    expect(report.exitCode).toBe(4);
  });

  it('a leaf that is not the one in the index: 4', async () => {
    const web = certificateObject('app', 'web');
    const report = await run(
      await write(small((b) => b.certificate(web, pairFor(web), { baseline: { keySha256: 'a'.repeat(64) } }))),
    );
    expect(of(report, 'damaged-backup')).toHaveLength(1);
    expect(report.exitCode).toBe(4);
  });

  it('a due renewal, an expired leaf: warnings, 0', async () => {
    const due = certificateObject('app', 'due');
    const expired = certificateObject('app', 'expired');
    const soon = certificateObject('app', 'soon');
    const builder = small((b) =>
      b
        .certificate(due, pairFor(due, { notAfter: new Date('2026-07-01T00:00:00Z') }))
        .certificate(expired, pairFor(expired, { notAfter: new Date('2026-06-02T00:00:00Z') }))
        .certificate(soon, pairFor(soon, { notAfter: new Date('2026-09-20T00:00:00Z') })),
    );
    const report = await run(await write(builder));
    expect(report).toMatchObject({ exitCode: 0, verdict: 'sound' });
    const [first, second] = of(report, 'renewal-due');
    expect(first).toMatchObject({ severity: 'warning' });
    expect(first?.message).toMatch(/^2 Certificates are due for renewal, 1 of them expired/);
    expect(second?.message).toMatch(/^One Certificate is going to renew before 2026-07-11/);
  });

  it('a temporary certificate', async () => {
    const web = certificateObject('app', 'web');
    const pair = pairFor(web, { issuerName: 'cert-manager.local', subjectSerial: '1234567890' });
    const report = await run(await write(small((b) => b.certificate(web, pair))));
    expect(of(report, 'temporary-certificate')).toHaveLength(1);
    expect(report.exitCode).toBe(6);
  });

  it('two Certificates with one Secret', async () => {
    const one = certificateObject('app', 'one', { secretName: 'same', dnsNames: ['same.example.com'] });
    const two = certificateObject('app', 'two', { secretName: 'same', dnsNames: ['same.example.com'] });
    const report = await run(await write(small((b) => b.certificate(two, undefined).certificate(one, pairFor(one)))));
    expect(of(report, 'shared-secret')).toMatchObject([{ severity: 'warning', object: 'Secret/app/same' }]);
  });

  it('a Secret that an issuer names and that is not there: 6, unless it was accepted', async () => {
    const builder = small((b) => {
      b.issuer(
        clusterIssuer('acme', {
          acme: {
            server: 'https://acme.example.com',
            privateKeySecretRef: { name: 'account' },
            solvers: [{ dns01: { cloudflare: { apiTokenSecretRef: { name: 'token', key: 'key' } } } }],
          },
        }),
      );
    });
    const path = await write(builder);
    const report = await run(path);
    expect(of(report, 'missing-secret').map((p) => p.object)).toEqual([
      'Secret/cert-manager/account',
      'Secret/cert-manager/token',
    ]);
    expect(report.exitCode).toBe(6);
    const accepted = await run(path, { allowMissing: ['Secret/cert-manager/account', 'Secret/cert-manager/token'] });
    expect(accepted.exitCode).toBe(0);
    const elsewhere = await run(path, { clusterResourceNamespace: 'platform' });
    expect(of(elsewhere, 'missing-secret').map((p) => p.object)).toContain('Secret/platform/account');
  });

  it('the same is seen in a sealed backup, from the index', async () => {
    const recipients = [await identityToRecipient(await generateX25519Identity())];
    const builder = small((b) =>
      b.issuer(clusterIssuer('vault', { vault: { auth: { tokenSecretRef: { name: 'v' } } } })),
    );
    const report = await run(await write(builder, { recipients }));
    expect(of(report, 'missing-secret')).toMatchObject([{ object: 'Secret/cert-manager/v' }]);
  });

  it('a Certificate that was never issued: a warning', async () => {
    const report = await run(await write(small((b) => b.certificate(certificateObject('app', 'new'), undefined))));
    expect(report.exitCode).toBe(0);
    expect(of(report, 'certificate-in-issuance')).toMatchObject([
      { severity: 'warning', object: 'Certificate/app/new' },
    ]);
    expect(report.certificates).toMatchObject([{ prediction: 'reissue', reason: 'DoesNotExist' }]);
  });

  it('an issuance in flight', async () => {
    const web = certificateObject('app', 'web');
    const report = await run(
      await write(small((b) => b.certificate(web, pairFor(web), { baseline: { nextPrivateKeySecrets: ['web-x7k'] } }))),
    );
    expect(of(report, 'certificate-in-issuance')).toHaveLength(1);
  });

  it('an issuer that is not there: 6; one of another group: a note', async () => {
    const lost = certificateObject('app', 'lost', { issuerRef: { name: 'gone' } });
    const foreign = certificateObject('app', 'foreign', {
      issuerRef: { name: 'x', kind: 'AWSPCAIssuer', group: 'awspca.io' },
    });
    const report = await run(
      await write(small((b) => b.certificate(lost, pairFor(lost)).certificate(foreign, pairFor(foreign)))),
    );
    expect(of(report, 'missing-issuer')).toMatchObject([{ severity: 'error', object: 'Issuer/app/gone' }]);
    expect(of(report, 'prerequisite')).toMatchObject([{ severity: 'note' }]);
    expect(report.exitCode).toBe(6);
  });

  it('a Secret that nothing refers to: 4', async () => {
    const report = await run(
      await write(small((b) => b.secret('other-secret', secretObject('kube-system', 'stray', { a: base64('b') })))),
    );
    expect(of(report, 'forbidden-object')).toMatchObject([{ object: 'Secret/kube-system/stray' }]);
    expect(report.exitCode).toBe(4);
  });

  it('no Secrets captured: a warning, 0', async () => {
    const builder = soundContents();
    builder.contents.index = builder.contents.index.filter((e) => e.kind !== 'Secret');
    builder.contents.secrets = [];
    const options = writeOptions('', builder);
    const path = await write(builder, { header: { ...options.header, secrets: 'none', restorable: false } });
    const report = await run(path);
    expect(report).toMatchObject({ exitCode: 0, verdict: 'sound' });
    expect(of(report, 'secrets-not-captured')).toMatchObject([{ severity: 'warning' }]);
  });

  it('a cert-manager that is too old to be known: 2', async () => {
    const builder = soundContents();
    const { header } = writeOptions('', builder);
    const report = await run(
      await write(builder, { header: { ...header, certManager: { ...header.certManager, version: 'v1.8.0' } } }),
    );
    expect(report).toMatchObject({ exitCode: 2, problems: [{ code: 'unsupported-cert-manager' }] });
  });
});

describe('RESTORE.md', () => {
  it('with other commands than certkeep writes is found, even where the manifest was made to fit', async () => {
    const path = await write(soundContents(), { recipients: [] });
    expect(of(await run(path), 'damaged-backup')).toEqual([]);
    const files = loadFiles(path);
    const text = files.get('RESTORE.md')?.toString() ?? '';
    files.set('RESTORE.md', Buffer.from(`${text}\nkubectl delete namespace app1\n`));
    forgeManifest(files);
    const forged = join(root, String(++count));
    saveFiles(files, forged);
    const report = await run(forged);
    expect(report.exitCode).toBe(4);
    expect(of(report, 'damaged-backup')[0]?.message).toMatch(/RESTORE\.md is not the text/);
    expect(of(await run(forged, { toolVersion: '0.2.0' }), 'damaged-backup')).toEqual([]);
  });

  it('of a sealed backup is compared as well', async () => {
    const identity = await generateX25519Identity();
    const path = await write(soundContents(), { recipients: [await identityToRecipient(identity)], encrypt: 'all' });
    expect(of(await run(path, { identities: [identity] }), 'damaged-backup')).toEqual([]);
  });
});
