import { describe, expect, it } from 'vitest';
import { emptinessProblems } from './emptiness.ts';
import { issuerFindings, prerequisites } from './findings.ts';
import { MemoryCluster } from './memory-cluster.ts';
import { certificate, issuer, stateOf } from './samples.ts';
import { type ScopeOptions, scopeIssuers } from './scope.ts';
import type { ClusterState } from './state.ts';

const all: ScopeOptions = { namespaces: [] };
const issuers = [issuer('', 'used', {}), issuer('', 'unused', {}), issuer('a', 'ca', {}), issuer('a', 'idle', {})];
const certificates = [
  certificate('a', 'one'),
  certificate('a', 'two', { issuerRef: { name: 'used', kind: 'ClusterIssuer', group: 'cert-manager.io' } }),
];

describe('scopeIssuers', () => {
  const names = (options: ScopeOptions) =>
    scopeIssuers(stateOf(issuers, certificates), options).issuers.map((i) => i.metadata.name);

  it('takes all issuers, those of namespaces with what they use, or only what a selection uses', () => {
    expect(names(all)).toEqual(['used', 'unused', 'ca', 'idle']);
    expect(names({ namespaces: ['a'] })).toEqual(['used', 'ca', 'idle']);
    expect(names({ namespaces: [], selector: 'x=y' })).toEqual(['used', 'ca']);
  });

  it('knows where a ClusterIssuer is used, and what is missing or foreign', () => {
    const scope = scopeIssuers(
      stateOf(issuers, [
        ...certificates,
        certificate('a', 'lost', { issuerRef: { name: 'nobody' } }),
        certificate('a', 'lost2', { issuerRef: { name: 'nobody', kind: 'ClusterIssuer' } }),
        certificate('a', 'ext', { issuerRef: { name: 'pca', kind: 'AWSPCAIssuer', group: 'awspca.test' } }),
      ]),
      all,
    );
    expect(scope.usedIn.get('used')).toEqual(['a']);
    expect([...scope.missing]).toEqual([
      ['Issuer/a/nobody', ['Certificate/a/lost']],
      ['ClusterIssuer/nobody', ['Certificate/a/lost2']],
    ]);
    expect([...scope.foreign.keys()]).toEqual(['AWSPCAIssuer.awspca.test/pca']);
    const findings = issuerFindings(scope, ['ClusterIssuer/nobody']).map(
      (p) => `${p.severity} ${p.code} ${p.object ?? ''}`,
    );
    expect(findings).toEqual(['error missing-issuer Issuer/a/nobody', 'warning missing-issuer ClusterIssuer/nobody']);
  });
});

describe('emptinessProblems', () => {
  const cluster = new MemoryCluster();
  const problems = (state: ClusterState, namespaces: string[] = [], allowEmpty = false) =>
    emptinessProblems(cluster, state, scopeIssuers(state, { namespaces }), { namespaces, selector: '', allowEmpty });

  it('finds an empty scope, with context and server', () => {
    const [problem] = problems(stateOf([], []));
    expect(problem).toMatchObject({ severity: 'error', code: 'nothing-found' });
    expect(problem?.message).toContain('https://memory.test:6443 (context "memory")');
    expect(problems(stateOf([], []), [], true)).toMatchObject([{ severity: 'warning' }]);
  });

  it('finds namespaces that do not exist', () => {
    expect(problems(stateOf(issuers, certificates), ['a', 'typo'])).toMatchObject([
      { severity: 'error', code: 'nothing-found', object: 'Namespace/typo' },
    ]);
  });

  it('finds issuers without a single Certificate', () => {
    expect(problems(stateOf(issuers, []))).toMatchObject([{ severity: 'error', code: 'nothing-found' }]);
    expect(problems(stateOf(issuers, []), [], true)).toMatchObject([{ severity: 'warning', code: 'nothing-found' }]);
    expect(problems(stateOf(issuers, certificates))).toEqual([]);
  });
});

describe('prerequisites', () => {
  it('names ServiceAccounts and Gateways once', () => {
    const one = {
      kind: 'ServiceAccount' as const,
      namespace: 'a',
      name: 'sa',
      optional: false,
      role: 'other-secret' as const,
    };
    const found = prerequisites([
      { ...one, from: 'x' },
      { ...one, from: 'y' },
      { ...one, kind: 'Secret', from: 'z' },
    ]);
    expect(found).toMatchObject([{ severity: 'note', code: 'prerequisite', object: 'ServiceAccount/a/sa' }]);
    expect(found[0]?.message).toContain('x and y');
  });
});
