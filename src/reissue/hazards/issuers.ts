import type { Issuer } from '../../model/objects.ts';
import { isOn } from '../featureGates.ts';
import { at, listAt, NOTES, PULL, type Row, type Upgrade } from './row.ts';

const solvers = (issuer: Issuer): unknown[] => listAt(issuer, 'spec', 'acme', 'solvers');
const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

/** The namespace in which the issuer's Secrets and ServiceAccounts are looked for; undefined where not known. */
function ownNamespace(issuer: Issuer, { facts }: Upgrade): string | undefined {
  return issuer.kind === 'ClusterIssuer' ? facts.clusterResourceNamespace : issuer.metadata?.namespace;
}

/** Names of the Secrets that an ACME issuer's DNS01 solvers refer to, in fields that end in SecretRef. */
function solverSecrets(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([field, inner]) => {
    const name = /secretRef$/i.test(field) ? at(inner, 'name') : undefined;
    return typeof name === 'string' ? [name] : solverSecrets(inner);
  });
}

/** Names of the ServiceAccounts whose tokens the issuer asks for. */
function serviceAccounts(issuer: Issuer): string[] {
  return [
    at(issuer, 'spec', 'vault', 'auth', 'kubernetes', 'serviceAccountRef', 'name'),
    ...solvers(issuer).map((solver) =>
      at(solver, 'dns01', 'route53', 'auth', 'kubernetes', 'serviceAccountRef', 'name'),
    ),
  ].filter((name) => typeof name === 'string');
}

const VAULT_PATHS = [
  ['path'],
  ['auth', 'appRole', 'path'],
  ['auth', 'kubernetes', 'mountPath'],
  ['auth', 'clientCertificate', 'mountPath'],
];

