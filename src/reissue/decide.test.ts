import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Certificate, Secret } from '../model/objects.ts';
import { decide, type ReissueInput } from './decide.ts';
import { controllerFlags } from './flags.ts';

/**
 * Odd objects and the rules around the chain. That the chain itself agrees with cert-manager's is tested against
 * cert-manager's own code: test/truth.
 */
const now = new Date('2026-11-24T10:00:00Z');

const certificate = (spec: Record<string, unknown> = {}, status: Record<string, unknown> = {}): Certificate =>
  ({
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name: 'web', namespace: 'app1', uid: 'u1' },
    spec: { secretName: 'web-tls', issuerRef: { name: 'ca' }, dnsNames: ['a.example.com'], ...spec },
    status,
  }) as unknown as Certificate;
const secret = (data: unknown, metadata: Record<string, unknown> = {}): Secret =>
  ({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'web-tls', ...metadata }, data }) as unknown as Secret;
const input = (c: Certificate, s?: Secret): ReissueInput => ({
  certificate: c,
  secret: s,
  requests: [],
  siblings: [c],
});
const decision = (i: ReissueInput, version = '1.21.2') => decide(i, { now, version });

describe('what is before the chain', () => {
  it('calls a running issuance a reissue', () => {
    const conditions = [{ type: 'Issuing', status: 'True', reason: 'Why', message: 'Because' }];
    expect(decision(input(certificate({}, { conditions })))).toMatchObject({
      outcome: 'reissue',
      gate: 'issuing',
      reason: 'Why',
      message: 'Because',
    });
  });
  it('holds a failed issuance back until the back-off ends, and says when', () => {
    const status = { lastFailureTime: '2026-11-24T09:30:00Z', failedIssuanceAttempts: 2 };
    expect(decision(input(certificate({}, status)))).toMatchObject({
      outcome: 'reissue',
      gate: 'back-off',
      reason: 'DoesNotExist',
      at: '2026-11-24T11:30:00Z',
    });
  });
  it('keeps a Certificate that does not own its Secret', () => {
    const own = certificate();
    const other = {
      ...certificate(),
      metadata: { name: 'a', creationTimestamp: '2020-01-01T00:00:00Z' },
    } as Certificate;
    own.metadata.creationTimestamp = '2021-01-01T00:00:00Z';
    const both = { ...input(own), siblings: [own, other] };
    expect(decision(both)).toMatchObject({ outcome: 'keep', gate: 'not-owner' });
    expect(decision(both, '1.13.1')).toMatchObject({ outcome: 'reissue', reason: 'DoesNotExist' });
  });
});

describe('the label of a Secret', () => {
  const labelled = (labels: unknown, version?: string) =>
    decision(input(certificate(), secret({}, { labels })), version).reason;
  it('of another value than "true" keeps the Secret out of sight of cert-manager 1.13 and later', () => {
    expect(labelled({ 'controller.cert-manager.io/fao': 'false' })).toBe('DoesNotExist');
    expect(labelled({ 'controller.cert-manager.io/fao': '' })).toBe('DoesNotExist');
    expect(labelled({ 'controller.cert-manager.io/fao': 'false' }, '1.12.14')).toBe('MissingData');
  });
  it('does not matter where one cache holds all Secrets', () => {
    const flags = controllerFlags(['--feature-gates=SecretsFilteredCaching=false']);
    const unlabelled = secret({}, { labels: { 'controller.cert-manager.io/fao': 'false' } });
    expect(decide(input(certificate(), unlabelled), { now, version: '1.21.2', flags }).reason).toBe('MissingData');
  });
  it('may be absent', () => {
    for (const labels of [undefined, null, {}, { app: 'web' }, { 'controller.cert-manager.io/fao': 'true' }])
      expect(labelled(labels)).toBe('MissingData');
  });
});

describe('odd objects', () => {
  it.each([
    ['a Certificate without spec', input({ ...certificate(), spec: undefined } as unknown as Certificate)],
    ['a list that is none', input(certificate({ dnsNames: 'a.example.com' }))],
    ['a number for a string', input(certificate({ commonName: 7 }))],
    ['a revision that is no number', input(certificate({}, { revision: '1' }))],
    ['a Secret with data that is not base64', input(certificate(), secret({ 'tls.key': '%%%', 'tls.crt': 'AAAA' }))],
    ['a Secret with a list for data', input(certificate(), secret(['x']))],
    ['a Secret without metadata', input(certificate(), { kind: 'Secret' } as unknown as Secret)],
    ['a time that is none', input(certificate({}, { lastFailureTime: 'yesterday' }))],
    ['nothing at all', input({} as Certificate)],
  ])('%s is undecidable', (_, odd) => {
    const result = decision(odd);
    expect(result.outcome).toBe('undecidable');
    expect(result.message).not.toBe('');
  });
  it('does not mind broken siblings and requests of others', () => {
    const c = certificate();
    const broken = [null, {}, { metadata: {} }, { metadata: { ownerReferences: 'x' } }] as never[];
    expect(decision({ certificate: c, secret: undefined, requests: broken, siblings: broken }).outcome).toBe('reissue');
  });
  it('reads stringData of a manifest', () => {
    const plain = { ...secret(undefined), stringData: { 'tls.key': 'k', 'tls.crt': 'c' } } as Secret;
    expect(decision(input(certificate(), plain))).toMatchObject({ outcome: 'reissue', reason: 'InvalidKeyPair' });
  });
  it('says nothing of the key in a message', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const pem = privateKey.export({ format: 'pem', type: 'pkcs8' }) as string;
    const body = (pem.split('\n')[1] as string).slice(0, 20);
    for (const text of [pem, pem.replace('\n', ' \n'), pem.replace('PRIVATE', 'X')]) {
      const data = { 'tls.key': Buffer.from(text).toString('base64'), 'tls.crt': Buffer.from(text).toString('base64') };
      expect(JSON.stringify(decision(input(certificate(), secret(data))))).not.toContain(body);
    }
  });
});
