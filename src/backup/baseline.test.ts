import { describe, expect, it } from 'vitest';
import { certificateBaseline, issuerBaseline, specSha256 } from './baseline.ts';
import { certificate, issuer, leafSecret, request, secret, selfSigned } from './samples.ts';

const web = certificate('a', 'web', {}, { metadata: { uid: 'uid-Certificate-a-web' } });

describe('certificateBaseline', () => {
  it('holds public facts about the leaf and its key, and no key', () => {
    const pair = selfSigned('web.test');
    const baseline = certificateBaseline(web, leafSecret('a', 'web-tls', 'web', pair), [], ['web-b', 'web-a']);
    expect(baseline.leaf).toMatchObject({
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      notBefore: '2026-01-01T00:00:00Z',
      notAfter: '2027-01-01T00:00:00Z',
    });
    expect(baseline.keySha256).toBe(baseline.leaf?.publicKeySha256);
    expect(baseline.nextPrivateKeySecrets).toEqual(['web-a', 'web-b']);
    expect(baseline).not.toHaveProperty('leafAbsent');
    const keyLines = pair.key.split('\n').filter((line) => line.length > 20 && !line.startsWith('-'));
    for (const line of keyLines) expect(JSON.stringify(baseline)).not.toContain(line);
  });

  it('says why there is no leaf', () => {
    expect(certificateBaseline(web, 'not-read', [], [])).toMatchObject({
      leaf: null,
      leafAbsent: 'not-read',
      keySha256: null,
    });
    expect(certificateBaseline(web, undefined, [], [])).toMatchObject({ leaf: null, leafAbsent: 'missing' });
    const odd = secret('a', 'web-tls', { 'tls.crt': 'no certificate', 'tls.key': 'no key' });
    expect(certificateBaseline(web, odd, [], [])).toMatchObject({
      leaf: null,
      leafAbsent: 'unreadable',
      keySha256: null,
    });
  });

  it('counts the requests that the Certificate controls, by uid', () => {
    const foreign = request('a', 'other', 1);
    const baseline = certificateBaseline(web, undefined, [request('a', 'web', 2), foreign, request('a', 'web', 1)], []);
    expect(baseline.requests.map((r) => `${r.name} ${r.revision}`)).toEqual(['web-1 1', 'web-2 2']);
  });

  it('keeps what status said', () => {
    const status = {
      revision: 4,
      renewalTime: '2026-09-01T00:00:00Z',
      lastFailureTime: '2026-02-01T00:00:00Z',
      failedIssuanceAttempts: 3,
      conditions: [{ type: 'Ready', status: 'False' }],
    };
    const { revision, renewalTime, lastFailureTime, failedIssuanceAttempts, conditions } = certificateBaseline(
      certificate('a', 'web', {}, { status }),
      undefined,
      [],
      [],
    );
    expect({ revision, renewalTime, lastFailureTime, failedIssuanceAttempts, conditions }).toEqual(status);
    expect(certificateBaseline(certificate('a', 'web', {}, { status: {} }), undefined, [], [])).toMatchObject({
      revision: null,
      renewalTime: null,
      lastFailureTime: null,
      failedIssuanceAttempts: null,
      conditions: [],
    });
  });
});

describe('specSha256', () => {
  const spec = (password: string) =>
    certificate('a', 'web', { keystores: { jks: { create: true, password }, pkcs12: { create: true } } }).spec;

  it('does not depend on an inline password, and leaves the spec alone', () => {
    const original = spec('one');
    expect(specSha256(original)).toBe(specSha256(spec('two')));
    expect(original.keystores?.jks?.password).toBe('one');
  });

  it('depends on all else', () => {
    expect(specSha256(spec('one'))).not.toBe(specSha256({ ...spec('one'), dnsNames: ['x'] }));
  });
});

describe('issuerBaseline', () => {
  it('holds the fingerprint of a CA', () => {
    const root = leafSecret('a', 'root', 'ca');
    const baseline = issuerBaseline(issuer('a', 'ca', { ca: { secretName: 'root' } }), () => root.data);
    expect(baseline).toEqual({
      ready: true,
      acmeAccountUri: null,
      accountKeySha256: null,
      caSha256: certificateBaseline(web, root, [], []).leaf?.sha256,
    });
  });

  it('holds the account of an ACME issuer and its key’s fingerprint', () => {
    const pair = selfSigned('x');
    const acme = issuer('a', 'acme', { acme: { privateKeySecretRef: { name: 'account' } } }, false);
    acme.status = { ...acme.status, acme: { uri: 'https://acme.test/acct/1' } };
    const account = secret('a', 'account', { 'tls.key': pair.key });
    expect(issuerBaseline(acme, (name) => (name === 'account' ? account.data : undefined))).toEqual({
      ready: false,
      acmeAccountUri: 'https://acme.test/acct/1',
      accountKeySha256: certificateBaseline(web, leafSecret('a', 's', 'web', pair), [], []).keySha256,
      caSha256: null,
    });
    const otherKey = issuer('a', 'acme', { acme: { privateKeySecretRef: { name: 'account', key: 'k' } } });
    expect(issuerBaseline(otherKey, () => ({ k: account.data?.['tls.key'] ?? '' })).accountKeySha256).not.toBeNull();
  });

  it('says nothing of an issuer without status or references', () => {
    const bare = { ...issuer('a', 'x', { selfSigned: {} }) };
    delete bare.status;
    expect(issuerBaseline(bare, () => undefined)).toEqual({
      ready: null,
      acmeAccountUri: null,
      accountKeySha256: null,
      caSha256: null,
    });
  });
});
