import { describe, expect, it } from 'vitest';
import type { Certificate, Issuer, Secret } from '../model/objects.ts';
import { referencesOf } from '../refs/closure.ts';
import { certificate, issuer, leafSecret, secret } from './samples.ts';
import { type HeldReference, type SelectOptions, selectSecrets } from './select.ts';
import { addSecret, type ClusterState } from './state.ts';

function select(
  holders: readonly (Issuer | Certificate)[],
  secrets: readonly Secret[],
  options: Partial<SelectOptions> = {},
  secretsRead = true,
) {
  const state: ClusterState = {
    namespaces: new Map(),
    issuers: [],
    certificates: [],
    requests: [],
    secrets: new Map(),
    secretsRead,
    nextPrivateKeySecrets: new Map(),
    unsettled: new Map(),
    resourceVersions: {},
  };
  for (const one of secrets) addSecret(state, one);
  const held: HeldReference[] = holders.flatMap((holder) =>
    referencesOf(holder, 'cert-manager').map((reference) => ({ holder, reference })),
  );
  const { secrets: selected, problems } = selectSecrets(state, held, {
    secrets: 'all',
    certManagerNamespace: 'cert-manager',
    allowMissing: [],
    absent: new Set(),
    listed: () => secretsRead,
    ...options,
  });
  return {
    selected: selected
      .map((s) => `${s.role} ${s.secret.metadata.namespace}/${s.secret.metadata.name}${s.leaf ? ' leaf' : ''}`)
      .sort(),
    problems: problems.map((p) => `${p.severity} ${p.code} ${p.object ?? ''}`).sort(),
    messages: problems.map((p) => `${p.message} ${p.fix}`).join('\n'),
    references: Object.fromEntries(selected.map((s) => [s.secret.metadata.name, s.referencedFrom])),
  };
}

const caIssuer = issuer('a', 'ca', { ca: { secretName: 'root' } });
const caData = { 'tls.crt': 'x', 'tls.key': 'y' };

