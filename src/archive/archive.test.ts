import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, describe, expect, it } from 'vitest';
import {
  base64,
  ContentsBuilder,
  certificateObject,
  clusterIssuer,
  pairFor,
  secretObject,
  soundContents,
  writeOptions,
} from '../../test/fixtures/backups/contents.ts';
import { loadFiles } from '../../test/fixtures/backups/files.ts';
import { makePair } from '../../test/fixtures/backups/x509.ts';
import type { BackupContents } from '../model/backup.ts';
import type { KubeObject } from '../model/objects.ts';
import { canonicalJson } from './canonical.ts';
import { readBackup } from './read.ts';
import { indexEntrySchema, manifestSchema, misfit } from './schemas.ts';
import { checkOutputDirectory, type WriteOptions, writeBackup } from './write.ts';

const root = mkdtempSync(join(tmpdir(), 'certkeep-archive-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let count = 0;
const place = (): string => join(root, `b${++count}`);

const x25519 = await generateX25519Identity();
const stranger = await generateX25519Identity();
const hybrid = await generateHybridIdentity();
const recipients = [await identityToRecipient(x25519), await identityToRecipient(hybrid)];

const sealedTo = (encrypt: 'secrets' | 'all'): Partial<WriteOptions> => ({
  recipients,
  encrypt,
  allowPlaintextSecrets: false,
});

function names(path: string): string[] {
  return [...loadFiles(path).keys()].sort();
}

describe('round trip', () => {
  const ways: [string, Partial<WriteOptions>, string[]][] = [
    ['in clear', {}, []],
    ['Secrets sealed', sealedTo('secrets'), [x25519]],
    ['Secrets sealed, opened by the other recipient', sealedTo('secrets'), [`# made today\n\n${hybrid}\r\n`]],
    ['all sealed', sealedTo('all'), [`${stranger}\n${x25519}\n`]],
  ];
  it.each(ways)('%s', async (_, options, identities) => {
    const builder = soundContents();
    const written = await writeBackup(writeOptions(place(), builder, options));
    const read = await readBackup({ path: written.path, identities, expectRoot: written.root });
    expect(read.root).toBe(written.root);
    expect(read.manifest).toEqual(written.manifest);
    expect(read.sealed).toEqual([]);
    const text = (list: readonly unknown[]) => list.map((o) => canonicalJson(o)).sort();
    for (const section of ['secrets', 'issuers', 'certificates', 'derived', 'namespaces'] as const) {
      expect(read.contents[section].map((o) => o.metadata.name).sort()).toEqual(
        builder.contents[section].map((o) => o.metadata.name).sort(),
      );
    }
    for (const section of ['status', 'requests', 'managedFields'] as const) {
      expect(text(read.contents[section])).toEqual(text(builder.contents[section]));
    }
    const data = (contents: BackupContents) => contents.secrets.map((s) => canonicalJson(s.data)).sort();
    expect(data(read.contents)).toEqual(data(builder.contents));
    expect(misfit(manifestSchema, read.manifest)).toBeUndefined();
    for (const entry of read.contents.index) {
      expect(misfit(indexEntrySchema, entry)).toBeUndefined();
      expect(entry.digest).toMatch(entry.kind === 'Secret' ? /^hmac-sha256:/ : /^sha256:/);
    }
  });

  it('without the identity gives what is readable, and names the rest', async () => {
    const { path } = await writeBackup(writeOptions(place(), soundContents(), sealedTo('secrets')));
    const read = await readBackup({ path, identities: [] });
    expect(read.sealed.sort()).toEqual(['objects/30-secrets.ndjson.age', 'state/digest-key.age']);
    expect(read.contents.secrets).toEqual([]);
    expect(read.contents.certificates).toHaveLength(3);
    expect(read.contents.index).toHaveLength(16);
  });

  it('with everything sealed leaves only the manifest readable', async () => {
    const { path } = await writeBackup(writeOptions(place(), soundContents(), sealedTo('all')));
    expect(names(path).filter((name) => !name.endsWith('.age'))).toEqual(['manifest.json']);
    const read = await readBackup({ path, identities: [] });
    expect(read.sealed).toEqual(
      names(path)
        .filter((name) => name !== 'manifest.json')
        .sort((a, b) => read.sealed.indexOf(a) - read.sealed.indexOf(b)),
    );
    expect((read.manifest as unknown as { howTo: string }).howTo).toMatch(/age -d/);
  });

  it('a newer minor version with more fields is read', async () => {
    const builder = soundContents();
    const options = writeOptions(place(), builder);
    const header = { ...options.header, scope: { ...options.header.scope, allowMissing: ['Secret/a/b'] } };
    const { path } = await writeBackup({ ...options, header });
    const { manifest } = await readBackup({ path, identities: [] });
    expect((manifest.scope as unknown as { allowMissing: string[] }).allowMissing).toEqual(['Secret/a/b']);
  });
});

describe('what is written', () => {
  it('the same contents in any order give the same bytes', async () => {
    const builder = soundContents();
    const one = await writeBackup(writeOptions(place(), builder));
    for (const list of Object.values(builder.contents)) (list as unknown[]).reverse();
    const two = await writeBackup(writeOptions(place(), builder));
    expect(two.root).toBe(one.root);
    expect(loadFiles(two.path)).toEqual(loadFiles(one.path));
    const other = await writeBackup(writeOptions(place(), builder, { digestKey: new Uint8Array(32) }));
    expect(other.root).not.toBe(one.root);
  });

  it('is in the order of the restore', async () => {
    const { path } = await writeBackup(writeOptions(place(), soundContents()));
    const { contents } = await readBackup({ path, identities: [] });
    const order = (list: KubeObject[]) => list.map((o) => `${o.metadata.namespace ?? ''}/${o.metadata.name}`);
    expect(order(contents.namespaces)).toEqual(['/app1', '/app2', '/cert-manager']);
    expect(order(contents.secrets)).toEqual([
      'app2/acme-account',
      'cert-manager/root-ca',
      'app1/keystore',
      'app1/web-tls',
      'app2/api-tls',
      'app2/shop-tls',
    ]);
    expect(order(contents.certificates)).toEqual(['cert-manager/root', 'app1/web', 'app2/api']);
    expect(contents.index.map((e) => e.role).slice(0, 5)).toEqual([
      'namespace',
      'namespace',
      'namespace',
      'account-key',
      'ca-secret',
    ]);
  });

  it('of Certificates that share a Secret, the one that the annotation names comes first', async () => {
    const spec = { secretName: 'same', dnsNames: ['same.example.com'] };
    const zoe = certificateObject('app', 'zoe', spec);
    const builder = new ContentsBuilder()
      .certificate(certificateObject('app', 'amy', spec), undefined)
      .certificate(certificateObject('app', 'bob'), undefined)
      .certificate(zoe, pairFor(zoe));
    const { path } = await writeBackup(writeOptions(place(), builder));
    const { contents } = await readBackup({ path, identities: [] });
    expect(contents.certificates.map((c) => c.metadata.name)).toEqual(['bob', 'zoe', 'amy']);
  });

  it('carries nothing of the cluster it came from, and labels every Secret of a Certificate', async () => {
    const builder = soundContents();
    for (const secret of builder.contents.secrets) delete secret.metadata.labels;
    const { path } = await writeBackup(writeOptions(place(), builder));
    const { contents } = await readBackup({ path, identities: [] });
    const lines = [...loadFiles(path)]
      .filter(([name]) => name.startsWith('objects/'))
      .map(([, bytes]) => bytes.toString());
    for (const field of [
      'uid',
      'resourceVersion',
      'generation',
      'creationTimestamp',
      'managedFields',
      'status',
      'ownerReferences',
    ]) {
      expect(lines.join('')).not.toContain(`"${field}"`);
    }
    expect(lines.join('')).not.toMatch(/pod-security|last-applied/);
    const labelled = contents.secrets.filter((s) => s.metadata.labels?.['controller.cert-manager.io/fao'] === 'true');
    expect(labelled.map((s) => s.metadata.name)).toEqual(['root-ca', 'web-tls', 'api-tls', 'shop-tls']);
    expect(builder.contents.secrets[0]?.metadata.labels, 'the argument is left alone').toBeUndefined();
  });

  it('is for its owner only', async () => {
    const { path } = await writeBackup(writeOptions(place(), soundContents()));
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, 'objects')).mode & 0o777).toBe(0o700);
    expect(statSync(join(path, 'manifest.json')).mode & 0o777).toBe(0o600);
  });

  it('holds no private key, nor a password, outside of sealed files', async () => {
    const builder = soundContents();
    const web = builder.contents.certificates.find((c) => c.metadata.name === 'web');
    Object.assign(web?.spec as object, { keystores: { jks: { create: true, password: 'battery-staple' } } });
    const secrets: string[] = ['battery-staple', 'correct horse'];
    for (const { data } of builder.contents.secrets as { data?: Record<string, string> }[]) {
      if (data?.['tls.key'] !== undefined) secrets.push(Buffer.from(data['tls.key'], 'base64').toString());
    }
    for (const encrypt of ['secrets', 'all'] as const) {
      const { path } = await writeBackup(writeOptions(place(), builder, sealedTo(encrypt)));
      expect(names(path)).toContain('objects/50-certificates.ndjson.age');
      for (const [name, bytes] of loadFiles(path)) {
        for (const secret of secrets) {
          for (const needle of needles(secret)) expect(bytes.includes(needle), `${name} holds a key`).toBe(false);
        }
        for (const identity of [x25519, hybrid]) expect(bytes.includes(identity)).toBe(false);
      }
    }
  });
});

