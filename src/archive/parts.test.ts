import { createHash, generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  base64,
  certificateObject,
  clusterIssuer,
  issuer,
  namespaceObject,
  secretObject,
} from '../../test/fixtures/backups/contents.ts';
import { fingerprint, makePair } from '../../test/fixtures/backups/x509.ts';
import type { KubeObject } from '../model/objects.ts';
import { canonicalJson, MAX_DEPTH } from './canonical.ts';
import { inlineCredentials } from './inline.ts';
import { readLines } from './lines.ts';
import { portable } from './portable.ts';
import { isTemporaryCertificate, leafFacts, publicKeySha256OfPrivateKey } from './x509.ts';

describe('canonicalJson', () => {
  /** JSON values without what canonical JSON refuses. */
  const value = fc.jsonValue({ maxDepth: 6 }).filter((v) => !JSON.stringify(v).includes('__proto__'));

  it('means the same, and does not depend on the order of keys', () => {
    fc.assert(
      fc.property(value, (v) => {
        const text = canonicalJson(v);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(v)));
        expect(canonicalJson(JSON.parse(text))).toBe(text);
        expect(canonicalJson(reversed(v))).toBe(text);
        expect(text).not.toContain('\n');
      }),
    );
  });

  it('writes as RFC 8785 does', () => {
    expect(
      canonicalJson({
        b: 1e30,
        a: [-0, 1.5, 1e-7],
        '\u20ac': '\u20ac\u000f\n"\\',
        1: null,
        aa: true,
        nothing: undefined,
      }),
    ).toBe('{"1":null,"a":[0,1.5,1e-7],"aa":true,"b":1e+30,"\u20ac":"\u20ac\\u000f\\n\\"\\\\"}');
    // Sorted by UTF-16 code unit: the surrogates of U+1F600 come before U+FB33.
    expect(canonicalJson({ '\ufb33': 1, '\u{1f600}': 2 })).toBe('{"\u{1f600}":2,"\ufb33":1}');
  });

  it('refuses what JSON cannot say', () => {
    let deep: unknown = 1;
    for (let i = 0; i <= MAX_DEPTH; i++) deep = [deep];
    const bad = [
      undefined,
      [undefined],
      Number.NaN,
      1n,
      () => 1,
      '\ud800',
      { '\udc00': 1 },
      JSON.parse('{"__proto__":1}'),
      deep,
    ];
    for (const item of bad) expect(() => canonicalJson(item)).toThrow(TypeError);
  });
});

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([k, v]) => [k, reversed(v)]),
  );
}

describe('readLines', () => {
  async function read(chunks: (string | Uint8Array)[], limits = {}): Promise<unknown[]> {
    const values: unknown[] = [];
    async function* source() {
      for (const chunk of chunks) yield Buffer.from(chunk as string);
    }
    for await (const line of readLines(source(), 'f', limits)) values.push(line.value);
    return values;
  }

  it('joins what chunks cut, in the middle of a character too', async () => {
    const text = Buffer.from('{"a":"\u20ac"}\n[1]\n');
    for (let at = 0; at <= text.length; at++) {
      expect(await read([text.subarray(0, at), text.subarray(at)])).toEqual([{ a: '\u20ac' }, [1]]);
    }
    expect(await read([])).toEqual([]);
  });

  it('is bounded in lines and in their length, before the line is whole', async () => {
    await expect(read(['[1]\n[2]\n'], { lines: 1 })).rejects.toThrow(/line 2: the file has more than 1/);
    await expect(read(['"', 'aaaa', 'aaaa'], { lineBytes: 8 })).rejects.toThrow(/longer than 8/);
    let given = 0;
    async function* endless() {
      for (;;) {
        given += 1;
        yield Buffer.alloc(1024 * 1024, 97);
      }
    }
    await expect(readLines(endless(), 'f').next()).rejects.toThrow(/longer/);
    expect(given).toBeLessThan(6);
  });

  it.each([
    '{"a":1,"a":1}',
    ' 1',
    '1 ',
    '{"b":1,"a":2}',
    '"\\u0041"',
    '"\\/"',
    '1.0',
    '01',
    '-0',
    '{"__proto__":1}',
    '',
    '"\u0000"',
    '\ufeff1',
    '"\\ud800"',
  ])('refuses %j', async (line) => {
    await expect(read([`${line}\n`])).rejects.toMatchObject({ code: 'damaged-backup' });
  });

  it('quotes nothing of a line', async () => {
    const error = await read(['{"tls.key":"c2VjcmV0"\n']).catch((e: Error) => e);
    expect(`${error} ${(error as Error).cause}`).not.toMatch(/c2Vj|tls/);
  });
});

