import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CertificateBaseline, LeafFacts } from '../model/backup.ts';
import type { Certificate, Condition } from '../model/objects.ts';
import type { CertificateVerdict } from '../model/report.ts';
import { compare } from './evidence.ts';
import { type VerdictOptions, verdictOf } from './verdict.ts';

const NOW = new Date('2026-06-01T00:00:00Z');
const leaf = (id: string, more: Partial<LeafFacts> = {}): LeafFacts => ({
  sha256: id,
  serial: id.toUpperCase(),
  notBefore: '2026-05-01T00:00:00Z',
  notAfter: '2026-08-01T00:00:00Z',
  publicKeySha256: `key-${id}`,
  ...more,
});
const ready: Condition = { type: 'Ready', status: 'True', reason: 'Ready', observedGeneration: 1 };
const unready = (reason: string): Condition => ({ ...ready, status: 'False', reason, message: `because ${reason}` });
const request = (uid: string, creationTimestamp = '2026-05-20T00:00:00Z') => ({
  name: 'web-1',
  uid,
  creationTimestamp,
  revision: '1',
});

const BASE: CertificateBaseline = {
  uid: 'u1',
  secretName: 'web-tls',
  issuerRef: { name: 'ca' },
  leaf: leaf('a'),
  keySha256: 'key-a',
  revision: 1,
  renewalTime: '2026-07-01T00:00:00Z',
  conditions: [ready],
  lastFailureTime: null,
  failedIssuanceAttempts: null,
  requests: [request('r1', '2026-05-01T00:00:00Z')],
  nextPrivateKeySecrets: [],
  specSha256: 's',
};

interface Case {
  before?: Partial<CertificateBaseline>;
  after?: Partial<CertificateBaseline> | null;
  strangeOwner?: string;
  deleting?: boolean;
  options?: Partial<VerdictOptions>;
}

function judge({ before, after, strangeOwner, deleting, options }: Case) {
  const old = { ...BASE, ...before };
  const facts = { ...old, ...after };
  const certificate = {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'web', generation: 1, ...(deleting === true ? { deletionTimestamp: 'now' } : {}) },
    spec: { secretName: 'web-tls', issuerRef: { name: 'ca' } },
  } satisfies Certificate as Certificate;
  const observed =
    after === null ? undefined : { certificate, facts, ...(strangeOwner === undefined ? {} : { strangeOwner }) };
  return verdictOf(compare(old, observed), options ?? {});
}

const recreated = { uid: 'u2', requests: [] };
const failing = { lastFailureTime: '2026-05-02T00:00:00Z', failedIssuanceAttempts: 2 };
const due = { renewalTime: '2026-05-15T00:00:00Z' };
const renewedLeaf = leaf('b', { notBefore: '2026-05-15T00:00:01Z' });

