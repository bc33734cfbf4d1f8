import { createHash } from 'node:crypto';
import { gunzipSync, inflateSync } from 'node:zlib';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import * as vectors from 'cctv-age';
import { describe, expect, it } from 'vitest';
import { opener, sealer } from './seal.ts';

async function* chunksOf(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}

const identity = await generateX25519Identity();
const recipient = await identityToRecipient(identity);

describe('sealing', () => {
  it('gives back what it took, at every size around a chunk of age', async () => {
    for (const size of [0, 1, 65535, 65536, 65537, 200_000]) {
      const plain = Buffer.alloc(size, 'x');
      const sealed = await collect(sealer([recipient]).seal(chunksOf(plain)));
      expect(sealed.subarray(0, 21).toString()).toBe('age-encryption.org/v1');
      const open = opener([identity])?.open(chunksOf(sealed), 'f') as AsyncIterable<Uint8Array>;
      expect((await collect(open)).equals(plain)).toBe(true);
    }
  });

  it('hands on an error of its source', async () => {
    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(10);
      throw new Error('source failed');
    }
    await expect(collect(sealer([recipient]).seal(failing()))).rejects.toThrow('source failed');
  });

  it('refuses to seal to nobody', () => {
    expect(() => sealer([])).toThrow(/no recipient/);
  });
});

const sealed = await collect(sealer([recipient]).seal(chunksOf(Buffer.alloc(200_000, 'x'))));

describe('opening', () => {
  const open = (bytes: Uint8Array, text = identity) =>
    collect(opener([text])?.open(chunksOf(bytes), 'objects/x.age') as AsyncIterable<Uint8Array>);

  it('is not asked for without an identity', () => {
    expect(opener([])).toBeUndefined();
  });

  it.each([
    ['only comments', '# none\n', /holds no key/],
    ['a recipient', recipient, /public half/],
    ['an SSH key', 'ssh-ed25519 AAAA', /SSH/],
    ['a plugin', 'AGE-PLUGIN-YUBIKEY-1QQ', /plugin/],
    ['an encrypted identity file', 'age-encryption.org/v1\n-> scrypt', /encrypted itself/],
    ['junk', 'AGE-SECRET-KEY-1JUNK', /not readable/],
  ])('with %s ends with 5, and quotes nothing', (_, text, words) => {
    const attempt = (): unknown => opener([text]);
    expect(attempt).toThrow(words);
    try {
      attempt();
    } catch (error) {
      expect(error).toMatchObject({ code: 'cannot-decrypt', exitCode: 5 });
      expect((error as Error).cause).toBeUndefined();
      expect(String(error)).not.toContain('JUNK');
    }
  });

  it('with the wrong identity ends with 5', async () => {
    await expect(open(sealed, await generateX25519Identity())).rejects.toMatchObject({
      code: 'cannot-decrypt',
      exitCode: 5,
    });
  });

  it('what was changed or cut ends with 4', async () => {
    for (const at of [30, 100, sealed.length - 100_000, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] as number) ^ 1;
      const error = await open(changed).catch((e: unknown) => e);
      expect(['damaged-backup', 'cannot-decrypt']).toContain((error as { code: string }).code);
    }
    for (const length of [0, 10, 150, 70_000, sealed.length - 1]) {
      await expect(open(sealed.subarray(0, length))).rejects.toMatchObject({ code: 'damaged-backup' });
    }
  });

  it('a header without an end is not read for ever', async () => {
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('age-encryption.org/v1\n');
      for (;;) {
        given += 1;
        yield Buffer.alloc(256 * 1024, 'a');
      }
    }
    const stream = opener([identity])?.open(endless(), 'f') as AsyncIterable<Uint8Array>;
    await expect(collect(stream)).rejects.toThrow(/header does not end/);
    expect(given).toBeLessThan(30);
  });
});

/** The test vectors of the format's authors: https://github.com/C2SP/CCTV/tree/main/age */
describe('the official vectors', () => {
  const all =
    (vectors as { default?: Record<string, Uint8Array> }).default ?? (vectors as unknown as Record<string, Uint8Array>);
  const cases = Object.entries(all).flatMap(([name, bytes]) => {
    const vector = parseVector(bytes);
    return vector === undefined ? [] : [[name, vector] as const];
  });

  it('are there', () => expect(cases.length).toBeGreaterThan(50));

  it.each(cases)('%s', async (_, vector) => {
    const attempt = collect(opener(vector.identities)?.open(chunksOf(vector.body), 'f') as AsyncIterable<Uint8Array>);
    if (vector.expect === 'success') {
      expect(
        createHash('sha256')
          .update(await attempt)
          .digest('hex'),
      ).toBe(vector.payload);
    } else if (vector.expect === 'no match') {
      await expect(attempt).rejects.toMatchObject({ code: 'cannot-decrypt' });
    } else {
      await expect(attempt).rejects.toMatchObject({ exitCode: expect.toBeOneOf([4, 5]) });
    }
  });
});

interface Vector {
  expect: string;
  payload: string | undefined;
  identities: string[];
  body: Uint8Array;
}

/** Undefined for vectors of what certkeep does not use: passphrases and armor. */
function parseVector(bytes: Uint8Array): Vector | undefined {
  let rest = Buffer.from(bytes);
  const fields: [string, string][] = [];
  for (;;) {
    const end = rest.indexOf(10);
    const line = rest.subarray(0, end).toString();
    rest = rest.subarray(end + 1);
    if (line === '') break;
    fields.push([line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]);
  }
  const get = (name: string) => fields.filter(([field]) => field === name).map(([, value]) => value);
  if (get('passphrase').length > 0 || get('armored').includes('yes')) return undefined;
  const [compressed] = get('compressed');
  const body = compressed === 'zlib' ? inflateSync(rest) : compressed === 'gzip' ? gunzipSync(rest) : rest;
  return {
    expect: get('expect')[0] ?? '',
    payload: get('payload')[0],
    identities: get('identity').length > 0 ? get('identity') : [identity],
    body,
  };
}
