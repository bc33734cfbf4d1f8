import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MAX_OBJECT_BYTES } from './bounds.ts';
import { type Manifests, manifestSources, readManifests } from './read.ts';

const object = (kind: string, name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, namespace: 'app' },
  ...more,
});
const A = object('Secret', 'a', { data: { 'tls.crt': 'a\\"{[' } });
const B = object('ConfigMap', 'b', { data: { text: '- \n---\n]}' } });

/** Reads a text in chunks of that many bytes: borders may lie anywhere. */
async function read(text: string | Uint8Array, chunk = 1 << 20): Promise<Manifests> {
  const bytes = Buffer.from(text as string);
  async function* open() {
    for (let i = 0; i < bytes.length; i += chunk) yield bytes.subarray(i, i + chunk);
  }
  return readManifests([{ file: 'f', open }]);
}
const names = (found: Manifests) => found.objects.map(({ object: o, line }) => `${o.kind}/${o.metadata.name}:${line}`);

const list = { apiVersion: 'v1', items: [A, { kind: 'List', apiVersion: 'v1', items: [B] }], kind: 'List' };
const KUBECTL_YAML = `apiVersion: v1
items:
- apiVersion: v1
  kind: Secret
  metadata:
    name: a
  stringData:
    text: |
      - not an item
      ---
# a comment
- apiVersion: v1

  kind: Secret
  metadata: {name: b}
kind: List
metadata:
  resourceVersion: ""
---
# nothing
---
apiVersion: v1
kind: Secret
metadata:
  name: c
...
`;

