import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { opener } from '../../src/archive/seal.ts';
import { writeBackup } from '../../src/archive/write.ts';
import { soundContents, writeOptions } from '../fixtures/backups/contents.ts';
import { ageTool } from '../support/age-tool.ts';
import { certkeep } from '../support/bundle.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** What age's own tools write is read, and the other way round: for both kinds of key. */

let age: string;
const scratch = temporaryDirectory('age');

beforeAll(async () => {
  age = await ageTool();
});

/** A key pair by age's own age-keygen; `-pq` is the post-quantum hybrid. */
function keygen(name: string, flags: string[]): { file: string; recipient: string } {
  const file = join(scratch, name);
  execFileSync(join(dirname(age), 'age-keygen'), [...flags, '-o', file], { stdio: 'pipe' });
  const recipient = execFileSync(join(dirname(age), 'age-keygen'), ['-y', file], { encoding: 'utf8' }).trim();
  return { file, recipient };
}

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(directory, name)).isFile(),
  );
}

describe.each([
  ['X25519', [] as string[], /^age1[a-z0-9]{58}$/],
  ['post-quantum hybrid', ['-pq'], /^age1pq1/],
])('a key of the kind %s', (kind, flags, form) => {
  it('made by age-keygen seals a backup that age opens, byte for byte', async () => {
    const { file, recipient } = keygen(`${kind.replaceAll(' ', '-')}.txt`, flags);
    expect(recipient).toMatch(form);
    const plain = join(scratch, `${kind}-plain`);
    const sealed = join(scratch, `${kind}-sealed`);
    const digestKey = Buffer.alloc(32, 7);
    const contents = soundContents();
    await writeBackup({ ...writeOptions(plain, contents), digestKey });
    const options = writeOptions(sealed, contents);
    await writeBackup({ ...options, recipients: [recipient], encrypt: 'all', digestKey });
    const names = filesOf(sealed).filter((name) => name.endsWith('.age'));
    expect(names.length).toBeGreaterThan(5);
    for (const name of names.filter((one) => !one.startsWith('RESTORE.md'))) {
      const opened = execFileSync(age, ['-d', '-i', file, join(sealed, name)]);
      expect(opened.equals(readFileSync(join(plain, name.slice(0, -'.age'.length)))), name).toBe(true);
    }
    const checked = await certkeep(['check', sealed, '--identity-file', file, '--horizon', '1d']);
    expect(checked.stderr).not.toContain('cannot-decrypt');
    expect(checked.stderr).not.toContain('damaged-backup');
  });

  it('opens here what age sealed, armoured files apart', async () => {
    const { file, recipient } = keygen(`${kind.replaceAll(' ', '-')}-2.txt`, flags);
    for (const size of [0, 1, 65_536, 300_000]) {
      const text = Buffer.alloc(size, 'certkeep ');
      const sealed = spawnSync(age, ['-r', recipient], { input: text, maxBuffer: 1 << 24 });
      expect(sealed.status, sealed.stderr.toString()).toBe(0);
      const chunks = (async function* () {
        yield new Uint8Array(sealed.stdout);
      })();
      const parts: Uint8Array[] = [];
      const open = opener([readFileSync(file, 'utf8')]);
      for await (const part of open?.open(chunks, 'by-age.age') ?? []) parts.push(part);
      expect(Buffer.concat(parts).equals(text), String(size)).toBe(true);
    }
  });

  it('re-sealed by age, a file of a backup is still that of the manifest only if the manifest says so', async () => {
    const { file, recipient } = keygen(`${kind.replaceAll(' ', '-')}-3.txt`, flags);
    const from = join(scratch, `${kind}-from`);
    await writeBackup({ ...writeOptions(from, soundContents()), recipients: [recipient], encrypt: 'secrets' });
    const to = join(scratch, `${kind}-to`);
    mkdirSync(to);
    cpSync(from, to, { recursive: true });
    const secrets = join(to, 'objects/30-secrets.ndjson.age');
    const plain = execFileSync(age, ['-d', '-i', file, secrets]);
    writeFileSync(secrets, execFileSync(age, ['-r', recipient], { input: plain }));
    const result = await certkeep(['check', to, '--identity-file', file]);
    expect(result.code, result.stderr).toBe(4);
  });
});
