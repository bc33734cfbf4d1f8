import { describe, expect, it } from 'vitest';
import { certificateObject, leafSecretObject } from '../../test/fixtures/backups/contents.ts';
import { makePair } from '../../test/fixtures/backups/x509.ts';
import type { Issuer } from '../model/objects.ts';
import type { Decision } from '../reissue/input.ts';
import { costOf } from './cost.ts';
import type { Judged } from './judge.ts';
import { type CaLimits, parseLimits } from './limits.ts';
import { registeredDomain } from './orders.ts';

const LETS_ENCRYPT = 'https://acme-v02.api.letsencrypt.org/directory';
const OTHER = 'https://acme.example.com/directory';
const NOW = Date.parse('2026-06-01T00:00:00Z');
const DAY = 86_400_000;
const TIME = { now: NOW, until: NOW + 30 * DAY };

const issuer = (name: string, server: string): Issuer => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'ClusterIssuer',
  metadata: { name },
  spec: { acme: { server } },
});
const ISSUERS = [issuer('le', LETS_ENCRYPT), issuer('other', OTHER)];
const REISSUE: Decision = { outcome: 'reissue', policy: '', reason: 'SecretMismatch', message: '', at: null };
const renews = (days: number): Decision => ({
  outcome: 'keep',
  policy: '',
  reason: '',
  message: '',
  at: new Date(NOW + days * DAY).toISOString(),
});

/** `leaf`: names on the certificate in place; default those of the spec, so that an order is a renewal. */
function judged(names: string[], decision: Decision, { leaf = names, ref = 'le' } = {}): Judged {
  const certificate = certificateObject('app', `c-${names[0]}`, {
    dnsNames: names,
    issuerRef: { name: ref, kind: 'ClusterIssuer' },
  });
  return { certificate, secret: leafSecretObject(certificate, makePair({ dnsNames: leaf })), decision };
}

describe('costOf', () => {
  it('counts new names by registered domain, and leaves out renewals where the CA does', () => {
    const fresh = Array.from({ length: 51 }, (_, i) =>
      judged([`w${i}.example.co.uk`], REISSUE, { leaf: ['old.example.co.uk'] }),
    );
    const same = Array.from({ length: 60 }, (_, i) => judged([`s${i}.example.com`], REISSUE));
    const [le] = costOf([...fresh, ...same], ISSUERS, TIME, []);
    expect(le).toMatchObject({ server: LETS_ENCRYPT, ca: "Let's Encrypt", ordersNow: 111, renewals: 0 });
    const domains = le?.limits.filter(({ per }) => per === 'registered-domain');
    expect(domains).toEqual([
      { per: 'registered-domain', of: 'example.co.uk', limit: 50, window: '7d', orders: 51, exceeded: true },
    ]);
    expect(le?.limits.filter(({ per }) => per === 'account')).toMatchObject([{ orders: 51, exceeded: false }]);
  });

  it('counts duplicates whatever their order and case, renewals too', () => {
    const [le] = costOf(
      Array.from({ length: 6 }, (_, i) => judged(i % 2 === 0 ? ['a.com', 'B.com'] : ['b.com', 'a.com'], REISSUE)),
      ISSUERS,
      TIME,
      [],
    );
    expect(le?.limits.find(({ per }) => per === 'exact-names')).toMatchObject({
      of: 'a.com b.com',
      orders: 6,
      exceeded: true,
    });
  });

  it('counts the most within any window, not all of them', () => {
    const at = [0, 1, 2, 6.9, 9, 29].map((days) => judged(['a.com'], renews(days)));
    const [le] = costOf([...at, judged(['a.com'], renews(31))], ISSUERS, TIME, []);
    expect(le).toMatchObject({ ordersNow: 1, renewals: 5 });
    expect(le?.limits.find(({ per }) => per === 'exact-names')).toMatchObject({ orders: 4, exceeded: false });
  });

  it('knows no limits of other CAs but those it is given', () => {
    const orders = [
      judged(['a.com'], REISSUE, { ref: 'other', leaf: [] }),
      judged(['x.org'], REISSUE, { ref: 'none' }),
    ];
    expect(costOf(orders, ISSUERS, TIME, [])).toEqual([
      { server: OTHER, ca: '', ordersNow: 1, renewals: 0, limits: [] },
    ]);
    const given: CaLimits[] = [
      {
        name: 'Mine',
        hosts: ['acme.example.com'],
        limits: [{ per: 'account', count: 1, window: '1h', countsRenewals: true }],
      },
    ];
    expect(costOf(orders, ISSUERS, TIME, given)).toMatchObject([
      { ca: 'Mine', limits: [{ of: 'ClusterIssuer/other', orders: 1, limit: 1, exceeded: false }] },
    ]);
  });
});

describe('registeredDomain', () => {
  it.each([
    ['www.example.com', 'example.com'],
    ['*.shop.example.co.uk', 'example.co.uk'],
    ['me.github.io', 'me.github.io'],
    ['co.uk', 'co.uk'],
    ['192.0.2.1', '192.0.2.1'],
  ])('%s counts as %s', (name, domain) => expect(registeredDomain(name)).toBe(domain));
});

describe('parseLimits', () => {
  it.each([
    ['{', 'not JSON'],
    ['[]', 'the file'],
    [
      '{"cas":[{"name":"x","hosts":["h"],"limits":[{"per":"day","count":1,"window":"1d","countsRenewals":true}]}]}',
      'cas.0.limits.0.per',
    ],
    [
      '{"cas":[{"name":"x","hosts":["h"],"limits":[{"per":"account","count":1,"window":"soon","countsRenewals":true}]}]}',
      'window',
    ],
  ])('refuses %s and says where', (text, where) => expect(() => parseLimits(text, 'limits.json')).toThrow(where));
});