describe('readManifests', () => {
  const texts: [string, string, string[]][] = [
    ['one object', JSON.stringify(A), ['Secret/a:1']],
    ['NDJSON', `${JSON.stringify(A)}\n${JSON.stringify(B)}\n`, ['Secret/a:1', 'ConfigMap/b:2']],
    [
      'objects in a row, spread',
      `${JSON.stringify(A, null, 2)}\n\n${JSON.stringify(B, null, 2)}`,
      ['Secret/a:1', 'ConfigMap/b:13'],
    ],
    ['an array', `[\n${JSON.stringify(A)},\n${JSON.stringify(B)}]`, ['Secret/a:2', 'ConfigMap/b:3']],
    ['a list in a list', JSON.stringify(list), ['Secret/a:1', 'ConfigMap/b:1']],
    [
      'a list, spread',
      JSON.stringify({ apiVersion: 'v1', items: [A, B], kind: 'List' }, null, 4),
      ['Secret/a:4', 'ConfigMap/b:15'],
    ],
    [
      "the API server's own list",
      '{"kind":"SecretList","apiVersion":"v1","metadata":{"items":[1]},"items":[{"metadata":{"name":"x"}}]}',
      ['Secret/x:1'],
    ],
    [
      'the same with its kind behind',
      '{"items":[{"metadata":{"name":"x"}}],"kind":"SecretList","apiVersion":"v1"}',
      ['Secret/x:1'],
    ],
    ['an empty list', '{"apiVersion":"v1","items":[],"kind":"List"}', []],
    ['nothing', ' \n', []],
    ['YAML as kubectl prints it', KUBECTL_YAML, ['Secret/a:3', 'Secret/b:12', 'Secret/c:22']],
    [
      'YAML with indented items',
      'kind: List\napiVersion: v1\nitems:\n  - kind: A\n    apiVersion: v1\n    metadata: {name: a}\n',
      ['A/a:4'],
    ],
    [
      'YAML with items in one line',
      'kind: List\napiVersion: v1\nitems: [{kind: A, apiVersion: v1, metadata: {name: a}}]\n',
      ['A/a:1'],
    ],
    ['a typed list in YAML', 'kind: AList\napiVersion: v1\nitems:\n- metadata: {name: a}\n', ['A/a:4']],
    [
      'JSON and YAML',
      `${JSON.stringify(A)}\n---\nkind: B\napiVersion: v1\nmetadata: {name: b}\n---\n${JSON.stringify(A)}`,
      ['Secret/a:1', 'B/b:3', 'Secret/a:7'],
    ],
    ['a document on the line of its marker', '--- {kind: A, apiVersion: v1, metadata: {name: a}}', ['A/a:1']],
    ['Windows line ends', KUBECTL_YAML.replaceAll('\n', '\r\n'), ['Secret/a:3', 'Secret/b:12', 'Secret/c:22']],
    ['a byte order mark', `\ufeff${JSON.stringify(A)}`, ['Secret/a:1']],
  ];
  it.each(texts)('%s', async (_, text, expected) => {
    for (const chunk of [1 << 20, 1, 2, 3, 5, 7, 64]) {
      // The mark is looked for in the first chunk only.
      if (chunk < 3 && text.startsWith('\ufeff')) continue;
      const found = await read(text, chunk);
      expect(found.problems).toEqual([]);
      expect(found.complete).toBe(true);
      expect(names(found)).toEqual(expected);
    }
  });

  it('gives back what JSON.parse would', async () => {
    for (const chunk of [1, 4, 1000]) {
      const found = await read(JSON.stringify({ kind: 'List', apiVersion: 'v1', items: [A, B] }), chunk);
      expect(found.objects.map((o) => o.object)).toEqual([A, B]);
    }
  });

  const faults: [string, string | Uint8Array, number, RegExp, string[]][] = [
    ['cut JSON', JSON.stringify(list, null, 1).slice(0, -60), 15, /ends within/, ['Secret/a:4']],
    [
      'JSON that is none',
      `${JSON.stringify(A)}\n{"a":1,\n "b"}\n${JSON.stringify(B)}`,
      3,
      /not JSON/,
      ['Secret/a:1', 'ConfigMap/b:4'],
    ],
    ['a template', '{{ .Values.x }}', 1, /not JSON/, []],
    ['words behind JSON', `${JSON.stringify(A)}\nhello`, 2, /not JSON/, ['Secret/a:1']],
    ['cut YAML', 'kind: A\napiVersion: v1\nmetadata: {name: a, x: "', 3, /not YAML/, []],
    [
      'one bad document',
      'kind: A\napiVersion: v1\nmetadata: {name: a}\n---\na: b\n c: d\n---\nkind: B\napiVersion: v1\nmetadata: {name: b}\n',
      6,
      /not YAML/,
      ['A/a:1', 'B/b:8'],
    ],
    ['text', 'hello\nworld\n', 1, /no Kubernetes object/, []],
    ['values of a chart', '# x\nreplicas: 1\n', 1, /without apiVersion and kind/, []],
    ['no name', '{"apiVersion":"v1","kind":"Secret","metadata":{}}', 1, /no metadata.name/, []],
    ['UTF-16', Buffer.from(`\ufeff${JSON.stringify(A)}`, 'utf16le'), 1, /UTF-16/, []],
    ['a zip', Buffer.from('504b0304aabb', 'hex'), 1, /no text/, []],
    [
      'bytes that are no UTF-8',
      Buffer.concat([Buffer.from('{"a":"'), Buffer.from([0xff]), Buffer.from('"}')]),
      1,
      /not UTF-8/,
      [],
    ],
    ['an unknown alias', 'kind: A\napiVersion: v1\nmetadata: {name: *secret-password}\n', 3, /not YAML/, []],
  ];
  it.each(faults)('%s: a problem with file and line, the rest is read', async (_, text, line, what, expected) => {
    const found = await read(text);
    expect(found.complete).toBe(false);
    expect(found.problems).toMatchObject([{ severity: 'error', code: 'bad-manifest' }]);
    expect(found.problems[0]?.message).toMatch(what);
    expect(found.problems[0]?.message).toMatch(new RegExp(`^f line ${line}:`));
    expect(found.problems[0]?.message).not.toContain('password');
    expect(found.problems[0]?.fix).not.toBe('');
    expect(names(found)).toEqual(expected);
  });

  it('what is too large is left out, and memory with it', async () => {
    const huge = 'x'.repeat(MAX_OBJECT_BYTES + 10);
    const json = await read(
      `{"items":[{"a":"${huge}"},${JSON.stringify(B)}],"kind":"List","apiVersion":"v1"}`,
      1 << 16,
    );
    expect(names(json)).toEqual(['ConfigMap/b:1']);
    expect(json.problems[0]?.message).toMatch(/^f line 1: .*larger than 8 MiB/);
    const yaml = await read(`a: ${huge}\n---\nkind: B\napiVersion: v1\nmetadata: {name: b}\n`, 1 << 16);
    expect(names(yaml)).toEqual(['B/b:3']);
    expect(yaml.problems[0]?.message).toMatch(/^f line 1: .*larger than 8 MiB/);
    const item = await read(
      `kind: List\napiVersion: v1\nitems:\n- a: ${huge}\n- kind: B\n  apiVersion: v1\n  metadata: {name: b}\n`,
      1 << 16,
    );
    expect(names(item)).toEqual(['B/b:5']);
    expect(item.problems[0]?.message).toMatch(/^f line 4: .*larger than 8 MiB/);
  });

  it('nesting, alias bombs and __proto__ do no harm', async () => {
    const deep = await read(`${'[{"items":'.repeat(3)}{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`);
    expect(deep.complete).toBe(false);
    const closed = await read(`{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}\n${JSON.stringify(A)}`);
    expect(closed.problems[0]?.message).toMatch(/nested/);
    expect(names(closed)).toEqual(['Secret/a:2']);
    const lists = (n: number): object => (n === 0 ? A : { kind: 'List', apiVersion: 'v1', items: [lists(n - 1)] });
    expect((await read(JSON.stringify(lists(30)))).problems[0]?.message).toMatch(/Lists are nested/);
    const bomb = ['a: &a [x,x,x,x,x,x,x,x,x]'];
    for (let i = 1; i < 12; i++) {
      const [name, of] = ['abcdefghijkl'[i], 'abcdefghijkl'[i - 1]];
      bomb.push(`${name}: &${name} [${Array(9).fill(`*${of}`)}]`);
    }
    const exploded = await read(`kind: A\napiVersion: v1\nmetadata: {name: a}\n${bomb.join('\n')}\n`);
    expect(exploded.problems[0]?.message).toMatch(/aliases/);
    for (const text of [
      '{"apiVersion":"v1","kind":"A","metadata":{"name":"a"},"__proto__":{"spec":{"x":1}}}',
      'apiVersion: v1\nkind: A\nmetadata: {name: a}\n__proto__: {spec: {x: 1}}\n',
    ]) {
      const [found] = (await read(text)).objects;
      expect(found?.object.spec).toBeUndefined();
      expect(({} as Record<string, unknown>).spec).toBeUndefined();
    }
  });

  it('a file of faults ends the reading of that file, not of the others', async () => {
    const open = async function* () {
      yield Buffer.from('{"a":1}\n'.repeat(1000));
    };
    const other = async function* () {
      yield Buffer.from(JSON.stringify(A));
    };
    const found = await readManifests([
      { file: 'bad', open },
      { file: 'good', open: other },
    ]);
    expect(found.problems).toHaveLength(21);
    expect(names(found)).toEqual(['Secret/a:1']);
  });

  it('keeps what it is asked to', async () => {
    const open = async function* () {
      yield Buffer.from(`${JSON.stringify(A)}${JSON.stringify(B)}`);
    };
    const keep = (o: typeof A | object) =>
      (o as typeof A).kind === 'Secret' ? ({ ...o, data: {} } as never) : undefined;
    const found = await readManifests([{ file: 'f', open }], { keep });
    expect(found.objects.map((o) => o.object)).toEqual([{ ...A, data: {} }]);
  });
});

describe('manifestSources', () => {
  const root = mkdtempSync(join(tmpdir(), 'certkeep-manifests-'));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it('takes files, directories and standard input', async () => {
    writeFileSync(join(root, 'b.yaml'), 'kind: A\napiVersion: v1\nmetadata: {name: b}\n');
    writeFileSync(join(root, 'a.json'), JSON.stringify(A));
    writeFileSync(join(root, 'README.md'), '# no');
    const stdin = (async function* () {
      yield Buffer.from(JSON.stringify(B));
    })();
    const found = await readManifests(await manifestSources([root, '-', join(root, 'a.json')], stdin));
    expect(names(found)).toEqual(['Secret/a:1', 'A/b:1', 'ConfigMap/b:1', 'Secret/a:1']);
  });

  it('says what is not there', async () => {
    await expect(manifestSources([join(root, 'nowhere')], undefined)).rejects.toMatchObject({ code: 'wrong-usage' });
  });
});
