import { objectKey, ordered } from '../archive/order.ts';
import { ROLE_FILES } from '../archive/stages.ts';
import type { WrittenBackup } from '../archive/write.ts';
import { SecretJudge } from '../check/secrets.ts';
import { subjectOf } from '../check/subject.ts';
import type { BackupContents } from '../model/backup.ts';
import type { Secret } from '../model/objects.ts';
import type { Problem, ProblemCode } from '../model/problems.ts';
import type { Report } from '../model/report.ts';

/** How far ahead renewals are reported: the default of --horizon. */
export const HORIZON_MS = 30 * 24 * 3_600_000;

/**
 * What is wrong at the source and was captured as it is. The backup is still the best there is: deleting it for that
 * would help nobody, so these are warnings here, and errors for `check` and `plan`.
 */
const FAULTS_OF_THE_SOURCE: readonly ProblemCode[] = ['would-be-reissued', 'key-mismatch', 'temporary-certificate'];

/**
 * Adds to the report of a backup what the check of the written files found. What the capture has said already is not said
 * twice, and that files are sealed is no news to who had them sealed.
 */
export function addFindings(report: Report, checked: Report, path: { aside: string; directory: string }): void {
  const name = (text: string): string => text.replaceAll(path.aside, path.directory);
  addProblems(
    report,
    checked.problems
      .filter(({ code }) => code !== 'not-checked')
      .map((problem) => ({ ...problem, message: name(problem.message), fix: name(problem.fix) })),
  );
  if (checked.certificates.length > 0) report.certificates = checked.certificates;
}

/**
 * For a backup with sealed files, which the check could not look into: what would become of the Certificates after a
 * restore, from the contents as they were before they were sealed.
 */
export function addForecast(report: Report, written: WrittenBackup, contents: BackupContents, now: Date): void {
  const index = contents.index.map((entry) => ({ ...entry, file: ROLE_FILES[entry.role].file }));
  const entries = new Map(index.map((entry) => [objectKey(entry), entry]));
  const subject = subjectOf(
    {
      path: written.path,
      manifest: written.manifest,
      root: written.root,
      contents: { ...ordered(contents, entries), index },
      sealed: [],
      restoreMd: undefined,
    },
    { now, horizonMs: HORIZON_MS },
  );
  const judge = new SecretJudge(subject);
  for (const secret of contents.secrets) judge.judge(secret as Secret);
  const { certificates, problems } = judge.forecast();
  addProblems(report, [...problems, ...judge.pairProblems()]);
  report.certificates = certificates;
}

function addProblems(report: Report, problems: readonly Problem[]): void {
  const said = new Set(report.problems.map(identity));
  for (const problem of problems) {
    if (said.has(identity(problem))) continue;
    const softened = problem.severity === 'error' && FAULTS_OF_THE_SOURCE.includes(problem.code);
    report.problems.push(softened ? { ...problem, severity: 'warning' } : problem);
  }
}

/** Problems about an object are the same where code and object are; others where their words are too. */
function identity({ code, object, message }: Problem): string {
  const aboutCapture = code === 'secrets-not-captured' || code === 'prerequisite';
  return `${code} ${object ?? (aboutCapture ? '' : message)}`;
}