describe('selectSecrets', () => {
  it('takes what is referred to and nothing else', () => {
    const result = select(
      [caIssuer, issuer('', 'global', { ca: { secretName: 'root' } }), certificate('a', 'web')],
      [
        secret('a', 'root', caData),
        secret('cert-manager', 'root', caData),
        leafSecret('a', 'web-tls', 'web'),
        leafSecret('a', 'other-tls', 'other'),
        secret('b', 'root', caData),
        secret('a', 'decoy'),
      ],
    );
    expect(result.selected).toEqual(['ca-secret a/root', 'ca-secret cert-manager/root', 'leaf-secret a/web-tls leaf']);
    expect(result.problems).toEqual([]);
    expect(result.references['web-tls']).toEqual(['Certificate/a/web:spec.secretName']);
  });

  it('calls the output of a CA Certificate that an issuer signs with a CA Secret, and a leaf too', () => {
    const result = select(
      [certificate('a', 'ca', { secretName: 'root', isCA: true }), caIssuer],
      [leafSecret('a', 'root', 'ca')],
    );
    expect(result.selected).toEqual(['ca-secret a/root leaf']);
    expect(result.references.root).toEqual(['Certificate/a/ca:spec.secretName', 'Issuer/a/ca:spec.ca.secretName']);
  });

  it('names the field that leads nowhere', () => {
    const keystores = { jks: { create: true, passwordSecretRef: { name: 'pw', key: 'password' } } };
    const result = select([caIssuer, certificate('a', 'web', { keystores })], [leafSecret('a', 'web-tls', 'web')]);
    expect(result.problems).toEqual(['error missing-secret Secret/a/pw', 'error missing-secret Secret/a/root']);
    expect(result.messages).toContain('Issuer/a/ca:spec.ca.secretName names Secret/a/root');
    expect(result.messages).toContain('Certificate/a/web:spec.keystores.jks.passwordSecretRef names Secret/a/pw');
    expect(result.messages).toContain('--allow-missing Secret/a/root');
  });

  it('lets a known gap pass, as a warning', () => {
    const result = select([caIssuer], [], { allowMissing: ['Secret/a/root'] });
    expect(result.problems).toEqual(['warning missing-secret Secret/a/root']);
  });

  it('takes an ACME account key for lost only where the issuer has an account', () => {
    const spec = { acme: { privateKeySecretRef: { name: 'account' } } };
    expect(select([issuer('a', 'acme', spec)], []).problems).toEqual(['error missing-secret Secret/a/account']);
    expect(select([issuer('a', 'acme', spec, false)], []).problems).toEqual(['note missing-secret Secret/a/account']);
  });

  it('expects no Secret of a Certificate that has not been issued', () => {
    const issued = certificate('a', 'web');
    expect(select([issued], []).problems).toEqual(['error missing-secret Secret/a/web-tls']);
    const states: Certificate['status'][] = [
      {},
      { revision: 2, conditions: [{ type: 'Issuing', status: 'True' }] },
      { revision: 2, lastFailureTime: '2026-01-01T00:00:00Z' },
    ];
    for (const status of states) {
      expect(select([certificate('a', 'web', {}, { status })], []).problems).toEqual([
        'warning certificate-in-issuance Certificate/a/web',
      ]);
    }
  });

  it('makes no more than a note of guesses and optional references', () => {
    const config = { apiKeySecretRef: { name: 'guess', key: 'k' } };
    const podTemplate = { spec: { imagePullSecrets: [{ name: 'pull' }] } };
    const solvers = [{ dns01: { webhook: { config } } }, { http01: { ingress: { podTemplate } } }];
    expect(select([issuer('a', 'acme', { acme: { solvers } })], []).problems).toEqual([
      'note missing-secret Secret/a/guess',
      'note missing-secret Secret/a/pull',
    ]);
  });

  it('never takes what a restore must not write', () => {
    const vault = issuer('a', 'vault', { vault: { auth: { kubernetes: { secretRef: { name: 'sa-token' } } } } });
    const webhook = issuer('', 'own-goal', { ca: { secretName: 'cert-manager-webhook-ca' } });
    const next = issuer('a', 'next', { ca: { secretName: 'web-abcde' } });
    const helm = issuer('a', 'helm', { ca: { secretName: 'sh.helm.release.v1.x' } });
    const result = select(
      [vault, webhook, next, helm],
      [
        secret('a', 'sa-token', { token: 'x' }, { type: 'kubernetes.io/service-account-token' }),
        secret('cert-manager', 'cert-manager-webhook-ca', caData),
        secret('a', 'web-abcde', caData, {
          metadata: { name: 'web-abcde', labels: { 'cert-manager.io/next-private-key': 'true' } },
        }),
        secret('a', 'sh.helm.release.v1.x', {}, { type: 'helm.sh/release.v1' }),
      ],
    );
    expect(result.selected).toEqual([]);
    expect(result.problems).toEqual([
      'error missing-secret Secret/a/sh.helm.release.v1.x',
      'error missing-secret Secret/a/web-abcde',
      'warning prerequisite Secret/a/sa-token',
      'warning prerequisite Secret/cert-manager/cert-manager-webhook-ca',
    ]);
  });

  it('says which key of a Secret is absent', () => {
    const result = select([caIssuer], [secret('a', 'root', { 'tls.crt': 'x' })]);
    expect(result.problems).toEqual(['warning missing-secret Secret/a/root']);
    expect(result.messages).toContain('"tls.key"');
  });

  it('takes issuers’ credentials only, or nothing, when told to', () => {
    const holders = [caIssuer, certificate('a', 'web')];
    const secrets = [secret('a', 'root', caData), leafSecret('a', 'web-tls', 'web')];
    expect(select(holders, secrets, { secrets: 'issuer' }).selected).toEqual(['ca-secret a/root']);
    expect(select(holders, secrets, { secrets: 'none' })).toMatchObject({ selected: [], problems: [] });
    expect(select(holders, [], { secrets: 'none' }).problems).toEqual([
      'warning missing-secret Secret/a/root',
      'warning missing-secret Secret/a/web-tls',
    ]);
  });

  it('does not call missing what it could not look for', () => {
    expect(select([caIssuer, certificate('a', 'web')], [], { secrets: 'none' }, false).problems).toEqual([]);
    const absent = new Set(['a/root']);
    expect(select([caIssuer], [], { secrets: 'issuer', absent }, false).problems).toEqual([
      'error missing-secret Secret/a/root',
    ]);
  });
});