describe('portable', () => {
  it('takes off what belongs to a cluster, and leaves its argument alone', () => {
    const secret = secretObject(
      'a',
      'b',
      {},
      {
        metadata: {
          name: 'b',
          ownerReferences: [],
          selfLink: '/x',
          deletionTimestamp: 'x',
          deletionGracePeriodSeconds: 0,
          finalizers: ['foregroundDeletion', 'example.com/keep'],
          annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', a: 'b' },
        },
      },
    );
    const before = structuredClone(secret);
    expect(portable(secret).metadata).toEqual({
      name: 'b',
      namespace: 'a',
      annotations: { a: 'b' },
    });
    expect(secret).toEqual(before);
    expect(portable(portable(secret))).toEqual(portable(secret));
  });

  it('of a Namespace keeps name, labels and annotations, without pod security', () => {
    expect(portable(namespaceObject('a'))).toEqual({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'a', labels: { 'kubernetes.io/metadata.name': 'a' } },
    });
  });

  it('keeps last-applied on issuers and Certificates', () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    const certificate = certificateObject('a', 'b');
    certificate.metadata.annotations = annotations;
    expect(portable(certificate).metadata.annotations).toEqual(annotations);
    expect(portable(certificate)).not.toHaveProperty('status');
  });
});

describe('inlineCredentials', () => {
  const webhook = (config: unknown): KubeObject =>
    clusterIssuer('x', {
      acme: { solvers: [{}, { dns01: { webhook: { groupName: 'g', solverName: 's', config } } }] },
    });
  const at = 'spec.acme.solvers[1].dns01.webhook.config';

  it.each<[string, KubeObject, string[]]>([
    ['a plain Certificate', certificateObject('a', 'b'), []],
    [
      'a keystore password',
      certificateObject('a', 'b', { keystores: { pkcs12: { create: true, password: 'x' } } }),
      ['spec.keystores.pkcs12.password'],
    ],
    [
      'a reference to one',
      certificateObject('a', 'b', { keystores: { jks: { create: true, passwordSecretRef: { name: 'x', key: 'y' } } } }),
      [],
    ],
    [
      'webhook config',
      webhook({ apiToken: 'x', zone: 'example.com', nested: [{ password: 'y' }] }),
      [`${at}.apiToken`, `${at}.nested[0].password`],
    ],
    [
      'webhook config with references',
      webhook({
        apiTokenSecretRef: { name: 'x', key: 'token' },
        secretName: 'y',
        secretKey: 'z',
        tokenUrl: 'https://x',
      }),
      [],
    ],
    ['a CA issuer', clusterIssuer('x', { ca: { secretName: 'token' } }), []],
    ['a Secret itself', secretObject('a', 'b', { 'tls.key': makePair().key }), []],
    ['a private key anywhere', issuer('a', 'b', { vault: { caBundle: makePair().key } }), ['spec.vault.caBundle']],
    ['a certificate in the same place', issuer('a', 'b', { vault: { caBundle: makePair().crt } }), []],
    [
      'an issuer of another group',
      {
        ...clusterIssuer('x', { auth: { clientSecret: 'x', clientId: 'y' } }),
        apiVersion: 'example.com/v1',
        kind: 'X',
      },
      ['spec.auth.clientSecret'],
    ],
  ])('%s', (_, object, expected) => {
    expect(inlineCredentials(object)).toEqual(expected);
  });

  it('in the last-applied annotation', () => {
    const certificate = certificateObject('a', 'b');
    const copy = {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Certificate',
      spec: { keystores: { jks: { password: 'x' } } },
    };
    certificate.metadata.annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(copy) };
    expect(inlineCredentials(certificate)).toEqual([
      'metadata.annotations[kubectl.kubernetes.io/last-applied-configuration].spec.keystores.jks.password',
    ]);
    certificate.metadata.annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{broken' };
    expect(inlineCredentials(certificate)).toEqual([]);
  });
});