const cases: [string, CertificateVerdict, Case][] = [
  ['nothing happened', 'unchanged', {}],
  ['restored with its status', 'unchanged', { after: recreated }],
  ['restored by hand, without status', 'unchanged', { after: { ...recreated, revision: null } }],
  ['derived, made anew by the shim: no revision', 'unchanged', { after: { ...recreated, revision: null } }],
  ['spec edited without a reissue', 'unchanged', { after: { specSha256: 't' } }],
  ['restored, failure record not', 'unchanged', { before: failing, after: { ...recreated, lastFailureTime: null } }],
  [
    'a failure record that stands, same instant written otherwise',
    'unchanged',
    {
      before: failing,
      after: { ...failing, lastFailureTime: '2026-05-02T00:00:00.000Z' },
    },
  ],
  [
    'never issued, still not, nothing tried',
    'unchanged',
    {
      before: {
        leaf: null,
        leafAbsent: 'missing',
        keySha256: null,
        revision: null,
        conditions: [unready('DoesNotExist')],
      },
    },
  ],
  ['not Ready as before', 'unchanged', { before: { conditions: [unready('IncorrectCertificate')] } }],
  ['expired with renewal switched off', 'unchanged', { after: { conditions: [unready('Expired')] } }],

  [
    'another leaf',
    'reissued',
    { after: { leaf: leaf('b'), keySha256: 'key-b', revision: 2, requests: [request('r2')] } },
  ],
  ['another leaf, same key', 'reissued', { after: { leaf: leaf('b', { publicKeySha256: 'key-a' }), revision: 2 } }],
  ['another leaf in the Secret, no issuance recorded', 'reissued', { after: { leaf: leaf('b') } }],
  [
    'issued for the first time',
    'reissued',
    {
      before: { leaf: null, leafAbsent: 'missing', keySha256: null, revision: null },
      after: { leaf: leaf('b'), keySha256: 'key-b', revision: 1 },
    },
  ],
  ['reissued and put back: the revision tells', 'reissued', { after: { revision: 2 } }],
  ['reissued and put back: the request tells', 'reissued', { after: { requests: [request('r2')] } }],
  ['same request name, another uid', 'reissued', { after: { requests: [{ ...request('r9'), name: 'web-1' }] } }],
  [
    'restored without status, reissued, put back',
    'reissued',
    { after: { uid: 'u2', revision: 1, requests: [request('r2')] } },
  ],
  [
    'made again, counted up from none, put back',
    'reissued',
    { before: { revision: 3 }, after: { ...recreated, revision: 1 } },
  ],
  ['revision where there was none', 'reissued', { before: { revision: null }, after: { revision: 1 } }],
  [
    'Secrets unread at the backup, but a new request',
    'reissued',
    {
      before: { leaf: null, leafAbsent: 'not-read', keySha256: null },
      after: { leaf: leaf('a'), revision: 2, requests: [request('r2')] },
    },
  ],

  [
    'renewed when due',
    'renewed',
    {
      before: due,
      after: { leaf: renewedLeaf, keySha256: 'key-b', revision: 2, requests: [request('r2', '2026-05-15T00:00:00Z')] },
    },
  ],
  [
    'renewed by a CA that dates back: the request tells',
    'renewed',
    {
      before: due,
      after: { leaf: leaf('b'), revision: 2, requests: [request('r2', '2026-05-15T00:00:00Z')] },
    },
  ],
  [
    'renewed, but the spec was changed',
    'reissued',
    {
      before: due,
      after: { leaf: renewedLeaf, revision: 2, specSha256: 't' },
    },
  ],
  [
    'issued before it was due',
    'reissued',
    {
      before: { renewalTime: '2026-05-25T00:00:00Z' },
      after: { leaf: renewedLeaf, revision: 2, requests: [request('r2', '2026-05-15T00:00:00Z')] },
    },
  ],
  [
    'more issuances than renewals that were due',
    'reissued',
    { before: due, after: { leaf: renewedLeaf, revision: 4 } },
  ],
  [
    'two renewals of a short-lived certificate',
    'renewed',
    {
      before: { leaf: leaf('a', { notBefore: '2026-05-05T00:00:00Z' }), ...due },
      after: { leaf: leaf('b', { notBefore: '2026-05-25T00:00:00Z' }), revision: 3 },
    },
  ],
  [
    'an early reissue, then the renewal of the reissued one on its schedule',
    'reissued',
    {
      before: { leaf: leaf('a', { notBefore: '2026-05-05T00:00:00Z' }), ...due },
      after: {
        leaf: leaf('b', { notBefore: '2026-05-20T00:00:00Z' }),
        revision: 3,
        renewalTime: '2026-05-30T00:00:00Z',
      },
    },
  ],
  [
    'two issuances that nobody counted at the backup, one of them early',
    'reissued',
    {
      before: { leaf: leaf('a', { notBefore: '2026-05-05T00:00:00Z' }), ...due, revision: null },
      after: {
        leaf: leaf('b', { notBefore: '2026-05-20T00:00:00Z' }),
        revision: 2,
        renewalTime: '2026-05-30T00:00:00Z',
      },
    },
  ],
  [
    'another leaf, no renewal time known',
    'reissued',
    { before: { renewalTime: null }, after: { leaf: renewedLeaf, revision: 2 } },
  ],

  [
    'issuing',
    'issuing',
    { after: { conditions: [ready, { type: 'Issuing', status: 'True', reason: 'DoesNotExist' }] } },
  ],
  [
    'issuing, and a new leaf is there already',
    'issuing',
    {
      after: { leaf: leaf('b'), conditions: [{ type: 'Issuing', status: 'True' }] },
    },
  ],
  ['a key for the next certificate', 'issuing', { after: { nextPrivateKeySecrets: ['web-abc'] } }],

  ['a first failure', 'failed', { after: failing }],
  ['one more failure', 'failed', { before: failing, after: { ...failing, failedIssuanceAttempts: 3 } }],
  [
    'a later failure, same count',
    'failed',
    { before: failing, after: { ...failing, lastFailureTime: '2026-05-30T00:00:00Z' } },
  ],
  ['newly not Ready, held back by a back-off', 'failed', { after: { conditions: [unready('SecretMismatch')] } }],
  [
    'not Ready for another reason',
    'failed',
    {
      before: { conditions: [unready('IncorrectCertificate')] },
      after: { conditions: [unready('SecretMismatch')] },
    },
  ],
  ['another key beside the old certificate', 'failed', { after: { keySha256: 'key-z' } }],

  ['gone', 'missing', { after: null }],
  ['being deleted', 'missing', { deleting: true }],
  ['its Secret is gone', 'missing', { after: { leaf: null, leafAbsent: 'missing', keySha256: null } }],
  ['its Secret is unreadable', 'missing', { after: { leaf: null, leafAbsent: 'unreadable', keySha256: null } }],
  ['its maker is there and has not made it', 'missing', { after: null, options: { maker: 'present' } }],
  ['its maker is absent', 'awaiting-maker', { after: null, options: { maker: 'absent' } }],
  ['its maker may not be read', 'awaiting-maker', { after: null, options: { maker: 'unknown' } }],

  [
    'Secrets not read at the backup',
    'unproven',
    { before: { leaf: null, leafAbsent: 'not-read', keySha256: null }, after: { leaf: leaf('a'), keySha256: 'key-a' } },
  ],
  ['Secret not read now', 'unproven', { after: { leaf: null, leafAbsent: 'not-read', keySha256: null } }],
  ['no Ready condition', 'unproven', { after: { conditions: [] } }],
  ['Ready of an earlier generation', 'unproven', { after: { conditions: [{ ...ready, observedGeneration: 0 }] } }],
  ['the revision fell in the same object', 'unproven', { before: { revision: 3 }, after: { revision: 2 } }],
  [
    'the failure record was wiped',
    'unproven',
    { before: failing, after: { lastFailureTime: null, failedIssuanceAttempts: null } },
  ],
  ['the Secret is owned by a Certificate that is gone', 'unproven', { strangeOwner: 'u0' }],
];