/** A secret raw, as base64, as base64 of base64; and the body of a PEM as bytes. */
function needles(secret: string): Buffer[] {
  const body = Buffer.from(secret.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  const once = base64(secret);
  const found = [secret, once, base64(once)].map((text) => Buffer.from(text));
  return secret.includes('PRIVATE KEY') ? [...found, body] : found;
}

describe('what is refused', () => {
  const write = (builder: ContentsBuilder, extra: Partial<WriteOptions>, path = place()) =>
    writeBackup(writeOptions(path, builder, extra));
  const nothingLeft = (): void => expect(readdirSync(root).filter((name) => name.includes('.partial-'))).toEqual([]);

  it('a directory that is not empty, before anything else', async () => {
    const path = place();
    mkdirSync(path);
    await checkOutputDirectory(path);
    writeFileSync(join(path, 'x'), '');
    await expect(checkOutputDirectory(path)).rejects.toMatchObject({ code: 'output-not-empty', exitCode: 2 });
    await expect(write(soundContents(), { recipients: ['junk'] }, path)).rejects.toMatchObject({
      code: 'output-not-empty',
    });
    await expect(write(soundContents(), {}, join(path, 'x', 'y'))).rejects.toMatchObject({ code: 'output-not-empty' });
    expect(readdirSync(path)).toEqual(['x']);
    nothingLeft();
  });

  it('a directory inside another backup, which would no longer be whole', async () => {
    const { path } = await write(soundContents(), {});
    for (const inside of [join(path, 'x', 'y'), join(path, 'objects', 'z')]) {
      await expect(checkOutputDirectory(inside)).rejects.toMatchObject({ code: 'output-not-writable', exitCode: 2 });
      await expect(checkOutputDirectory(inside)).rejects.toThrow(`inside another backup (${path})`);
    }
    mkdirSync(join(path, 'x'));
    await expect(checkOutputDirectory(join(path, 'x'))).rejects.toMatchObject({ code: 'output-not-writable' });
    await expect(readBackup({ path, identities: [] })).rejects.toMatchObject({
      code: 'damaged-backup',
      fix: expect.stringMatching(/^Remove it if you put it there/),
    });
  });

  it('a place that cannot be made, by the name that the user gave', async () => {
    // Nobody, root included, can make a directory there.
    const error = write(soundContents(), { shownAs: '/shown/out' }, '/proc/nowhere/.out.unchecked-1');
    await expect(error).rejects.toMatchObject({ code: 'output-not-writable', exitCode: 2 });
    await expect(error).rejects.toThrow(
      /^The backup cannot be written to \/(shown\/out: no such directory|proc\/nowhere\/\S+: permission denied)\.$/,
    );
  });

  it('quotes a recipient that is none as it is, cut only where it is long', async () => {
    await expect(write(soundContents(), { recipients: ['age1?'] })).rejects.toThrow('"age1?" is no age recipient');
    const long = `age1${'q'.repeat(58)}`;
    await expect(write(soundContents(), { recipients: [long] })).rejects.toThrow('"age1qqqqqqqqqqqq…" is no');
  });

  it('an empty directory gives way, and parents are made', async () => {
    const path = join(place(), 'a', 'b');
    mkdirSync(path, { recursive: true });
    await write(soundContents(), {}, path);
    await write(soundContents(), {}, join(place(), 'c', 'd'));
    expect(readdirSync(path)).toContain('manifest.json');
  });

  it('a place on a disk that cannot be written', async () => {
    await expect(write(soundContents(), {}, '/proc/certkeep')).rejects.toMatchObject({ code: 'output-not-writable' });
  });

  it('a recipient that is none, or an identity in its place, which is not repeated', async () => {
    await expect(write(soundContents(), { recipients: ['age1junk'] })).rejects.toMatchObject({ code: 'wrong-usage' });
    const error = await write(soundContents(), { recipients: [x25519] }).catch((e: Error) => e);
    expect(error).toMatchObject({ code: 'wrong-usage' });
    expect(String(error)).not.toContain(x25519.slice(-20));
    nothingLeft();
  });

  it('Secrets in clear, unless that is allowed', async () => {
    await expect(write(soundContents(), { allowPlaintextSecrets: false })).rejects.toMatchObject({
      code: 'plaintext-secrets',
      exitCode: 6,
    });
    nothingLeft();
  });

  it('credentials in objects, in clear', async () => {
    const web = certificateObject('app', 'web', { keystores: { jks: { create: true, password: 'x' } } });
    const builder = new ContentsBuilder().certificate(web, undefined);
    await expect(write(builder, { allowPlaintextSecrets: false })).rejects.toMatchObject({
      code: 'inline-credential',
      exitCode: 6,
      object: 'Certificate/app/web',
    });
    const { path } = await write(builder, { allowPlaintextSecrets: true });
    const { contents } = await readBackup({ path, identities: [] });
    expect(contents.index[0]?.digest).toMatch(/^hmac-/);
  });

  it.each([
    ['a token', secretObject('a', 'b', {}, { type: 'kubernetes.io/service-account-token' })],
    [
      'a key of an issuance',
      secretObject('a', 'b', {}, { metadata: { name: 'b', labels: { 'cert-manager.io/next-private-key': 'true' } } }),
    ],
    ["the webhook's CA", secretObject('cert-manager', 'cert-manager-webhook-ca', {})],
    ["the webhook's CA of a Helm release", secretObject('cert-manager', 'cm-webhook-ca', {})],
  ])('%s', async (_, secret) => {
    const builder = new ContentsBuilder().secret('other-secret', secret);
    await expect(write(builder, {})).rejects.toMatchObject({ code: 'forbidden-object' });
    nothingLeft();
  });

  it('a kind of another group, unless it was included', async () => {
    const foreign = {
      ...clusterIssuer('x', { a: 1 }),
      apiVersion: 'awspca.cert-manager.io/v1beta1',
      kind: 'AWSPCAClusterIssuer',
    };
    const builder = new ContentsBuilder().issuer(foreign, 'included');
    await expect(write(builder, {})).rejects.toMatchObject({ code: 'forbidden-object' });
    const options = writeOptions(place(), builder);
    const header = {
      ...options.header,
      scope: { ...options.header.scope, include: ['awspcaclusterissuers.awspca.cert-manager.io'] },
    };
    const { path } = await writeBackup({ ...options, header });
    expect((await readBackup({ path, identities: [] })).contents.issuers).toHaveLength(1);
  });

  it('an object without an index entry is a mistake of the caller', async () => {
    const builder = soundContents();
    builder.contents.index.pop();
    await expect(write(builder, {})).rejects.toThrow(/has no index entry/);
    nothingLeft();
  });

  it('a key that no JSON reader is safe from', async () => {
    const data = JSON.parse('{"__proto__":"eA=="}') as Record<string, string>;
    const builder = new ContentsBuilder().secret('other-secret', secretObject('a', 'b', data));
    await expect(write(builder, {})).rejects.toMatchObject({ code: 'forbidden-object' });
    nothingLeft();
  });
});

describe('RESTORE.md', () => {
  it('gives commands for just the files that are there, and never for the rest', async () => {
    const { path } = await writeBackup(writeOptions(place(), soundContents(), sealedTo('secrets')));
    const text = readFileSync(join(path, 'RESTORE.md'), 'utf8');
    const commands = [...text.matchAll(/```bash\n([\s\S]*?)```/g)].map((m) => m[1]).join('');
    const applies = commands.split('\n').map((line) => line.trim());
    expect(applies.filter((line) => line.includes('kubectl apply'))).toEqual([
      'kubectl apply --server-side -f objects/10-namespaces.ndjson',
      'age -d -i "$AGE_IDENTITY" objects/30-secrets.ndjson.age | kubectl apply --server-side -f -',
      'kubectl apply --server-side -f objects/40-issuers.ndjson',
      'kubectl apply --server-side -f objects/50-certificates.ndjson',
    ]);
    expect(commands).not.toMatch(/20-crds|derived|state\//);
    expect(text).not.toContain(root);
  });

  it('fails without closing the shell or changing its options where a block fails', async () => {
    const { path } = await writeBackup(writeOptions(place(), soundContents(), sealedTo('secrets')));
    const text = readFileSync(join(path, 'RESTORE.md'), 'utf8');
    const [first, , third] = [...text.matchAll(/```bash\n([\s\S]*?)```/g)].map((m) => m[1] ?? '');
    const bash = (script: string) =>
      spawnSync('bash', ['-c', script], { cwd: path, encoding: 'utf8', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } });
    for (const block of [first, `AGE_IDENTITY=/nowhere\n${first}`, `AGE_IDENTITY=/nowhere\n${third}`]) {
      expect(bash(`${block}\necho "still here $? $(shopt -o pipefail)"`).stdout).toMatch(
        /still here [1-9]\d* pipefail\s+off/,
      );
      expect(bash(`set -euo pipefail\n${block}\necho here`)).toMatchObject({ stdout: '' });
    }
  });

  it('names what makes the derived Certificates, between restore and verify and at the end', async () => {
    const { path } = await writeBackup(writeOptions(place(), soundContents(), sealedTo('secrets')));
    const text = readFileSync(join(path, 'RESTORE.md'), 'utf8');
    const maker = soundContents().contents.index.find((entry) => entry.maker !== undefined);
    const name = `\`${maker?.maker?.kind} ${maker?.namespace}/${maker?.maker?.name}\``;
    const [, between = ''] = /certkeep restore [^\n]*\n([\s\S]*)certkeep verify \. /.exec(text) ?? [];
    expect(between).toContain(name);
    expect(text.slice(text.indexOf('## Afterwards'))).toContain(name);
  });

  it('of a backup without Secrets warns', async () => {
    const builder = new ContentsBuilder().certificate(certificateObject('app', 'web'), undefined);
    const options = writeOptions(place(), builder);
    const { path } = await writeBackup({
      ...options,
      header: { ...options.header, secrets: 'none', restorable: false },
    });
    expect(readFileSync(join(path, 'RESTORE.md'), 'utf8')).toMatch(/Not all Secrets are in this backup/);
  });
});

describe('speed', () => {
  it('2,000 Certificates with their Secrets are written in 2 s, and read', async () => {
    const builder = new ContentsBuilder().namespace('app');
    const pair = makePair({ dnsNames: ['a.example.com'], algorithm: 'rsa' });
    for (let i = 0; i < 2000; i++) {
      builder.certificate(certificateObject('app', `c${i}`, { dnsNames: ['a.example.com'] }), pair);
    }
    // Time of this thread's own work: the machine may be busy with other tests.
    const started = process.threadCpuUsage();
    const { path } = await writeBackup(writeOptions(place(), builder, sealedTo('secrets')));
    const { user, system } = process.threadCpuUsage(started);
    expect((user + system) / 1000).toBeLessThan(2000);
    const read = await readBackup({ path, identities: [x25519] });
    expect(read.contents.secrets).toHaveLength(2000);
  }, 60_000);
});
