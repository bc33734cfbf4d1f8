import { backupSummary } from '../archive/summary.ts';
import { refName } from '../model/objects.ts';
import { exitCodeOf, type Problem, type ProblemCode } from '../model/problems.ts';
import type { CertificateVerdict, Report } from '../model/report.ts';
import type { BarrierResult } from './barrier.ts';
import type { Judged } from './judge.ts';
import type { VerifyRequest } from './request.ts';

const BAD: readonly CertificateVerdict[] = ['reissued', 'issuing', 'failed', 'missing'];
const OPEN: readonly CertificateVerdict[] = ['awaiting-maker', 'unproven'];

/** The report of a verification: one problem for each Certificate that is not as it was, in cert-manager's words. */
export function verifyReport(
  request: Pick<VerifyRequest, 'backup' | 'failOnReissue' | 'failOnRenewal' | 'toolVersion'>,
  clusterUid: string,
  behind: BarrierResult,
  judged: readonly Judged[],
): Report {
  const problems = [...behind.problems, ...judged.flatMap((one) => problemsOf(one, request))];
  const has = (verdicts: readonly CertificateVerdict[]) => judged.some((one) => verdicts.includes(one.verdict));
  const unproven = has(OPEN) || behind.barrier === 'failed';
  return {
    command: 'verify',
    certkeep: request.toolVersion,
    exitCode: exitCodeOf(problems),
    cluster: clusterUid,
    certManager: behind.info.version,
    verdict: has(BAD) ? 'reissued' : unproven ? 'unproven' : 'unchanged',
    barrier: behind.barrier,
    certificates: judged.map((one) => ({
      namespace: one.entry.namespace ?? '',
      name: one.entry.name,
      verdict: one.verdict,
      reason: one.words ?? '',
      message: one.reason,
      at: one.renewsAt,
      evidence: one.evidence,
    })),
    problems,
    backup: backupSummary(request.backup),
  };
}

const CODES: Record<Exclude<CertificateVerdict, 'unchanged'>, ProblemCode> = {
  reissued: 'reissued',
  renewed: 'renewed',
  issuing: 'certificate-issuing',
  failed: 'certificate-failed',
  missing: 'certificate-missing',
  'awaiting-maker': 'awaiting-maker',
  unproven: 'unproven',
};

function problemsOf(one: Judged, request: Pick<VerifyRequest, 'failOnReissue' | 'failOnRenewal'>): Problem[] {
  const object = refName('Certificate', one.entry.namespace, one.entry.name);
  if (one.verdict === 'unchanged') {
    if (one.warning === undefined) return [];
    const fix = `See what it wants: ${describe(one)}.`;
    return [{ severity: 'warning', code: 'certificate-failed', message: one.warning, fix, object }];
  }
  if (one.barrierOnly === true) return [];
  // failOnReissue=false changes the exit code, never the verdict.
  let severity: Problem['severity'] = 'error';
  if (BAD.includes(one.verdict) && !request.failOnReissue) severity = 'warning';
  if (one.verdict === 'renewed' && !request.failOnRenewal) severity = 'note';
  const words = one.words === undefined ? '' : ` cert-manager said: ${one.words.replace(/\.$/, '')}.`;
  return [{ severity, code: CODES[one.verdict], message: `${one.reason}${words}`, fix: fixOf(one), object }];
}

function fixOf(one: Judged): string {
  const { entry, verdict } = one;
  switch (verdict) {
    case 'reissued':
      return `Whoever pinned the old certificate or key must learn of the new one. What led to it: ${describe(one)}. The old one is in the backup, where it holds Secrets.`;
    case 'issuing':
    case 'failed':
      return `See what it waits for: ${describe(one)}; then verify again.`;
    case 'missing':
      return 'Restore it: certkeep restore PATH. Where it was deleted on purpose, make a new backup.';
    case 'renewed':
      return 'Nothing to do: an ordinary renewal.';
    case 'awaiting-maker':
      return `Apply its ${entry.maker === undefined ? 'maker' : `${entry.maker.kind} ${entry.namespace}/${entry.maker.name}`}, then verify again.`;
    default:
      return entry.baseline.leafAbsent === 'not-read'
        ? 'Make the next backup with rights to read Secrets.'
        : `Look at it: ${describe(one)}; then verify again.`;
  }
}

function describe({ entry }: Judged): string {
  return `kubectl -n ${entry.namespace} describe certificate ${entry.name}`;
}
