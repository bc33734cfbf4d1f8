import { type Certificate, condition, objectName, refName } from '../../model/objects.ts';
import type { Problem } from '../../model/problems.ts';
import { type Reference, referencesOf } from '../../refs/closure.ts';
import { issuerNameOf, some } from '../subject.ts';
import type { Foreign } from './foreign.ts';

/** Secrets and issuers that the objects name and the backup does not hold, one by one. */
export function references(foreign: Foreign): Problem[] {
  const { name } = foreign.clusterResourceNamespace;
  const usedIn = challengeNamespaces(foreign.certificates.map(({ object }) => object));
  const all = [...foreign.issuers, ...foreign.certificates].flatMap(({ object }) =>
    referencesOf(object, name, { challengeNamespaces: usedIn.get(objectName(object)) ?? [] }),
  );
  const missing = Map.groupBy(
    all.filter((r) => r.kind === 'Secret' && !r.optional && isMissing(foreign, r)),
    (r) => refName('Secret', r.namespace, r.name),
  );
  return [
    ...[...missing].map(([secret, group]) => missingSecret(foreign, secret, group)),
    ...missingIssuers(foreign),
    ...assumedNamespace(foreign, all),
  ];
}

/** `ClusterIssuer/name` → the namespaces of the Certificates that use it. */
function challengeNamespaces(certificates: readonly Certificate[]): Map<string, string[]> {
  const usedIn = new Map<string, string[]>();
  for (const certificate of certificates) {
    const issuer = issuerNameOf(certificate) ?? '';
    const namespaces = usedIn.get(issuer);
    if (namespaces === undefined) usedIn.set(issuer, [certificate.metadata.namespace ?? '']);
    else namespaces.push(certificate.metadata.namespace ?? '');
  }
  return usedIn;
}

/** A Certificate's own Secret is the prediction's to judge: it says what becomes of the Certificate without it. */
function isMissing(foreign: Foreign, reference: Reference): boolean {
  if (reference.role === 'leaf-secret') return false;
  return !foreign.secrets.has(refName('Secret', reference.namespace, reference.name));
}

function missingSecret(foreign: Foreign, secret: string, group: readonly Reference[]): Problem {
  const [first] = group;
  const isCluster = group.some((r) => r.from.startsWith('ClusterIssuer/'));
  const { isAssumed, name } = foreign.clusterResourceNamespace;
  const guess = isCluster && isAssumed ? ` (ClusterIssuers are taken to look in namespace ${name})` : '';
  const accepted = foreign.accepted.has(secret);
  if (group.every((r) => hasNoAccount(foreign, r))) return noAccountYet(secret, group);
  return {
    severity: accepted ? 'warning' : 'error',
    code: 'missing-secret',
    message: `${some(group.map((r) => r.from))} ${group.length === 1 ? 'names' : 'name'} it, and it is not in the backup${guess}${accepted ? ', which was accepted' : ''}. ${consequence(first)}`,
    fix: `Bring it to the target before the restore, or export it too${guess === '' ? '' : '; give --cluster-resource-namespace where that is another one'}.`,
    object: secret,
  };
}

/** An ACME issuer that the export shows not to be Ready: it has registered nothing yet. */
function hasNoAccount(foreign: Foreign, reference: Reference): boolean {
  if (reference.role !== 'account-key') return false;
  const holder = foreign.issuers.find(({ object }) => reference.from.startsWith(`${objectName(object)}:`));
  return condition(holder?.object.status?.conditions, 'Ready')?.status === 'False';
}

function noAccountYet(secret: string, group: readonly Reference[]): Problem {
  return {
    severity: 'note',
    code: 'missing-secret',
    message: `${some(group.map((r) => r.from))} ${group.length === 1 ? 'names' : 'name'} it, and it is not in the backup; the issuer was not Ready, so it has no ACME account yet, and will register one.`,
    fix: 'Nothing to do, unless the issuer should have an account.',
    object: secret,
  };
}

function consequence(reference: Reference | undefined): string {
  switch (reference?.role) {
    case 'account-key':
      return 'Without it the issuer registers a new ACME account: orders, limits and CAA records of the old one are lost.';
    case 'ca-secret':
      return 'Without it the CA cannot sign; a new one would not be trusted by those who trust the old.';
    case 'keystore-password':
      return 'Without it the keystores cannot be written.';
    default:
      return 'Without it the issuer cannot issue.';
  }
}

function missingIssuers(foreign: Foreign): Problem[] {
  const present = new Set(foreign.issuers.map(({ object }) => objectName(object)));
  const missing = Map.groupBy(
    foreign.certificates.map(({ object }) => object),
    (certificate) => issuerNameOf(certificate),
  );
  return [...missing].flatMap(([issuer, certificates]): Problem[] => {
    if (issuer === undefined || present.has(issuer)) return [];
    const accepted = foreign.accepted.has(issuer);
    return [
      {
        severity: accepted ? 'warning' : 'error',
        code: 'missing-issuer',
        message: `${some(certificates.map(objectName))} ${certificates.length === 1 ? 'names' : 'name'} it in spec.issuerRef, and it is not in the backup${accepted ? ', which was accepted' : ''}: after a restore no renewal is possible.`,
        fix: 'Export it too, or bring it to the target before the next renewal.',
        object: issuer,
      },
    ];
  });
}

/** Said once, where nothing was found missing in the namespace that was assumed. */
function assumedNamespace(foreign: Foreign, all: readonly Reference[]): Problem[] {
  const { isAssumed, name } = foreign.clusterResourceNamespace;
  const first = all.find((r) => r.kind === 'Secret' && r.from.startsWith('ClusterIssuer/'));
  if (!isAssumed || first === undefined) return [];
  return [
    {
      severity: 'note',
      code: 'cluster-resource-namespace-unknown',
      message: `The backup does not say in which namespace ClusterIssuers look for their Secrets; it was taken to be ${name}.`,
      fix: 'Give --cluster-resource-namespace where it is another one.',
    },
  ];
}