/** What an upgrade does to issuers: nothing is issued anew, but renewals may fail. */
export const ISSUER_ROWS: Row<Issuer>[] = [
  {
    code: 'preferred-chain',
    level: 'issuer',
    effect: 'next-issuance',
    since: ['1.15.0'],
    message:
      'Since 1.15 spec.acme.preferredChain is compared with the topmost certificate of each chain only: the next issuance may come with another chain.',
    ...PULL(6755),
    advice: "See that preferredChain is the common name of the issuer of the chain's last certificate.",
    touches: (issuer) => isSet(at(issuer, 'spec', 'acme', 'preferredChain')),
  },
  {
    code: 'cluster-issuer-namespace',
    level: 'issuer',
    effect: 'renewal',
    since: ['1.16.0'],
    until: ['1.16.1'],
    message: '1.16.0 looks for the Secrets of an ACME ClusterIssuer in the wrong namespace: issuances fail.',
    ...PULL(7339),
    advice: 'Go to 1.16.1 or later.',
    touches: (issuer) => issuer.kind === 'ClusterIssuer' && at(issuer, 'spec', 'acme') !== undefined,
  },
  {
    code: 'venafi-duration',
    level: 'issuer',
    effect: 'renewal',
    since: ['1.16.0'],
    message:
      "Since 1.16 a Certificate's duration (90 days where none is set) is asked of Venafi; a policy with other limits refuses it.",
    ...PULL(7104),
    advice: "Set spec.duration of its Certificates within the policy's limits.",
    touches: (issuer) => at(issuer, 'spec', 'venafi') !== undefined,
  },
  {
    code: 'venafi-oauth',
    level: 'issuer',
    effect: 'renewal',
    since: ['1.16.0'],
    message:
      'Since 1.16 a user name and password for Venafi TPP are used with OAuth, and no longer with the API key method, which may have to be allowed in TPP first.',
    ...PULL(7084),
    advice: 'Allow OAuth for that user in TPP, or use an access token.',
    touches: (issuer) => at(issuer, 'spec', 'venafi', 'tpp') !== undefined,
  },
  {
    code: 'http01-path-type',
    level: 'issuer',
    effect: 'renewal',
    since: ['1.18.0'],
    message:
      'Since 1.18 the Ingress of an HTTP01 challenge has pathType Exact. ingress-nginx before 1.12.6 and 1.13.2 with strict-validate-path-type, its default since 1.12, refuses that: renewals fail.',
    ...PULL(7767),
    advice:
      'Update ingress-nginx, or turn its strict-validate-path-type off, or since 1.18.1 set the feature gate ACMEHTTP01IngressPathTypeExact=false.',
    crosses: ({ from, to, facts: { flags } }) => {
      const exact = (version: string): boolean =>
        version === '1.18.0' || isOn('ACMEHTTP01IngressPathTypeExact', version, flags);
      return !exact(from.version) && exact(to.version);
    },
    touches: (issuer) => solvers(issuer).some((solver) => at(solver, 'http01', 'ingress') !== undefined),
  },
  {
    code: 'http01-ingress-options',
    level: 'issuer',
    effect: 'renewal',
    since: ['1.19.0'],
    message:
      'Since 1.19 a solver with more than one of class, ingressClassName and name is refused: the issuer can no longer be edited or restored as it is.',
    ...PULL(8021),
    advice: 'Leave one of the three.',
    touches: (issuer) =>
      solvers(issuer).some(
        (solver) =>
          ['class', 'ingressClassName', 'name'].filter((field) => isSet(at(solver, 'http01', 'ingress', field)))
            .length > 1,
      ),
  },
  {
    code: 'vault-audience',
    level: 'issuer',
    effect: 'renewal',
    since: ['1.20.0'],
    message:
      'Since 1.20 the address of Vault is one more audience of the ServiceAccount token that cert-manager logs in with. A role bound to exactly one audience may refuse it.',
    ...PULL(8228),
    advice: 'See that the role in Vault accepts a token with several audiences.',
    touches: (issuer) => at(issuer, 'spec', 'vault', 'auth', 'kubernetes', 'serviceAccountRef') !== undefined,
  },
  {
    code: 'vault-path',
    level: 'issuer',
    effect: 'renewal',
    since: ['1.21.0'],
    message:
      'Since 1.21 a Vault path with a segment ".." is refused: the issuer can no longer be edited or restored as it is.',
    ...PULL(8930),
    advice: 'Write the path without "..".',
    touches: (issuer) =>
      VAULT_PATHS.some((path) => {
        const value = at(issuer, 'spec', 'vault', ...path);
        return typeof value === 'string' && value.split('/').includes('..');
      }),
  },
  {
    code: 'token-request-role-removed',
    level: 'issuer',
    effect: 'renewal',
    since: ['1.21.0'],
    message:
      "Since 1.21 the Helm chart gives the controller no right to make tokens of its own ServiceAccount, which this issuer's serviceAccountRef names: its issuances fail.",
    source: 'cert-manager upgrade notes 1.20 to 1.21',
    url: 'https://cert-manager.io/docs/releases/upgrading/upgrading-1.20-1.21/',
    advice:
      'Make a ServiceAccount of its own for this issuer, or a Role and RoleBinding with serviceaccounts/token: create on the one it has.',
    touches: (issuer, upgrade) => {
      const own = upgrade.facts.controllerServiceAccount;
      const namespace = ownNamespace(issuer, upgrade);
      return serviceAccounts(issuer).some((name) =>
        own === undefined || namespace === undefined
          ? name === (own?.split('/')[1] ?? 'cert-manager')
          : `${namespace}/${name}` === own,
      );
    },
  },
  {
    code: 'solver-secret-checked',
    level: 'issuer',
    effect: 'renewal',
    since: ['1.21.0'],
    message:
      'Since 1.21 an ACME issuer is not ready (InvalidSolver) while a Secret of a DNS01 solver is missing. 1.21.0 does not notice when it comes; 1.21.1 does.',
    ...PULL(8255),
    advice: 'See that the Secrets of all DNS01 solvers exist, and restore them before the issuers.',
    touches: (issuer, upgrade) => {
      const names = solvers(issuer).flatMap((solver) => solverSecrets(at(solver, 'dns01')));
      const namespace = ownNamespace(issuer, upgrade);
      const { secretExists } = upgrade.facts;
      if (secretExists === undefined || namespace === undefined) return names.length > 0;
      return names.some((name) => !secretExists(namespace, name));
    },
  },
  {
    code: 'self-check-wait-dropped',
    level: 'issuer',
    effect: 'renewal',
    since: ['1.21.0'],
    backwards: true,
    message: 'Before 1.21 there is no waitInsteadOfSelfCheck: it is dropped, and the self-check may fail again.',
    ...PULL(8858),
    advice: 'Make the self-check possible first, or stay at 1.21 or later.',
    touches: (issuer) => solvers(issuer).some((solver) => isSet(at(solver, 'waitInsteadOfSelfCheck'))),
  },
  {
    code: 'acme-profile-dropped',
    level: 'issuer',
    effect: 'next-issuance',
    since: ['1.18.0'],
    backwards: true,
    message: 'Before 1.18 there is no spec.acme.profile: it is dropped, and the CA issues by its default profile.',
    ...NOTES('1.18'),
    advice: 'Stay at 1.18 or later where the profile matters.',
    touches: (issuer) => isSet(at(issuer, 'spec', 'acme', 'profile')),
  },
];
