import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../model/objects.ts';
import { differences } from './compare.ts';

const certificate = (spec: Record<string, unknown>, metadata: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: 'cert-manager.io/v1',
  kind: 'Certificate',
  metadata: { name: 'web', namespace: 'app', ...metadata },
  spec: { secretName: 'web-tls', issuerRef: { name: 'ca' }, ...spec },
});
const secret = (data: Record<string, string> | undefined, metadata: Record<string, unknown> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'web-tls', namespace: 'app', ...metadata },
  type: 'kubernetes.io/tls',
  ...(data && { data }),
});

describe('differences', () => {
  it('ignores what belongs to one cluster', () => {
    const live = certificate(
      {},
      { uid: 'u', resourceVersion: '7', generation: 3, managedFields: [], ownerReferences: [] },
    );
    expect(differences(certificate({}), { ...live, status: { revision: 4 } })).toEqual([]);
  });

  it('names differing, missing and additional fields of the spec', () => {
    expect(differences(certificate({ dnsNames: ['a'] }), certificate({ dnsNames: ['b'] }))).toEqual(['spec.dnsNames']);
    expect(differences(certificate({ duration: '1h' }), certificate({}))).toEqual(['spec.duration']);
    expect(differences(certificate({}), certificate({ isCA: true }))).toEqual(['spec.isCA']);
  });

  it('does not care for the order of keys, but for that of lists', () => {
    const a = certificate({ privateKey: { algorithm: 'RSA', size: 2048 } });
    const b = certificate({ privateKey: { size: 2048, algorithm: 'RSA' } });
    expect(differences(a, b)).toEqual([]);
    expect(differences(certificate({ dnsNames: ['a', 'b'] }), certificate({ dnsNames: ['b', 'a'] }))).toHaveLength(1);
  });

  it('takes the defaults that the CRDs of 1.19.0 write into issuerRef for what they are', () => {
    const live = certificate({ issuerRef: { name: 'ca', kind: 'Issuer', group: 'cert-manager.io' } });
    expect(differences(certificate({}), live)).toEqual([]);
    expect(differences(certificate({}), certificate({ issuerRef: { name: 'ca', kind: 'ClusterIssuer' } }))).toEqual([
      'spec.issuerRef',
    ]);
  });

  it('wants the labels and annotations of the backup, and leaves further ones alone', () => {
    const wanted = certificate({}, { labels: { team: 'a' }, annotations: { note: 'x' } });
    const more = certificate({}, { labels: { team: 'a', other: '1' }, annotations: { note: 'x', y: 'z' } });
    expect(differences(wanted, more)).toEqual([]);
    expect(differences(wanted, certificate({}, { labels: { team: 'b' } }))).toEqual([
      'metadata.annotations[note]',
      'metadata.labels[team]',
    ]);
  });

  it('does not compare last-applied-configuration', () => {
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '{}' };
    expect(differences(certificate({}, { annotations }), certificate({}))).toEqual([]);
  });

  it('names keys of a Secret, never values', () => {
    const paths = differences(secret({ 'tls.key': 'c2VjcmV0', a: 'x' }), secret({ 'tls.key': 'b3RoZXI=', b: 'y' }));
    expect(paths).toEqual(['data[a]', 'data[b]', 'data[tls.key]']);
  });

  it('takes no data and empty data, no type and Opaque for the same', () => {
    expect(differences(secret(undefined), secret({}))).toEqual([]);
    const { type: _, ...bare } = secret({ a: 'x' });
    expect(differences(bare as KubeObject, { ...secret({ a: 'x' }), type: 'Opaque' })).toEqual([]);
    expect(differences(bare as KubeObject, secret({ a: 'x' }))).toEqual(['type']);
  });

  it('tolerates re-encoded keystores only beside the same key and certificate', () => {
    const pair = { 'tls.crt': 'Yw==', 'tls.key': 'aw==' };
    expect(
      differences(secret({ ...pair, 'keystore.p12': 'MQ==' }), secret({ ...pair, 'keystore.p12': 'Mg==' })),
    ).toEqual([]);
    expect(differences(secret({ 'keystore.p12': 'MQ==' }), secret({ 'keystore.p12': 'Mg==' }))).toHaveLength(1);
    expect(differences(secret({ ...pair, 'ca.crt': 'MQ==' }), secret({ ...pair, 'ca.crt': 'Mg==' }))).toEqual([
      'data[ca.crt]',
    ]);
  });

  it('takes every existing namespace for equal', () => {
    const namespace = (labels: Record<string, string>): KubeObject => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'app', labels },
    });
    expect(differences(namespace({ a: '1' }), namespace({ a: '2' }))).toEqual([]);
  });
});
