import { describe, expect, it } from 'vitest';
import type { StatusRecord } from '../model/backup.ts';
import { certificateStatus, issuerStatus, lacksStatus } from './status.ts';

const record = (kind: string, status: Record<string, unknown>): StatusRecord => ({
  apiVersion: 'cert-manager.io/v1',
  kind,
  namespace: 'app',
  name: 'x',
  status,
});
const live = (kind: string, status?: Record<string, unknown>) => ({
  apiVersion: 'cert-manager.io/v1',
  kind,
  metadata: { name: 'x', namespace: 'app' },
  ...(status && { status }),
});

describe('certificateStatus', () => {
  it('keeps the revision and drops what the controller computes', () => {
    const status = {
      revision: 3,
      notAfter: '2027-01-01T00:00:00Z',
      renewalTime: '2026-12-01T00:00:00Z',
      conditions: [{ type: 'Ready', status: 'True' }],
    };
    expect(certificateStatus(record('Certificate', status))).toEqual({ revision: 3 });
  });

  it('never restores an issuance under way', () => {
    const status = {
      revision: 1,
      nextPrivateKeySecretName: 'x-abc',
      conditions: [{ type: 'Issuing', status: 'True', reason: 'Renewing' }],
    };
    expect(certificateStatus(record('Certificate', status))).toEqual({ revision: 1 });
  });

  it('keeps the brake on a failing issuance', () => {
    const failed = { type: 'Issuing', status: 'False', reason: 'Failed', observedGeneration: 7 };
    const brake = { failedIssuanceAttempts: 2, lastFailureTime: '2026-01-01T00:00:00Z' };
    expect(certificateStatus(record('Certificate', { ...brake, conditions: [failed] }))).toEqual({
      ...brake,
      conditions: [{ ...failed, observedGeneration: 1 }],
    });
  });

  it('has nothing to say without a status', () => {
    expect(certificateStatus(undefined)).toBeUndefined();
    expect(certificateStatus(record('Certificate', {}))).toBeUndefined();
  });
});

describe('issuerStatus', () => {
  const acme = { uri: 'https://acme.test/acct/1', lastRegisteredEmail: 'a@b', lastPrivateKeyHash: 'h' };

  it('keeps the ACME account with its conditions', () => {
    const conditions = [{ type: 'Ready', status: 'True', observedGeneration: 4 }];
    expect(issuerStatus(record('Issuer', { acme, conditions }))).toEqual({
      acme,
      conditions: [{ type: 'Ready', status: 'True', observedGeneration: 1 }],
    });
  });

  it('leaves issuers of other types and groups to their controllers', () => {
    expect(issuerStatus(record('Issuer', { conditions: [{ type: 'Ready', status: 'True' }] }))).toBeUndefined();
    expect(issuerStatus({ ...record('Issuer', { acme }), apiVersion: 'example.com/v1' })).toBeUndefined();
  });
});

describe('lacksStatus', () => {
  it('is true for what an interrupted run left', () => {
    expect(lacksStatus(live('Certificate'), { revision: 2 })).toBe(true);
    expect(lacksStatus(live('Certificate', { conditions: [{ type: 'Ready', status: 'True' }] }), { revision: 2 })).toBe(
      true,
    );
    expect(lacksStatus(live('Issuer'), { acme: { uri: 'u' } })).toBe(true);
  });

  it('is false for what has a life of its own', () => {
    expect(lacksStatus(live('Certificate', { revision: 5 }), { revision: 2 })).toBe(false);
    expect(lacksStatus(live('Certificate', { lastFailureTime: 't' }), { revision: 2 })).toBe(false);
    const issuing = live('Certificate', { conditions: [{ type: 'Issuing', status: 'True' }] });
    expect(lacksStatus(issuing, { revision: 2 })).toBe(false);
    expect(lacksStatus(live('Issuer', { acme: { uri: 'v' } }), { acme: { uri: 'u' } })).toBe(false);
  });
});
