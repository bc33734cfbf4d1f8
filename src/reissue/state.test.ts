import { expect, it } from 'vitest';
import type { Certificate, CertificateRequest, Secret } from '../model/objects.ts';
import { reissueInputs } from './state.ts';

const certificate = (namespace: string, name: string, secretName: string): Certificate =>
  ({
    kind: 'Certificate',
    metadata: { namespace, name, uid: `u-${name}` },
    spec: { secretName },
  }) as unknown as Certificate;
const secret = (namespace: string, name: string): Secret =>
  ({ kind: 'Secret', metadata: { namespace, name } }) as Secret;
const request = (namespace: string, name: string, owners: unknown): CertificateRequest =>
  ({ metadata: { namespace, name, ownerReferences: owners } }) as unknown as CertificateRequest;

it('gives every Certificate its own Secret, requests and siblings', () => {
  const certificates = [certificate('a', 'x', 's'), certificate('a', 'y', 's'), certificate('b', 'x', 's')];
  const controller = { controller: true, uid: 'u-x' };
  const requests = [
    request('a', 'x-1', [{ uid: 'u-y' }, controller]),
    request('a', 'x-2', [{ uid: 'u-x' }]),
    request('a', 'x-3', undefined),
    request('a', 'x-4', [null, { controller: true }]),
  ];
  const inputs = reissueInputs(certificates, [secret('a', 's'), secret('b', 't')], requests);
  expect(inputs.map((i) => i.certificate)).toEqual(certificates);
  expect(inputs.map((i) => i.secret?.metadata.name)).toEqual(['s', 's', undefined]);
  expect(inputs.map((i) => i.requests.map((r) => r.metadata.name))).toEqual([['x-1'], [], []]);
  expect(inputs.map((i) => i.siblings.map((s) => s.metadata.name))).toEqual([['x', 'y'], ['x', 'y'], ['x']]);
});
