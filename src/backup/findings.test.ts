import { describe, expect, it } from 'vitest';
import { certificateFindings } from './findings.ts';
import { certificate, leafSecret, secret, selfSigned } from './samples.ts';
import { addSecret, type ClusterState } from './state.ts';

function stateOf(
  certificates: ClusterState['certificates'],
  secrets = [leafSecret('a', 'web-tls', 'web')],
): ClusterState {
  const state: ClusterState = {
    namespaces: new Map(),
    issuers: [],
    certificates,
    requests: [],
    secrets: new Map(),
    secretsRead: true,
    nextPrivateKeySecrets: new Map(),
    unsettled: new Map(),
    resourceVersions: {},
  };
  for (const one of secrets) addSecret(state, one);
  return state;
}

const codes = (state: ClusterState) =>
  certificateFindings(state).map((p) => `${p.severity} ${p.code} ${p.object ?? ''}`.trim());

describe('certificateFindings', () => {
  it('finds nothing in what is in order', () => {
    expect(codes(stateOf([certificate('a', 'web')]))).toEqual([]);
  });

  it('finds a temporary certificate', () => {
    const pair = selfSigned('web.test', [['2.5.4.5', '1234567890']], [['2.5.4.3', 'cert-manager.local']]);
    const temporary = secret(
      'a',
      'web-tls',
      { 'tls.crt': pair.crt, 'tls.key': pair.key },
      { type: 'kubernetes.io/tls' },
    );
    expect(codes(stateOf([certificate('a', 'web')], [temporary]))).toEqual([
      'warning temporary-certificate Certificate/a/web',
    ]);
    const other = selfSigned('web.test', [['2.5.4.5', '1234567890']]);
    const real = secret('a', 'web-tls', { 'tls.crt': other.crt });
    expect(codes(stateOf([certificate('a', 'web')], [real]))).toEqual([]);
  });

  it('finds Certificates that share a Secret', () => {
    const shared = [
      certificate('a', 'web'),
      certificate('a', 'web2', { secretName: 'web-tls' }),
      certificate('b', 'web'),
    ];
    expect(codes(stateOf(shared))).toEqual(['warning shared-secret Secret/a/web-tls']);
  });

  it('tells makers that cert-manager knows from others', () => {
    const owned = (name: string, kind: string, apiVersion: string) =>
      certificate(
        'a',
        name,
        {},
        { metadata: { ownerReferences: [{ apiVersion, kind, name: 'm', uid: 'u', controller: true }] } },
      );
    const state = stateOf([owned('x', 'Ingress', 'networking.k8s.io/v1'), owned('y', 'Kafka', 'kafka.test/v1')]);
    expect(codes(state)).toEqual(['note made-by-another-object', 'note made-by-another-object Certificate/a/y']);
  });

  it('tells those that issue from those that never rest', () => {
    const state = stateOf([certificate('a', 'web'), certificate('a', 'api')]);
    state.unsettled.set('a/web', 'issuing');
    state.unsettled.set('a/api', 'changing');
    expect(codes(state)).toEqual([
      'warning certificate-in-issuance Certificate/a/web',
      'error changed-while-reading Certificate/a/api',
    ]);
  });
});
