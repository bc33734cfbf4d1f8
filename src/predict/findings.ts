import { formatDuration } from '../model/duration.ts';
import { objectName } from '../model/objects.ts';
import type { Problem, Severity } from '../model/problems.ts';
import { isRenewal, type Judged, renewalTime } from './judge.ts';
import type { PredictRequest } from './request.ts';

/** Findings of one sort that are listed one by one; `certificates` in the report has all. */
const LISTED = 50;

/** What the predictions amount to: one finding a Certificate that does not simply go on, and how bad each is. */
export function findings(judged: readonly Judged[], request: PredictRequest, now: Date): Problem[] {
  const { failOnReissue, failOnRenewal, horizonMs } = request;
  return [
    ...listed(
      judged.filter(({ decision }) => decision.outcome === 'reissue' && !isRenewal(decision)),
      {
        severity: failOnReissue ? 'error' : 'warning',
        code: 'would-be-reissued',
        what: (words) => `cert-manager would reissue this Certificate (${words}).`,
        fix: 'Correct the cause named there, or accept the reissue.',
        more: 'Certificates would be reissued',
      },
    ),
    ...listed(
      judged.filter(({ decision }) => decision.outcome === 'undecidable'),
      {
        severity: failOnReissue ? 'error' : 'warning',
        code: 'undecidable',
        what: (words) => `Whether this Certificate would be reissued cannot be told: ${words}.`,
        fix: 'Correct what is named there, or watch this Certificate.',
        more: 'Certificates are undecidable',
      },
    ),
    ...listed(
      judged.filter(({ upgrade }) => upgrade?.reissuedIfCrdsFirst === true),
      {
        severity: failOnReissue ? 'error' : 'warning',
        code: 'would-be-reissued',
        what: () => 'This Certificate would be reissued if the CRDs were changed while the old controller still runs.',
        fix: 'Stop the old controller before the CRDs are changed: kubectl -n cert-manager scale deployment cert-manager --replicas=0',
        more: 'Certificates would be reissued if the CRDs were changed under the running controller',
      },
    ),
    ...renewals(judged, failOnRenewal, horizonMs, now),
  ];
}

interface Sort {
  severity: Severity;
  code: Problem['code'];
  what(words: string): string;
  fix: string;
  more: string;
}

function listed(judged: readonly Judged[], { severity, code, what, fix, more }: Sort): Problem[] {
  const problems = judged.slice(0, LISTED).map(({ certificate, decision, shim }): Problem => {
    const object = objectName(certificate);
    const words = [decision.reason, decision.message, madeBy(shim)].filter((text) => text !== '').join(': ');
    return { severity, code, message: what(words || 'already in issuance'), fix, object };
  });
  const rest = judged.length - LISTED;
  if (rest > 0) {
    problems.push({
      severity,
      code,
      message: `${rest} more ${more}.`,
      fix: 'See the full list in the report (--json).',
    });
  }
  return problems;
}

/** Whose doing it is, in words. */
function madeBy(shim: Judged['shim']): string {
  if (shim === undefined || shim.action === 'undecidable') return '';
  const paths = shim.changes.map(({ path }) => path);
  const changes = paths.length === 0 ? '' : ` (${paths.slice(0, 5).join(', ')}${paths.length > 5 ? ' and more' : ''})`;
  return shim.action === 'update' ? `${shim.maker} changes it${changes}` : `${shim.maker} makes it anew`;
}

/** Ordinary renewals, as two lines at most: each Certificate's own time is in the list of Certificates. */
function renewals(judged: readonly Judged[], failOnRenewal: boolean, horizonMs: number, now: Date): Problem[] {
  const severity: Severity = failOnRenewal ? 'error' : 'note';
  const due = judged.filter(({ decision }) => isRenewal(decision));
  const end = now.getTime() + horizonMs;
  const soon = judged.filter(({ decision }) => (renewalTime(decision) ?? Number.POSITIVE_INFINITY) <= end);
  const line = (those: readonly Judged[], what: string): Problem[] => {
    if (those.length === 0) return [];
    const names = those.slice(0, 3).map(({ certificate }) => objectName(certificate));
    const more = those.length > names.length ? ` and ${those.length - names.length} more` : '';
    return [
      {
        severity,
        code: 'renewal-due',
        message: `${those.length === 1 ? 'One Certificate' : `${those.length} Certificates`} ${what} (${names.join(', ')}${more}).`,
        fix: 'Nothing: that is cert-manager’s ordinary work.',
      },
    ];
  };
  return [
    ...line(due, due.length === 1 ? 'is due for its ordinary renewal now' : 'are due for their ordinary renewal now'),
    ...line(soon, `will renew within ${formatDuration(horizonMs)}`),
  ];
}
