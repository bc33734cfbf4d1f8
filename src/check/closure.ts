import { FILE } from '../archive/stages.ts';
import { CERT_MANAGER_GROUP, groupOf } from '../model/kinds.ts';
import { objectName, refName } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import { type Reference, referencesOf } from '../refs/closure.ts';
import { ALLOW_INJECTION_ANNOTATION, isInjection } from '../refs/injection.ts';
import { baselineOf, issuerNameOf, leafSecretName, type Subject, some } from './subject.ts';

/** Namespaces that every cluster has; backups do not bring them. */
const BUILT_IN_NAMESPACES: readonly string[] = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/**
 * Is everything there that the objects of the backup name? Secrets of issuers, keystores and Certificates, issuers of
 * Certificates, and namespaces. And the other way round: a Secret that nothing names has no business in a backup.
 */
export function closureProblems(subject: Subject): Problem[] {
  const references = allReferences(subject);
  return [
    ...unknownNamespace(subject, references),
    ...missingSecrets(subject, references),
    ...unreferencedSecrets(subject, references),
    ...missingIssuers(subject),
    ...foreignIssuers(subject),
    ...missingNamespaces(subject),
  ];
}

/** What issuers and Certificates of the backup refer to; of those that could be read. */
function allReferences(subject: Subject): Reference[] {
  const usedIn = new Map<string, string[]>();
  for (const certificate of subject.certificates) {
    const issuer = issuerNameOf(certificate);
    if (issuer === undefined) continue;
    const namespaces = usedIn.get(issuer) ?? [];
    if (namespaces.length === 0) usedIn.set(issuer, namespaces);
    namespaces.push(certificate.metadata.namespace ?? '');
  }
  return [...subject.backup.contents.issuers, ...subject.certificates].flatMap((object) =>
    referencesOf(object, subject.clusterResourceNamespace, {
      challengeNamespaces: usedIn.get(objectName(object)) ?? [],
    }),
  );
}

function unknownNamespace(subject: Subject, references: readonly Reference[]): Problem[] {
  const first = references.find((r) => r.kind === 'Secret' && r.namespace === '');
  if (first === undefined || subject.backup.manifest.secrets === 'none') return [];
  return [
    {
      severity: 'error',
      code: 'cluster-resource-namespace-unknown',
      message: `${first.from} names the Secret ${first.name}, and the backup does not say in which namespace ClusterIssuers look for theirs.`,
      fix: 'Give --cluster-resource-namespace (with the Helm chart it is the namespace of cert-manager unless set otherwise).',
      object: first.from.slice(0, first.from.indexOf(':')),
    },
  ];
}

function missingSecrets(subject: Subject, references: readonly Reference[]): Problem[] {
  const mode = subject.backup.manifest.secrets;
  // Without the index, that is with everything sealed, nothing is known to be missing.
  if (mode === 'none' || !subject.readable(FILE.index)) return [];
  const missing = Map.groupBy(
    references.filter((r) => r.kind === 'Secret' && r.namespace !== '' && !subject.secretNames.has(secretOf(r))),
    secretOf,
  );
  return [...missing].flatMap(([name, group]) => {
    const needed = group.filter((r) => !r.optional && !(mode === 'issuer' && r.from.startsWith('Certificate/')));
    const first = needed.find((r) => !isExplained(subject, r));
    if (first === undefined) return [];
    const accepted = subject.accepted.has(name);
    return [
      {
        severity: accepted ? 'warning' : 'error',
        code: 'missing-secret',
        message: `${some(needed.map((r) => r.from))} ${needed.length === 1 ? 'names' : 'name'} ${name}, which is not in the backup${accepted ? ' (accepted when it was made)' : ''}. ${consequence(first)}`,
        fix: `Back up again with what is missing, or bring it to the target cluster before the restore.`,
        object: name,
      } satisfies Problem,
    ];
  });
}

function secretOf(reference: Reference): string {
  return refName('Secret', reference.namespace, reference.name);
}

/** Absent at the source too: a Certificate not issued yet, an ACME issuer that has no account yet. */
function isExplained(subject: Subject, reference: Reference): boolean {
  const holder = reference.from.slice(0, reference.from.indexOf(':'));
  const entry = subject.index.get(holder);
  if (reference.role === 'leaf-secret') return entry?.baseline?.leafAbsent === 'missing';
  return reference.role === 'account-key' && entry?.issuer !== undefined && entry.issuer.ready !== true;
}

function consequence(reference: Reference): string {
  if (reference.role === 'leaf-secret') return 'After a restore the Certificate would be issued anew.';
  if (reference.role === 'account-key') return 'After a restore the issuer would register a new ACME account.';
  if (reference.role === 'keystore-password') return 'After a restore the keystores could not be written.';
  return 'After a restore the issuer could not issue.';
}

