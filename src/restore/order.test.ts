import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../model/objects.ts';
import { certificateRanks, STAGE, secretRank, waves } from './order.ts';

const certificate = (name: string, secretName: string): KubeObject => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name, namespace: 'app' },
  spec: { secretName },
});
const secret = (name: string, owner?: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name,
    namespace: 'app',
    ...(owner !== undefined && { annotations: { 'cert-manager.io/certificate-name': owner } }),
  },
});

describe('secretRank', () => {
  it('puts leaves last and what issuers need first', () => {
    const ranks = (['issuer-secret', 'account-key', 'ca-secret', 'keystore-password', 'leaf-secret'] as const).map(
      secretRank,
    );
    expect(ranks).toEqual([...ranks].sort((a, b) => a - b));
    expect(secretRank(undefined)).toBeLessThan(secretRank('leaf-secret'));
  });
});

describe('certificateRanks', () => {
  it('puts the Certificate that the shared Secret names before the others', () => {
    const ranks = certificateRanks(
      [certificate('da', 'shared'), certificate('db', 'shared'), certificate('dc', 'own')],
      new Map([
        ['app/shared', secret('shared', 'da')],
        ['app/own', secret('own', 'dc')],
      ]),
    );
    expect(Object.fromEntries(ranks)).toEqual({ 'app/da': 0, 'app/db': 1, 'app/dc': 0 });
  });

  it('knows no order where the Secret names none, or one that is not restored', () => {
    const ranks = certificateRanks(
      [certificate('da', 'shared'), certificate('db', 'shared'), certificate('dc', 'gone')],
      new Map([
        ['app/shared', secret('shared')],
        ['app/gone', secret('gone', 'nobody')],
      ]),
    );
    expect([...ranks.values()]).toEqual([0, 0, 0]);
  });
});

describe('waves', () => {
  it('goes by stage, then rank, and keeps the order inside', () => {
    const items = [
      { stage: STAGE.certificates, rank: 1, n: 5 },
      { stage: STAGE.certificates, rank: 0, n: 4 },
      { stage: STAGE.secrets, rank: 3, n: 2 },
      { stage: STAGE.secrets, rank: 3, n: 3 },
      { stage: STAGE.namespaces, rank: 0, n: 1 },
    ];
    expect(waves(items).map((w) => w.items.map((i) => i.n))).toEqual([[1], [2, 3], [4], [5]]);
  });
});
