import { execFileSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { inOrder, soundExport } from '../../../test/fixtures/foreign/export.ts';
import { type TarEntry, veleroEntries, writeTarball } from '../../../test/fixtures/foreign/tarball.ts';
import { temporaryDirectory } from '../../../test/support/temporary.ts';
import { objectName } from '../../model/objects.ts';
import { parseItemPath } from './item-path.ts';
import { readVelero } from './read.ts';

const directory = temporaryDirectory('velero');
let count = 0;
const fresh = () => join(directory, `${++count}.tar.gz`);
const tarball = (entries: readonly TarEntry[]) => writeTarball(fresh(), entries);
const read = (path: string, isDirectory = false) =>
  readVelero(path, isDirectory, { wanted: () => true, keep: (object) => object });
const objects = inOrder(soundExport());
const good = veleroEntries(objects);

describe('the path of an item', () => {
  it.each([
    ['resources/secrets/namespaces/a/b.json', { resource: 'secrets', namespace: 'a', name: 'b', isCopy: false }],
    [
      'resources/clusterissuers.cert-manager.io/cluster/ca.json',
      { resource: 'clusterissuers.cert-manager.io', namespace: '', name: 'ca', isCopy: false },
    ],
    [
      './resources/certificates.cert-manager.io/v1-preferredversion/namespaces/a/b.json',
      { resource: 'certificates.cert-manager.io', namespace: 'a', name: 'b', isCopy: true },
    ],
    [
      'resources/jobs.batch/v1beta1/namespaces/a/b.json',
      { resource: 'jobs.batch', namespace: 'a', name: 'b', isCopy: true },
    ],
    [
      'resources/clusterroles.rbac.authorization.k8s.io/cluster/system:controller/x.json',
      { resource: 'clusterroles.rbac.authorization.k8s.io', namespace: '', name: 'system:controller/x', isCopy: false },
    ],
  ])('%s', (path, item) => expect(parseItemPath(path)).toEqual(item));

  it.each([
    'metadata/version',
    'resources/secrets',
    'resources/secrets/namespaces/b.json',
    'resources/secrets/elsewhere/a/b.json',
    'x/resources/secrets/cluster/b.json',
    'resources/secrets/namespaces/a/b.yaml',
  ])('%s is none', (path) => expect(parseItemPath(path)).toBeUndefined());
});

describe('a Velero tarball', () => {
  it('gives each object once, in order, and counts them', async () => {
    const found = await read(await tarball(good));
    expect(found.objects.map(({ object }) => objectName(object))).toEqual(objects.map(objectName));
    expect(found.problems).toEqual([]);
    expect(Object.fromEntries(found.counts)).toEqual({
      namespaces: 1,
      secrets: 3,
      'clusterissuers.cert-manager.io': 2,
      'issuers.cert-manager.io': 1,
      'certificates.cert-manager.io': 2,
    });
  });

  it('takes the copy of the preferred version where there is no other', async () => {
    const found = await read(await tarball(good.filter(({ name }) => name.includes('preferredversion'))));
    expect(found.objects).toHaveLength(objects.length);
  });

  it('is read unpacked, too', async () => {
    const unpacked = join(directory, 'unpacked');
    await mkdir(unpacked);
    execFileSync('tar', ['-xzf', await tarball(good), '-C', unpacked]);
    expect((await read(unpacked, true)).objects).toHaveLength(objects.length);
    symlinkSync('/etc/hostname', join(unpacked, 'resources/secrets/namespaces/shop/link.json'));
    await expect(read(unpacked, true)).rejects.toMatchObject({ code: 'damaged-backup' });
  });

  it('packed anew by tar, with directories and a leading ./, is the same', async () => {
    const unpacked = join(directory, 'again');
    await mkdir(unpacked);
    execFileSync('tar', ['-xzf', await tarball(good), '-C', unpacked]);
    const path = fresh();
    execFileSync('tar', ['-czf', path, '-C', unpacked, '.']);
    expect((await read(path)).objects).toHaveLength(objects.length);
  });

  it('names the file of an object that cannot be read, and reads the others', async () => {
    const path = 'resources/secrets/namespaces/shop/broken.json';
    const found = await read(await tarball([{ name: path, contents: '{"kind": "hunter2' }, ...good]));
    expect(found.problems).toMatchObject([{ code: 'bad-manifest', message: expect.stringContaining(path) }]);
    expect(JSON.stringify(found.problems)).not.toContain('hunter2');
    expect(found.objects).toHaveLength(objects.length);
  });

  it('notes an object that is another one than its path says', async () => {
    const found = await read(
      await tarball([
        ...good,
        { name: 'resources/secrets/namespaces/shop/other.json', contents: JSON.stringify(objects[1]) },
      ]),
    );
    expect(found.problems).toMatchObject([
      { code: 'bad-manifest', message: expect.stringContaining('another name or namespace') },
    ]);
  });

  it('lets an object go that is larger than any can be, and reads on', async () => {
    const found = await read(
      await tarball([
        { name: 'resources/secrets/namespaces/shop/huge.json', contents: Buffer.alloc(9 * 1024 * 1024, 'a') },
        ...good,
      ]),
    );
    expect(found.problems).toMatchObject([{ code: 'bad-manifest', message: expect.stringContaining('larger than') }]);
    expect(found.objects).toHaveLength(objects.length);
  });
});

describe('a hostile tarball is refused', () => {
  const item = 'resources/secrets/namespaces/shop/x.json';
  const cases: [string, TarEntry[], string?][] = [
    ['a path that leads out', [{ name: '../../etc/cron.d/x', contents: 'x' }]],
    ['a path that leads out in the middle', [{ name: 'resources/secrets/../../../x.json', contents: 'x' }]],
    ['an absolute path', [{ name: '/etc/passwd', contents: 'x' }]],
    ['a symbolic link', [{ name: item, type: 'symlink', linkname: '/etc/passwd' }]],
    ['a hard link', [{ name: item, type: 'link', linkname: 'metadata/version' }]],
    ['a device', [{ name: item, type: 'character-device' }]],
    ['a pipe', [{ name: item, type: 'fifo' }]],
    [
      'a file that is there twice',
      [
        { name: item, contents: '{}' },
        { name: item, contents: '{}' },
      ],
    ],
    ['a path without end', [{ name: `resources/${'a/'.repeat(3000)}x.json`, contents: 'x' }]],
    ['another format', [{ name: 'metadata/version', contents: '2.0.0\n' }], 'unknown-format'],
    ['no Velero backup at all', [{ name: 'photos/cat.jpg', contents: 'x' }], 'no-backup'],
  ];
  it.each(cases)('%s', async (_, entries, code = 'damaged-backup') => {
    const rest = code === 'damaged-backup' ? good : [];
    await expect(read(await tarball([...entries, ...rest]))).rejects.toMatchObject({ code });
  });

  it('cut anywhere', async () => {
    const whole = readFileSync(await tarball(good));
    for (const length of [20, 200, whole.length >> 1, whole.length - 9]) {
      const path = fresh();
      writeFileSync(path, whole.subarray(0, length));
      await expect(read(path), `${length} bytes`).rejects.toMatchObject({ code: 'damaged-backup' });
    }
  });

  it('with a tar inside that was cut', async () => {
    const path = fresh();
    const tar = gunzipSync(readFileSync(await tarball(good)));
    writeFileSync(path, gzipSync(tar.subarray(0, 3000)));
    await expect(read(path)).rejects.toMatchObject({ code: 'damaged-backup' });
  });

  it('a manifest that was merely compressed', async () => {
    const path = fresh();
    writeFileSync(path, gzipSync(Buffer.from('apiVersion: v1\n'.repeat(100))));
    await expect(read(path)).rejects.toMatchObject({ code: 'damaged-backup' });
  });

  it('a bomb, in bounded memory', async () => {
    const path = fresh();
    // A header that promises 1 GiB, and zeros: a megabyte on the disk.
    const header = gunzipSync(readFileSync(await tarball([{ name: item, contents: '' }]))).subarray(0, 512);
    header.write((1024 ** 3).toString(8).padStart(11, '0'), 124, 'latin1');
    header.fill(' ', 148, 156);
    const sum = header.reduce((a, b) => a + b, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
    writeFileSync(path, gzipSync(Buffer.concat([header, Buffer.alloc(256 * 1024 * 1024)])));
    const before = process.memoryUsage().rss;
    await expect(read(path)).rejects.toMatchObject({
      code: 'damaged-backup',
      message: expect.stringContaining('200 times'),
    });
    expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  });
});