/** Judged only where all that could refer to a Secret was readable. */
function unreferencedSecrets(subject: Subject, references: readonly Reference[]): Problem[] {
  const readable = [FILE.index, FILE.issuers, FILE.certificates, FILE.derived].every(subject.readable);
  if (!readable || references.some((r) => r.kind === 'Secret' && r.namespace === '')) return [];
  const wanted = new Set(references.map(secretOf));
  return [...subject.secretNames]
    .filter((name) => !wanted.has(name) && !isInjected(subject, name))
    .map((name) => ({
      severity: 'error',
      code: 'forbidden-object',
      message: `Nothing in the backup refers to ${name}, and certkeep takes no such Secret: somebody has put it there, or has taken away what referred to it.`,
      fix: 'Do not restore this backup before you know who changed it; take one that you trust.',
      object: name,
    }));
}

/**
 * Named by an object outside of the backup, from which cert-manager's CA injector takes it; that the Secret says so
 * itself keeps others out.
 */
function isInjected(subject: Subject, name: string): boolean {
  const entry = subject.index.get(name);
  if (entry?.role !== 'other-secret' || !entry.referencedFrom.every(isInjection)) return false;
  const secret = subject.backup.contents.secrets.find((one) => objectName(one) === name);
  return secret === undefined || secret.metadata.annotations?.[ALLOW_INJECTION_ANNOTATION] === 'true';
}

function missingIssuers(subject: Subject): Problem[] {
  if (!subject.readable(FILE.issuers)) return [];
  const own = subject.backup.contents.issuers.filter((i) => groupOf(i.apiVersion) === CERT_MANAGER_GROUP);
  const present = new Set(own.map(objectName));
  const missing = Map.groupBy(
    subject.certificates.filter((c) => !present.has(issuerNameOf(c) ?? '')),
    issuerNameOf,
  );
  return [...missing].flatMap(([issuer, certificates]) => {
    if (issuer === undefined) return [];
    const accepted = subject.accepted.has(issuer);
    return [
      {
        severity: accepted ? 'warning' : 'error',
        code: 'missing-issuer',
        message: `${some(certificates.map(objectName))} ${certificates.length === 1 ? 'names' : 'name'} ${issuer} in spec.issuerRef, which is not in the backup${accepted ? ' (accepted when it was made)' : ''}: after a restore no renewal is possible.`,
        fix: 'Back up again with the issuer, or bring it to the target cluster.',
        object: issuer,
      } satisfies Problem,
    ];
  });
}

function foreignIssuers(subject: Subject): Problem[] {
  const included = new Set(subject.backup.contents.issuers.map((i) => `${i.kind} ${i.metadata.name}`));
  const foreign = subject.certificates.filter(
    (c) => issuerNameOf(c) === undefined && !included.has(`${c.spec.issuerRef.kind} ${c.spec.issuerRef.name}`),
  );
  if (foreign.length === 0) return [];
  return [
    {
      severity: 'note',
      code: 'prerequisite',
      message: `${some(foreign.map(objectName))} ${foreign.length === 1 ? 'is' : 'are'} issued by an issuer outside of cert-manager, which is not in the backup.`,
      fix: 'Make sure that the target cluster has that issuer, with its controller and credentials; without it the Certificates are kept but not renewed.',
    },
  ];
}

function missingNamespaces(subject: Subject): Problem[] {
  if (!subject.readable(FILE.namespaces)) return [];
  const { contents } = subject.backup;
  const present = new Set([...BUILT_IN_NAMESPACES, ...contents.namespaces.map((n) => n.metadata.name)]);
  const objects = [...contents.secrets, ...contents.issuers, ...subject.certificates];
  const missing = new Set(
    objects.flatMap(({ metadata: { namespace } }) => (namespace === undefined ? [] : [namespace])),
  );
  const names = [...missing].filter((name) => !present.has(name)).sort();
  if (names.length === 0) return [];
  return [
    {
      severity: 'warning',
      code: 'prerequisite',
      message: `The namespaces ${some(names)} hold objects of the backup and are not in it themselves.`,
      fix: 'Create them on the target cluster before the restore.',
    },
  ];
}

/** Two or more Certificates with one Secret: cert-manager lets one of them own it and never keeps the others Ready. */
export function sharedSecretProblems(subject: Subject): Problem[] {
  const groups = Map.groupBy(subject.certificates, leafSecretName);
  return [...groups].flatMap(([secret, certificates]) =>
    certificates.length < 2
      ? []
      : [
          {
            severity: 'warning',
            code: 'shared-secret',
            message: `${certificates.length} Certificates write the same ${secret}: ${some(certificates.map((c) => c.metadata.name))}. Only one of them can be kept Ready.`,
            fix: 'Give each Certificate its own spec.secretName.',
            object: secret,
          } satisfies Problem,
        ],
  );
}

/** Issuances that were under way when the backup was made; they are not carried over. */
export function inFlightProblems(subject: Subject): Problem[] {
  return subject.certificates.flatMap((certificate) => {
    const baseline = baselineOf(subject, certificate);
    const issuing = baseline?.conditions.some((c) => c.type === 'Issuing' && c.status === 'True') === true;
    if (!issuing && (baseline?.nextPrivateKeySecrets.length ?? 0) === 0) return [];
    return [
      {
        severity: 'warning',
        code: 'certificate-in-issuance',
        message: `${objectName(certificate)} was in the middle of an issuance when the backup was made. The backup has it as it was before.`,
        fix: 'Back up again once it is done; --wait waits for it.',
        object: objectName(certificate),
      } satisfies Problem,
    ];
  });
}
