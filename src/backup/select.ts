import type { Role } from '../model/backup.ts';
import { isForeignGroup } from '../model/include.ts';
import { groupOf } from '../model/kinds.ts';
import { type Certificate, condition, type Issuer, type KubeObject, refName, type Secret } from '../model/objects.ts';
import type { Problem, ProblemCode, Severity } from '../model/problems.ts';
import type { Reference } from '../refs/closure.ts';
import { type Exclusion, exclusionOf } from './exclusions.ts';
import { type ClusterState, isIssuing, keyOf } from './state.ts';

/** A Secret that goes into the backup, and why. */
export interface SelectedSecret {
  secret: Secret;
  role: Role;
  /** Sorted; `Kind/namespace/name:field.path`. */
  referencedFrom: string[];
  /** The output of a Certificate, whatever else it is used for. */
  leaf: boolean;
}

/** A reference with the object that holds it. */
export interface HeldReference {
  holder: KubeObject;
  reference: Reference;
}

export interface SelectOptions {
  secrets: 'all' | 'issuer' | 'none';
  certManagerNamespace: string;
  /** `Secret/namespace/name` that may be absent. */
  allowMissing: readonly string[];
  /** `namespace/name` of Secrets that were asked for one by one and do not exist. */
  absent: ReadonlySet<string>;
  /** Whether the Secrets of a namespace were listed: only then is one that is not in the state known not to exist. */
  listed: (namespace: string) => boolean;
}

export interface Selection {
  secrets: SelectedSecret[];
  problems: Problem[];
  /** `Secret/namespace/name` of what is named but never captured, since each cluster has its own. */
  replaced: string[];
}

/** Which role wins where a Secret is referred to in several: what breaks most without it. */
const ROLE_PRECEDENCE: readonly Role[] = [
  'ca-secret',
  'account-key',
  'issuer-secret',
  'keystore-password',
  'leaf-secret',
  'other-secret',
];

/**
 * Which Secrets go into the backup: those that a field of an issuer or Certificate names, and no others. What is named
 * and does not exist, or must not be captured, becomes a problem that names the field.
 */
export function selectSecrets(state: ClusterState, held: readonly HeldReference[], options: SelectOptions): Selection {
  const groups = new Map<string, HeldReference[]>();
  for (const one of held) {
    if (one.reference.kind !== 'Secret' || one.reference.namespace === '') continue;
    const key = keyOf(one.reference.namespace, one.reference.name);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [one]);
    else group.push(one);
  }
  const selection: Selection = { secrets: [], problems: [], replaced: [] };
  for (const [key, group] of groups) {
    const wanted = isWanted(group, options.secrets);
    const secret = state.secrets.get(key);
    if (secret === undefined) {
      const namespace = group[0]?.reference.namespace ?? '';
      if (options.listed(namespace) || options.absent.has(key))
        selection.problems.push(...absentProblems(group, wanted, options));
      continue;
    }
    const exclusion = exclusionOf(secret, options.certManagerNamespace);
    if (exclusion !== undefined) {
      if (exclusion.prerequisite) selection.replaced.push(secretName(group));
      selection.problems.push(...excludedProblems(group, exclusion, wanted, options));
      continue;
    }
    selection.problems.push(...keyProblems(group, secret));
    if (wanted) {
      selection.secrets.push({
        secret,
        role: ROLE_PRECEDENCE.find((role) => group.some((one) => one.reference.role === role)) ?? 'other-secret',
        referencedFrom: [...new Set(group.map((one) => one.reference.from))].sort(),
        leaf: group.some((one) => one.reference.role === 'leaf-secret'),
      });
    }
  }
  return selection;
}

/** Whether the mode captures the Secret that these references name. */
function isWanted(group: readonly HeldReference[], mode: SelectOptions['secrets']): boolean {
  if (mode === 'issuer') return group.some(({ holder }) => holder.kind !== 'Certificate');
  return mode === 'all';
}