describe('verdictOf', () => {
  it.each(cases)('%s: %s', (_name, verdict, given) => {
    const result = judge(given);
    expect(result.verdict).toBe(verdict);
    expect(result.reason).toMatch(/^(cert-manager|[A-Z]).*\.$/);
  });

  it('warns of what is about to happen', () => {
    expect(judge({ before: { conditions: [unready('IncorrectCertificate')] } }).warning).toContain(
      'IncorrectCertificate',
    );
    expect(judge({}).warning).toBeUndefined();
  });

  it('never says unchanged or renewed when a sign of an issuance stands beside the old leaf', () => {
    const sign = fc.oneof(
      fc.integer({ min: 2, max: 9 }).map((revision): Partial<CertificateBaseline> => ({ revision })),
      fc.constant<Partial<CertificateBaseline>>({ requests: [request('new')] }),
      fc.constant<Partial<CertificateBaseline>>({ nextPrivateKeySecrets: ['k'] }),
      fc.constant<Partial<CertificateBaseline>>(failing),
      fc.constant<Partial<CertificateBaseline>>({ conditions: [ready, { type: 'Issuing', status: 'True' }] }),
    );
    const noise = fc.record(
      {
        uid: fc.constantFrom('u1', 'u2'),
        specSha256: fc.constantFrom('s', 't'),
        renewalTime: fc.constant(NOW.toISOString()),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(sign, noise, (one, other) => {
        expect(['unchanged', 'renewed']).not.toContain(judge({ after: { ...other, ...one } }).verdict);
      }),
    );
  });

  it('never says unchanged when the leaf is another one', () => {
    const anything = fc.record({
      uid: fc.constantFrom('u1', 'u2'),
      revision: fc.option(fc.integer({ min: 1, max: 4 }), { nil: null }),
      requests: fc.constantFrom([], BASE.requests, [request('new')]),
      conditions: fc.constantFrom<Condition[]>([], [ready], [unready('Expired')]),
      keySha256: fc.option(fc.constantFrom('key-a', 'key-b'), { nil: null }),
    });
    fc.assert(
      fc.property(anything, (after) => {
        expect(judge({ after: { ...after, leaf: leaf('b') } }).verdict).not.toBe('unchanged');
      }),
    );
  });
});

describe('compare', () => {
  it('puts both sides into the evidence', () => {
    const { evidence } = compare(BASE, {
      certificate: { metadata: { name: 'web', generation: 1 } } as Certificate,
      facts: { ...BASE, revision: 2, leaf: leaf('b'), requests: [...BASE.requests, request('r2')] },
    });
    expect(evidence).toMatchObject({
      leafSha256: { before: 'a', after: 'b' },
      serial: { before: 'A', after: 'B' },
      revision: { before: 1, after: 2 },
      newRequests: { before: 0, after: 1 },
      ready: { before: 'True', after: 'True' },
      issuing: { before: null, after: null },
    });
    expect(compare(BASE, undefined).evidence).toEqual({ exists: { before: true, after: false } });
  });
});
