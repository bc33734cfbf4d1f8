import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { soundContents, writeOptions } from '../../test/fixtures/backups/contents.ts';
import { FAULTS, ISSUERS, type Metadata, SECRETS } from '../../test/fixtures/backups/faults.ts';
import {
  type BackupFiles,
  editLine,
  forgeIndex,
  forgeManifest,
  loadFiles,
  makeZip,
  saveFiles,
  zipOf,
} from '../../test/fixtures/backups/files.ts';
import type { CertkeepError } from '../model/problems.ts';
import { readBackup } from './read.ts';
import { writeBackup } from './write.ts';

const root = mkdtempSync(join(tmpdir(), 'certkeep-broken-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const good: BackupFiles = loadFiles((await writeBackup(writeOptions(join(root, 'good'), soundContents()))).path);
let count = 0;
const place = (): string => join(root, `b${++count}`);

async function refusal(path: string): Promise<CertkeepError> {
  try {
    await readBackup({ path, identities: [] });
  } catch (error) {
    return error as CertkeepError;
  }
  throw new Error('the backup was taken');
}

describe('broken backups, one fault each', () => {
  it('there are enough of them, and what they are made from is sound', async () => {
    expect(FAULTS.length).toBeGreaterThan(40);
    const path = place();
    saveFiles(good, path);
    await readBackup({ path, identities: [] });
    const forged: BackupFiles = new Map(good);
    forgeIndex(forged);
    forgeManifest(forged);
    expect(forged).toEqual(good);
  });

  it.each(FAULTS)('%s', async (_, change, code, words = /./) => {
    const files: BackupFiles = new Map([...good].map(([name, content]) => [name, Buffer.from(content)]));
    change(files);
    const path = place();
    saveFiles(files, path);
    const error = await refusal(path);
    expect(error.code, error.message).toBe(code);
    expect(error.message).toMatch(words);
    expect(error.exitCode).toBe(4);
    expect(error.fix).not.toBe('');
  });

  it('the CA of the webhook', async () => {
    const files: BackupFiles = new Map(good);
    editLine(files, SECRETS, 0, (o) => {
      (o as Metadata).metadata.name = 'cert-manager-webhook-ca';
      (o as Metadata).metadata.namespace = 'cert-manager';
    });
    forgeManifest(files);
    const path = place();
    saveFiles(files, path);
    expect((await refusal(path)).message).toMatch(/webhook/);
  });
});

describe('what is in the place of files', () => {
  function broken(change: (path: string) => void): string {
    const path = place();
    const files = new Map(good);
    files.delete(ISSUERS);
    saveFiles(files, path);
    change(path);
    return path;
  }

  it('a link, even to the right bytes', async () => {
    const path = broken((p) => {
      writeFileSync(join(root, 'elsewhere'), good.get(ISSUERS) as Buffer);
      symlinkSync(join(root, 'elsewhere'), join(p, ISSUERS));
    });
    expect((await refusal(path)).message).toMatch(/link/);
  });

  it('a linked directory', async () => {
    const path = place();
    saveFiles(good, path);
    rmSync(join(path, 'objects'), { recursive: true });
    symlinkSync(join(root, 'good', 'objects'), join(path, 'objects'));
    expect((await refusal(path)).message).toMatch(/link/);
  });

  it('a directory', async () => {
    const path = broken((p) => mkdirSync(join(p, ISSUERS)));
    expect((await refusal(path)).message).toMatch(/directory/);
  });

  it('a pipe', async () => {
    const path = broken((p) => void execFileSync('mkfifo', [join(p, ISSUERS)]));
    expect((await refusal(path)).message).toMatch(/pipe/);
  });

  it('a manifest that is a link', async () => {
    const path = place();
    saveFiles(good, path);
    rmSync(join(path, 'manifest.json'));
    symlinkSync(join(root, 'good', 'manifest.json'), join(path, 'manifest.json'));
    expect((await refusal(path)).code).toBe('damaged-backup');
  });
});

describe('what is no backup', () => {
  it.each([
    ['x.yaml', 'apiVersion: v1\nkind: List\n', /YAML/],
    ['x.json', '{"kind":"List"}', /JSON/],
    ['x.tar.gz', Buffer.from([0x1f, 0x8b, 8, 0]), /Velero/],
    ['x.age', 'age-encryption.org/v1\n', /age/],
    ['x.bin', Buffer.from([1, 2, 3]), /another kind/],
    ['x.txt', '', /empty/],
  ])('%s', async (name, content, words) => {
    writeFileSync(join(root, name), content);
    const error = await refusal(join(root, name));
    expect(error.code).toBe('no-backup');
    expect(error.message).toMatch(words);
  });

  it('a path where nothing is, an empty directory, one of YAML, a manifest.json by itself', async () => {
    expect((await refusal(join(root, 'none'))).message).toMatch(/nothing/);
    const empty = place();
    mkdirSync(empty);
    expect((await refusal(empty)).message).toMatch(/empty/);
    writeFileSync(join(empty, 'all.yaml'), '');
    expect((await refusal(empty)).message).toMatch(/Kubernetes files/);
    expect((await refusal(join(root, 'good', 'manifest.json'))).message).toMatch(/directory that holds it/);
  });
});

describe('an artifact as downloaded', () => {
  function zip(content: Buffer): string {
    const path = `${place()}.zip`;
    writeFileSync(path, content);
    return path;
  }
  const withEntry = (name: string, extra: object = {}): Buffer =>
    makeZip([...[...good].map(([n, b]) => ({ name: n, bytes: b })), { name, bytes: Buffer.from('x'), ...extra }]);

  it('is read as it is, also where all lies in one directory', async () => {
    const plain = await readBackup({ path: zip(zipOf(good)), identities: [] });
    const nested = await readBackup({ path: zip(zipOf(good, 'cert-manager-backup/')), identities: [] });
    expect(plain.contents.secrets).toHaveLength(6);
    expect(nested.contents).toEqual(plain.contents);
  });

  it.each([
    ['a name that climbs', withEntry('../evil'), /not as it should be|outside/],
    ['an absolute name', withEntry('/evil'), /not as it should be|outside/],
    ['a backslash', withEntry('..\\evil'), /not as it should be|name/],
    ['a name twice', withEntry('RESTORE.md'), /twice/],
    ['a link', withEntry('link', { mode: 0o120777 }), /link/],
    ['a file too many', withEntry('evil'), /not named/],
    ['a directory too many', withEntry('evil/', { bytes: Buffer.alloc(0), mode: 0o040755 }), /belong/],
    [
      'too many files',
      makeZip(Array.from({ length: 200 }, (_, i) => ({ name: `f${i}`, bytes: Buffer.alloc(0) }))),
      /more than/,
    ],
    ['no manifest', makeZip([{ name: 'x', bytes: Buffer.from('x') }]), /no manifest/],
    ['cut', zipOf(good).subarray(0, -300), /cut/],
    ['empty', makeZip([]), /no manifest/],
  ])('%s is refused', async (_, content, words) => {
    const error = await refusal(zip(content));
    expect(error.exitCode).toBe(4);
    expect(error.message).toMatch(words);
  });

  it('a bomb is refused without unpacking it', async () => {
    const bomb = Buffer.alloc(64 * 1024 * 1024, 0x20);
    const files = [...good].map(([name, content]) => ({ name, bytes: content }));
    const swap = (name: string, entry: object) => makeZip(files.map((f) => (f.name === name ? { ...f, ...entry } : f)));
    expect((await refusal(zip(swap('manifest.json', { bytes: bomb })))).message).toMatch(/longer than/);
    expect((await refusal(zip(swap(SECRETS, { bytes: bomb })))).message).toMatch(/bytes and should have/);
    const liar = swap(SECRETS, { bytes: bomb, statedSize: good.get(SECRETS)?.length });
    expect((await refusal(zip(liar))).message).toMatch(/cannot be read/);
  });
});

describe('chance', () => {
  /** mulberry32: small, seeded, good enough to pick bytes. */
  function random(seed: number): () => number {
    let a = seed;
    return () => {
      a = (a + 0x6d2b79f5) | 0;
      let t = Math.imul(a ^ (a >>> 15), 1 | a);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
  }

  it('500 single changes, cuts and removals are all refused', async () => {
    const next = random(20261124);
    const pick = (n: number): number => Math.floor(next() * n);
    const names = [...good.keys()];
    for (let i = 0; i < 500; i++) {
      const name = names[pick(names.length)] as string;
      const before = good.get(name) as Buffer;
      const at = pick(before.length);
      let after: Buffer | undefined = Buffer.from(before);
      const kind = ['change', 'change', 'change', 'cut', 'remove byte', 'insert', 'remove file'][pick(7)] as string;
      if (kind === 'change') after[at] = (after[at] as number) ^ (1 + pick(255));
      else if (kind === 'cut') after = before.subarray(0, at);
      else if (kind === 'remove byte') after = Buffer.concat([before.subarray(0, at), before.subarray(at + 1)]);
      else if (kind === 'insert')
        after = Buffer.concat([before.subarray(0, at), Buffer.from([pick(256)]), before.subarray(at)]);
      else after = undefined;
      const files = new Map(good);
      if (after === undefined) files.delete(name);
      else files.set(name, after);
      const path = `${place()}.zip`;
      writeFileSync(path, zipOf(files));
      const error = await refusal(path).catch((e: Error) => e as CertkeepError);
      expect(error.exitCode, `${i}: ${kind} at ${at} of ${name}: ${error.message}`).toBe(4);
      rmSync(path);
    }
  }, 120_000);
});