function absentProblems(group: readonly HeldReference[], wanted: boolean, options: SelectOptions): Problem[] {
  const name = secretName(group);
  const needed = group.filter(({ reference }) => !reference.optional);
  const accepted = options.allowMissing.includes(name);
  const problems = needed.map((one): Problem => {
    const { holder, reference } = one;
    const from = reference.from;
    if (reference.role === 'leaf-secret' && isUnissued(holder as Certificate)) {
      return {
        severity: 'warning',
        code: 'certificate-in-issuance',
        message: `${from} names ${name}, which does not exist yet: the Certificate has not been issued. After a restore it will be issued as it would be here.`,
        fix: 'Look why with `kubectl describe certificate`, and back up again once it is Ready; --wait waits for issuances in progress.',
        object: refName('Certificate', holder.metadata.namespace, holder.metadata.name),
      };
    }
    if (reference.role === 'account-key' && !isReady(holder as Issuer)) {
      return {
        severity: 'note',
        code: 'missing-secret',
        message: `${from} names ${name}, which does not exist; the issuer is not Ready, so it has no ACME account yet. After a restore it will register one.`,
        fix: 'Nothing to do, unless the issuer should have an account: then look at `kubectl describe` of it.',
        object: name,
      };
    }
    return missing(
      wanted && !accepted ? 'error' : 'warning',
      `${from} names ${name}, which does not exist${accepted ? ' (accepted by --allow-missing)' : ''}. ${consequence(one)}`,
      name,
    );
  });
  if (needed.length > 0) return problems;
  // An issuer of another group can hardly issue without what its fields name, but where it looks is not known for sure.
  const foreign = group.find(({ holder, reference }) => reference.guess && isForeignGroup(groupOf(holder.apiVersion)));
  return [foreign ?? group[0]]
    .flatMap((one) => (one === undefined ? [] : [one]))
    .map(({ reference }) => ({
      severity: foreign !== undefined && wanted && !accepted ? 'warning' : 'note',
      code: 'missing-secret',
      message: reference.guess
        ? `${reference.from} looks like a reference to ${name}, which does not exist; only what reads that field knows whether it is one, and in which namespace it looks.`
        : `${reference.from} names ${name}, which does not exist; nothing fails without it.`,
      fix: 'Nothing to do, unless the issuer needs it: then create it and back up again.',
      object: name,
    }));
}

function excludedProblems(
  group: readonly HeldReference[],
  exclusion: Exclusion,
  wanted: boolean,
  options: SelectOptions,
): Problem[] {
  const name = secretName(group);
  const needed = group.find(({ reference }) => !reference.optional);
  const first = needed ?? group[0];
  // The annotations of cert-manager's own webhook configurations name its CA, in every cluster.
  if (first === undefined || (needed === undefined && exclusion.prerequisite)) return [];
  const message = `${first.reference.from} names ${name}, which is ${exclusion.because}: it is not captured.`;
  if (exclusion.prerequisite) {
    return [
      {
        severity: 'warning',
        code: 'prerequisite',
        message,
        fix: 'Make sure that the target cluster has its own under the same name before the issuer is used there.',
        object: name,
      },
    ];
  }
  const isError = needed !== undefined && wanted && !options.allowMissing.includes(name);
  const problem = missing(isError ? 'error' : 'warning', message, name);
  return [exclusion.fix === undefined ? problem : { ...problem, fix: exclusion.fix }];
}

/** A key that a selector names and the Secret does not hold. */
function keyProblems(group: readonly HeldReference[], secret: Secret): Problem[] {
  const name = secretName(group);
  return group.flatMap(({ reference: { key, role, optional, from } }): Problem[] => {
    if (key === undefined || optional || role === 'leaf-secret' || secret.data?.[key] !== undefined) return [];
    return [
      {
        severity: 'warning',
        code: 'missing-secret',
        message: `${from} reads the key "${key}" of ${name}, which has no such key. The issuer or Certificate cannot use it, here or after a restore.`,
        fix: 'Correct the field or the Secret.',
        object: name,
      },
    ];
  });
}

function missing(severity: Severity, message: string, object: string): Problem {
  const code: ProblemCode = 'missing-secret';
  return {
    severity,
    code,
    message,
    fix: `Create the Secret, correct or delete what names it, or accept the gap with --allow-missing ${object}.`,
    object,
  };
}

function consequence({ holder, reference }: HeldReference): string {
  if (reference.role === 'leaf-secret') return 'A restore would have the Certificate reissued.';
  if (reference.role === 'account-key') return 'A restored issuer would register a new ACME account.';
  if (holder.kind === 'Certificate') return 'A restored Certificate’s keystores could not be written.';
  return 'The issuer cannot issue, here or after a restore.';
}

/** Never issued, in issuance now, or failing: no Secret is to be expected. */
function isUnissued(certificate: Certificate): boolean {
  const { revision, lastFailureTime } = certificate.status ?? {};
  return isIssuing(certificate) || revision === undefined || lastFailureTime !== undefined;
}

function isReady(issuer: Issuer): boolean {
  return condition(issuer.status?.conditions, 'Ready')?.status === 'True';
}

function secretName(group: readonly HeldReference[]): string {
  const reference = group[0]?.reference;
  return refName('Secret', reference?.namespace, reference?.name ?? '');
}