describe('x509', () => {
  it('gives the facts of the first certificate', () => {
    const [leaf, ca] = [makePair({ dnsNames: ['a.example.com'], serial: 0xab }), makePair()];
    const facts = leafFacts(base64(`${leaf.certificatePem}${ca.certificatePem}`));
    expect(facts).toEqual({
      sha256: fingerprint(leaf),
      serial: '47000000AB',
      notBefore: '2026-01-01T00:00:00Z',
      notAfter: '2027-01-01T00:00:00Z',
      publicKeySha256: publicKeySha256OfPrivateKey(leaf.key),
    });
    expect(leafFacts(base64(`Subject: CN=x\n${leaf.certificatePem}`))).toEqual(facts);
    expect(leafFacts(base64(leaf.certificatePem.replaceAll('\n', '\r\n')))).toEqual(facts);
  });

  it('reads every kind of key, in PKCS#8 and as of old', () => {
    for (const algorithm of ['ecdsa', 'rsa', 'ed25519'] as const) {
      const pair = makePair({ algorithm });
      expect(publicKeySha256OfPrivateKey(pair.key)).toBe(leafFacts(pair.crt)?.publicKeySha256);
      expect(publicKeySha256OfPrivateKey(makePair({ algorithm }).key)).not.toBe(leafFacts(pair.crt)?.publicKeySha256);
    }
    for (const [type, name] of [
      ['sec1', 'ec'],
      ['pkcs1', 'rsa'],
    ] as const) {
      const { privateKey, publicKey } =
        name === 'ec'
          ? generateKeyPairSync('ec', { namedCurve: 'P-384' })
          : generateKeyPairSync('rsa', { modulusLength: 2048 });
      const spki = createHash('sha256')
        .update(publicKey.export({ type: 'spki', format: 'der' }))
        .digest('hex');
      const pem = privateKey.export({ type: type as 'pkcs1', format: 'pem' }) as string;
      expect(publicKeySha256OfPrivateKey(base64(pem))).toBe(spki);
    }
  });

  it('says undefined for what is unreadable', () => {
    const pair = makePair();
    const cut = base64(pair.certificatePem.slice(0, 200));
    for (const bad of [
      undefined,
      '',
      'not base64!',
      base64('hello'),
      cut,
      pair.key,
      base64('-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
    ]) {
      expect(leafFacts(bad)).toBeUndefined();
    }
    for (const bad of [
      undefined,
      '',
      base64('x'),
      pair.crt,
      base64(`-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${pair.keyPem}`),
    ]) {
      expect(publicKeySha256OfPrivateKey(bad)).toBeUndefined();
    }
  });

  it('knows a temporary certificate', () => {
    const temporary = { issuerName: 'cert-manager.local', subjectSerial: '1234567890' };
    expect(isTemporaryCertificate(makePair({ ...temporary, commonName: 'a' }).crt)).toBe(true);
    expect(isTemporaryCertificate(makePair({ issuerName: 'cert-manager.local', dnsNames: ['a'] }).crt)).toBe(true);
    expect(isTemporaryCertificate(makePair({ ...temporary, issuerName: 'x' }).crt)).toBe(false);
    expect(isTemporaryCertificate(makePair({ dnsNames: ['a'] }).crt)).toBe(false);
    expect(isTemporaryCertificate(undefined)).toBe(false);
  });
});
