import { expect, it } from 'vitest';
import type { Certificate, CertificateRequest, Secret } from '../model/objects.ts';
import type { ReissueInput } from './input.ts';
import { forecastUpgrade } from './upgrade.ts';

const now = new Date('2026-11-24T10:00:00Z');
// A Certificate without its Secret is reissued under every release; its hazards are the same all the same.
const state = (spec: Record<string, unknown> = {}, secret?: Secret): ReissueInput => {
  const certificate = {
    kind: 'Certificate',
    metadata: { name: 'web', namespace: 'a', uid: 'u' },
    spec: { secretName: 's', issuerRef: { name: 'ca' }, ...spec },
    status: { revision: 1 },
  } as unknown as Certificate;
  const request = {
    metadata: {
      name: 'web-1',
      annotations: { 'cert-manager.io/certificate-revision': '1' },
      ownerReferences: [{ uid: 'u', controller: true }],
    },
    spec: { request: 'A'.repeat(9000), issuerRef: { name: 'ca' } },
  } as unknown as CertificateRequest;
  return { certificate, secret, requests: [request], siblings: [certificate] };
};
const codes = (from: string, to: string, spec?: Record<string, unknown>, secret?: Secret): string[] =>
  forecastUpgrade(state(spec, secret), { now, from, to }).hazards.map(({ code }) => code);

it('names the hazards that an upgrade crosses', () => {
  expect(codes('1.18.2', '1.19.0')).toEqual(['issuer-ref-defaults']);
  expect(codes('1.18.2', '1.19.1')).toEqual([]);
  expect(codes('1.18.3', '1.19.0')).toEqual([]);
  expect(codes('1.18.2', '1.19.0', { issuerRef: { name: 'ca', kind: 'Issuer', group: 'cert-manager.io' } })).toEqual(
    [],
  );
  expect(codes('1.19.0', '1.21.2')).toEqual(['issuer-ref-defaults-removed']);
  expect(codes('1.17.4', '1.18.3')).toEqual(['rotation-policy-default', 'revision-history-limit-default']);
  expect(codes('1.17.4', '1.18.3', { privateKey: { rotationPolicy: 'Always' }, revisionHistoryLimit: 2 })).toEqual([]);
  expect(codes('1.16.1', '1.17.0', { renewBeforePercentage: 20 })).toEqual([
    'request-size-limit',
    'percentage-inverted',
  ]);
  expect(codes('1.20.2', '1.21.0', { renewal: { policy: 'Disabled' } })).toEqual(['renewal-disabled-crash']);
  expect(codes('1.12.14', '1.13.6', {}, { metadata: { name: 's' } } as Secret)).toEqual([
    'filtered-secret-cache',
    'request-key-compared',
  ]);
  expect(codes('1.21.2', '1.21.2')).toEqual([]);
});

it('gives the change of the manifest that avoids a hazard', () => {
  const [hazard] = forecastUpgrade(state(), { now, from: '1.17.4', to: '1.20.2' }).hazards;
  expect(hazard?.change).toEqual({ path: 'spec.privateKey.rotationPolicy', before: undefined, after: 'Never' });
});

it('does not blame the upgrade for what is reissued anyway', () => {
  expect(forecastUpgrade(state(), { now, from: '1.18.2', to: '1.19.0' })).toMatchObject({
    before: { outcome: 'reissue', reason: 'DoesNotExist' },
    reissued: false,
    reissuedIfCrdsFirst: false,
  });
});

it('survives a Certificate without spec', () => {
  const broken = { kind: 'Certificate', metadata: { name: 'x' } } as unknown as Certificate;
  const input = { certificate: broken, secret: undefined, requests: [], siblings: [broken] };
  expect(forecastUpgrade(input, { now, from: '1.18.2', to: '1.19.0' })).toMatchObject({
    after: { outcome: 'undecidable' },
    hazards: [],
  });
});
