import { describe, expect, it } from 'vitest';
import type { Certificate, CertificateRequest } from '../model/objects.ts';
import { collisionProblems } from './collisions.ts';

const certificate = (revision?: number): Certificate => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { namespace: 'app', name: 'web', uid: 'uid-web' },
  spec: { secretName: 'web-tls', issuerRef: { name: 'ca' } },
  ...(revision === undefined ? {} : { status: { revision } }),
});

const request = (name: string, owner?: string, namespace = 'app'): CertificateRequest => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'CertificateRequest',
  metadata: {
    namespace,
    name,
    ...(owner === undefined
      ? {}
      : {
          ownerReferences: [
            { apiVersion: 'cert-manager.io/v1', kind: 'Certificate', name: 'web', uid: owner, controller: true },
          ],
        }),
  },
  spec: { request: '', issuerRef: { name: 'ca' } },
});

const found = (one: Certificate, ...requests: CertificateRequest[]) =>
  collisionProblems([one], requests, ({ status }) => status?.revision).map(({ fix }) => fix.replace(/.*request /, ''));

describe('names of the next request', () => {
  it.each([
    ['an unowned one', certificate(1), [request('web-2')], ['web-2.']],
    ['one of a Certificate that was deleted', certificate(1), [request('web-2', 'uid-before')], ['web-2.']],
    ['the first, where there was none yet', certificate(), [request('web-1')], ['web-1.']],
    ['its own, which cert-manager deletes', certificate(1), [request('web-2', 'uid-web')], []],
    ['of an earlier revision', certificate(2), [request('web-2')], []],
    ['of another namespace', certificate(1), [request('web-2', undefined, 'other')], []],
  ])('%s', (_, one, requests, names) => expect(found(one, ...requests)).toEqual(names));
});
