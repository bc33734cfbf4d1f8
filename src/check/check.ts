import { type OpenedBackup, readBackup } from '../archive/read.ts';
import { backupSummary } from '../archive/summary.ts';
import { formatDuration } from '../model/duration.ts';
import { CertkeepError, EXIT, exitCodeOf, type Problem } from '../model/problems.ts';
import type { Report } from '../model/report.ts';
import { closureProblems, inFlightProblems, sharedSecretProblems } from './closure.ts';
import { distinct } from './distinct.ts';
import type { CheckRequest } from './request.ts';
import { restoreMdProblems } from './restore-md.ts';
import { SecretJudge, withoutValues } from './secrets.ts';
import { type Subject, subjectOf } from './subject.ts';

export type { CheckRequest } from './request.ts';

/**
 * Judges a backup without a cluster: is it whole and consistent, complete, decryptable with what was given, and would
 * restoring it go well? The verdict is `sound` where no finding is an error. Without the identity of a sealed backup, what
 * is readable is checked, and a note says what was not.
 *
 * A backup that is refused gives a report too, with the one finding that says why.
 * Throws CertkeepError only for wrong usage (an expectRoot that is no digest).
 */
export async function check(request: CheckRequest): Promise<Report> {
  let opened: Opened;
  try {
    opened = await open(request);
  } catch (error) {
    if (!(error instanceof CertkeepError) || error.exitCode === EXIT.usage) throw error;
    return report(request, [error.toProblem()]);
  }
  const { subject, judge } = opened;
  sayAge(request, subject);
  const { certificates, problems } = judge.forecast();
  return {
    ...report(request, [
      ...notChecked(subject),
      ...secretsNotCaptured(subject),
      ...restoreMdProblems(subject, request.toolVersion),
      ...judge.pairProblems(),
      ...closureProblems(subject),
      ...problems,
      ...sharedSecretProblems(subject),
      ...inFlightProblems(subject),
    ]),
    cluster: subject.backup.manifest.cluster.uid,
    certManager: subject.backup.manifest.certManager.version,
    certificates,
    backup: backupSummary(subject.backup),
  };
}

interface Opened {
  subject: Subject;
  judge: SecretJudge;
}

/** Reads the backup; its Secrets are judged while they pass. */
async function open(request: CheckRequest): Promise<Opened> {
  const { path, identities, expectRoot, clusterResourceNamespace } = request;
  const prepare = (backup: OpenedBackup): Opened => {
    const subject = subjectOf(backup, {
      now: request.clock.now(),
      horizonMs: request.horizonMs,
      ...(clusterResourceNamespace === undefined || clusterResourceNamespace === ''
        ? {}
        : { clusterResourceNamespace }),
      allowMissing: request.allowMissing ?? [],
    });
    return { subject, judge: new SecretJudge(subject) };
  };
  let opened: Opened | undefined;
  const backup = await readBackup({
    path,
    identities,
    ...(expectRoot === undefined || expectRoot === '' ? {} : { expectRoot }),
    eachSecret: (secret, all) => {
      opened ??= prepare(all);
      opened.judge.judge(secret);
      return withoutValues(secret);
    },
  });
  return opened ?? prepare(backup);
}

function report(request: CheckRequest, found: readonly Problem[]): Report {
  const problems = distinct(found);
  const exitCode = exitCodeOf(problems);
  return {
    command: 'check',
    certkeep: request.toolVersion,
    exitCode,
    cluster: '',
    certManager: '',
    verdict: exitCode === EXIT.ok ? 'sound' : 'unsound',
    certificates: [],
    problems,
  };
}

function sayAge(request: CheckRequest, subject: Subject): void {
  const { createdAt } = subject.backup.manifest;
  const age = subject.now.getTime() - Date.parse(createdAt);
  if (age < 0)
    request.progress.warn(
      `The backup says that it was made at ${createdAt}, which is ${formatDuration(-age)} from now.`,
    );
  else request.progress.info(`The backup is ${formatDuration(age)} old (made at ${createdAt}).`);
}

function notChecked(subject: Subject): Problem[] {
  const { sealed } = subject.backup;
  if (sealed.length === 0) return [];
  return [
    {
      severity: 'note',
      code: 'not-checked',
      message: `${sealed.length} sealed ${sealed.length === 1 ? 'file was' : 'files were'} compared with the manifest and not opened, since no identity was given: ${sealed.join(', ')}. Whether they can be decrypted, and what is in them, is not known.`,
      fix: 'Give --identity-file (or the variable CERTKEEP_IDENTITY) to check them too.',
    },
  ];
}

function secretsNotCaptured(subject: Subject): Problem[] {
  const mode = subject.backup.manifest.secrets;
  if (mode === 'all') return [];
  return [
    {
      severity: 'warning',
      code: 'secrets-not-captured',
      message:
        mode === 'none'
          ? 'The backup holds no Secrets: it is a record and a baseline for verify, and cannot be restored.'
          : "The backup holds issuers' Secrets only: after a restore every Certificate would be issued anew.",
      fix: 'Back up with --secrets all and --recipient to capture them, encrypted.',
    },
  ];
}
