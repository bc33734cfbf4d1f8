import { objectName } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import type { PlannedObject } from './actions.ts';
import type { PredictedCertificate } from './predict.ts';

/** Problems of one sort that are listed one by one; the rest is counted, and `objects` or `certificates` has all. */
export const LISTED = 50;

/** Live objects that differ from the backup: errors, or notes where they are to be kept. */
export function conflictProblems(planned: readonly PlannedObject[]): Problem[] {
  const conflicts = planned.filter((item) => item.action === 'conflict');
  const problems = conflicts.slice(0, LISTED).map(
    (item): Problem => ({
      severity: 'error',
      code: 'conflict',
      message: `${objectName(item.object)} exists on the target already: ${item.why}.`,
      fix: 'Make it equal or delete it, or leave the live one as it is with --on-conflict keep.',
      object: objectName(item.object),
    }),
  );
  return [...problems, ...rest(conflicts.length, 'error', 'conflict', 'live objects differ from the backup')];
}

/**
 * What the prediction found: a reissue is an error where it is to be refused, else a warning. A renewal that is due
 * is no consequence of the restore: it is said, and an error only where asked for. Nor is the first issuance of a
 * Certificate that never had a Secret: there is nothing that it could replace.
 */
export function predictionProblems(
  predicted: readonly PredictedCertificate[],
  options: {
    failOnReissue: boolean;
    failOnRenewal: boolean;
    /** `Certificate/ns/name` of those that had no Secret at the source either. */
    neverIssued: ReadonlySet<string>;
  },
): Problem[] {
  const found = {
    reissue: [] as Problem[],
    first: [] as Problem[],
    renewal: [] as Problem[],
    undecidable: [] as Problem[],
  };
  const reissueSeverity = options.failOnReissue ? 'error' : 'warning';
  const renewalSeverity = options.failOnRenewal ? 'error' : 'warning';
  for (const { certificate, decision, hasSecret } of predicted) {
    const object = objectName(certificate);
    const words = [decision.reason, decision.message].filter((text) => text !== '').join(': ');
    if (decision.outcome === 'undecidable') {
      found.undecidable.push({
        severity: 'warning',
        code: 'undecidable',
        message: `Whether ${object} would be reissued cannot be told (${words}).`,
        fix: 'Look at it after the restore: certkeep verify names it if it was.',
        object,
      });
    } else if (isRenewal(decision.reason) && decision.outcome === 'reissue') {
      found.renewal.push({
        severity: renewalSeverity,
        code: 'renewal-due',
        message: `${object} is due for its ordinary renewal: cert-manager will renew it as soon as it is there (${words}).`,
        fix: 'Nothing: with or without a restore it is renewed now.',
        object,
      });
    } else if (decision.outcome === 'reissue' && !hasSecret && options.neverIssued.has(object)) {
      found.first.push({
        severity: 'warning',
        code: 'certificate-in-issuance',
        message: `${object} had no certificate at the source: cert-manager will try to issue its first one (${words}).`,
        fix: 'Nothing, or take it out of the source before the backup if it is not wanted.',
        object,
      });
    } else if (decision.outcome === 'reissue') {
      found.reissue.push({
        severity: reissueSeverity,
        code: 'would-be-reissued',
        message: `cert-manager would reissue ${object} after the restore (${words}).`,
        fix: 'Correct the cause named there, or accept it with --fail-on-reissue=false.',
        object,
      });
    }
  }
  return [
    ...found.reissue.slice(0, LISTED),
    ...rest(found.reissue.length, reissueSeverity, 'would-be-reissued', 'Certificates would be reissued'),
    ...found.first.slice(0, LISTED),
    ...rest(found.first.length, 'warning', 'certificate-in-issuance', 'Certificates will be issued for the first time'),
    ...found.renewal.slice(0, LISTED),
    ...rest(found.renewal.length, renewalSeverity, 'renewal-due', 'Certificates are due for renewal'),
    ...found.undecidable.slice(0, LISTED),
    ...rest(found.undecidable.length, 'warning', 'undecidable', 'Certificates are undecidable'),
  ];
}

/** cert-manager's reason for a renewal at its time (policies.Renewing). */
function isRenewal(reason: string): boolean {
  return reason === 'Renewing';
}

/** The line that stands for those beyond the first fifty. */
export function rest(count: number, severity: Problem['severity'], code: Problem['code'], what: string): Problem[] {
  if (count <= LISTED) return [];
  return [
    { severity, code, message: `${count - LISTED} more ${what}.`, fix: 'See the full list in the report (--json).' },
  ];
}
