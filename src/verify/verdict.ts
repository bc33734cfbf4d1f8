import type { CertificateBaseline, LeafFacts } from '../model/backup.ts';
import { condition } from '../model/objects.ts';
import type { CertificateVerdict } from '../model/report.ts';
import type { Comparison } from './evidence.ts';

export interface Verdict {
  verdict: CertificateVerdict;
  /** One line for a person. */
  reason: string;
  /** Nothing happened yet, but something is about to: worth a warning. */
  warning?: string;
}

export interface VerdictOptions {
  /**
   * Of a Certificate that an Ingress, Gateway or ListenerSet makes: whether that maker is in the cluster. undefined for
   * all other Certificates.
   */
  maker?: 'present' | 'absent' | 'unknown';
}

/**
 * What the facts of one Certificate mean; pure. Not reissued means: same leaf, no issuance running, finished, failed or
 * attempted since, and cert-manager has looked (the barrier, which the caller knows of). The order of the questions is
 * that of certainty: what surely happened is told before what may be missing.
 */
export function verdictOf(comparison: Comparison, options: VerdictOptions): Verdict {
  const { before, after } = comparison;
  if (after === undefined) return absent(options.maker);
  if (comparison.deleting) return { verdict: 'missing', reason: 'The Certificate is being deleted.' };
  return (
    running(comparison, before) ??
    failed(comparison, before, after) ??
    differentLeaf(comparison, before, after) ??
    issuedAndPutBack(comparison, before, after) ??
    secretAtFault(comparison, before, after) ??
    notLookedAt(comparison, before) ??
    unready(comparison, before) ?? { verdict: 'unchanged', reason: unchangedReason(comparison, before) }
  );
}

function absent(maker: VerdictOptions['maker']): Verdict {
  if (maker === 'absent') {
    return {
      verdict: 'awaiting-maker',
      reason: 'The Ingress, Gateway or ListenerSet that makes this Certificate is not in the cluster yet.',
    };
  }
  if (maker === 'unknown') {
    return {
      verdict: 'awaiting-maker',
      reason: 'The Certificate does not exist, and whether the object that makes it does could not be read.',
    };
  }
  if (maker === 'present') {
    return { verdict: 'missing', reason: 'The object that makes this Certificate is there, but has not made it.' };
  }
  return { verdict: 'missing', reason: 'The Certificate does not exist.' };
}

function running(comparison: Comparison, before: CertificateBaseline): Verdict | undefined {
  const { issuing, newKeySecrets } = comparison;
  if (issuing !== undefined) {
    const already = condition(before.conditions, 'Issuing')?.status === 'True' ? ', as it was at the backup' : '';
    return { verdict: 'issuing', reason: `A certificate is being issued${already}: ${words(issuing)}.` };
  }
  if (newKeySecrets.length > 0) {
    return { verdict: 'issuing', reason: `A key for a next certificate was made: Secret ${newKeySecrets.join(', ')}.` };
  }
  return undefined;
}

/** failIssueCertificate (issuing_controller.go) sets both fields, and nothing else does. */
function failed(comparison: Comparison, before: CertificateBaseline, after: CertificateBaseline): Verdict | undefined {
  if (after.lastFailureTime === null) return undefined;
  const same =
    sameTime(after.lastFailureTime, before.lastFailureTime) &&
    after.failedIssuanceAttempts === before.failedIssuanceAttempts;
  if (same) return undefined;
  const issuing = condition(after.conditions, 'Issuing');
  return {
    verdict: 'failed',
    reason: `An issuance failed at ${after.lastFailureTime}${issuing === undefined ? '' : `: ${words(issuing)}`}.${
      comparison.newRequests.length > 0 ? ` Request: ${names(comparison)}.` : ''
    }`,
  };
}

function differentLeaf(
  comparison: Comparison,
  before: CertificateBaseline,
  after: CertificateBaseline,
): Verdict | undefined {
  if (after.leaf === null) return undefined;
  if (before.leaf === null) {
    // Where Secrets were not read there is nothing to compare with; where there was no certificate, there is one now.
    if (before.leafAbsent === 'not-read') return undefined;
    return {
      verdict: 'reissued',
      reason: `There was no ${before.leafAbsent === 'unreadable' ? 'readable ' : ''}certificate at the backup, and one was issued since.`,
    };
  }
  if (before.leaf.sha256 === after.leaf.sha256) return undefined;
  const rotated = before.leaf.publicKeySha256 === after.leaf.publicKeySha256 ? 'same key' : 'new key';
  const change = `serial ${before.leaf.serial} → ${after.leaf.serial}, ${rotated}`;
  if (isRenewal(comparison, before, after, after.leaf)) {
    return {
      verdict: 'renewed',
      reason: `Renewed as scheduled: the renewal was due at ${before.renewalTime} (${change}).`,
    };
  }
  if (comparison.newRequests.length === 0 && sameRevision(before, after)) {
    return {
      verdict: 'reissued',
      reason: `The Secret holds another certificate (${change}), although cert-manager records no issuance: somebody wrote the Secret.`,
    };
  }
  const due = before.renewalTime === null ? '' : `, though its renewal was not due before ${before.renewalTime}`;
  return {
    verdict: 'reissued',
    reason: `Another certificate was issued (${change})${comparison.specChanged ? '; the Certificate’s spec was changed too' : due}.`,
  };
}

/** Between the time that a renewal is due and the request for it, cert-manager's clock and ours may differ so much. */
const CLOCK_SKEW_MS = 5000;

/**
 * An ordinary renewal: every issuance since the baseline was on or after its renewal time, the spec unchanged. Of the
 * earlier ones only their number is left (the revision), so they are counted back from the newest: issuances on
 * schedule are one interval apart, and the first of them must not fall before the time that the baseline gives.
 */
function isRenewal(
  comparison: Comparison,
  before: CertificateBaseline,
  after: CertificateBaseline,
  leaf: LeafFacts,
): boolean {
  if (before.renewalTime === null || comparison.specChanged || after.revision === null) return false;
  const due = Date.parse(before.renewalTime);
  // CAs date their certificates back by up to hours; the request cannot be.
  const times = [leaf.notBefore, ...comparison.newRequests.map((request) => request.creationTimestamp)].map(Date.parse);
  const newest = Math.max(...times.filter((time) => !Number.isNaN(time)));
  // A status without a revision begins again at 1, and so does a Certificate that was made anew.
  const start = before.revision !== null && after.revision > before.revision ? before.revision : 0;
  const issuances = after.revision - start;
  if (issuances <= 1) return newest >= due - CLOCK_SKEW_MS;
  // The next renewal time lags behind for a moment after an issuance; then the interval of the baseline is the best guess.
  const ahead = after.renewalTime === null ? 0 : Date.parse(after.renewalTime) - newest;
  const interval = ahead > 0 ? ahead : due - Date.parse(before.leaf?.notBefore ?? '');
  return newest - (issuances - 1) * interval >= due - CLOCK_SKEW_MS;
}

/** The leaf is that of the backup (or there is none in both), yet an issuance left its traces. */
function issuedAndPutBack(
  comparison: Comparison,
  before: CertificateBaseline,
  after: CertificateBaseline,
): Verdict | undefined {
  const kept =
    after.leaf !== null && before.leaf !== null ? ', although the certificate in the Secret is that of the backup' : '';
  if (comparison.newRequests.length > 0) {
    return { verdict: 'reissued', reason: `A certificate was requested since (${names(comparison)})${kept}.` };
  }
  if (after.revision === null || after.revision === before.revision) return undefined;
  if (before.revision === null || after.revision > before.revision) {
    return {
      verdict: 'reissued',
      reason: `The revision rose from ${before.revision ?? 'none'} to ${after.revision}: a certificate was issued${kept}.`,
    };
  }
  // Only an issuance counts a new object's revision up from none; in the same object it never falls by itself.
  return comparison.sameObject
    ? {
        verdict: 'unproven',
        reason: `The revision fell from ${before.revision} to ${after.revision}: somebody wrote the status, which then proves nothing.`,
      }
    : {
        verdict: 'reissued',
        reason: `The revision is ${after.revision} instead of ${before.revision}: a certificate was issued after the Certificate was made again${kept}.`,
      };
}

function secretAtFault(
  comparison: Comparison,
  before: CertificateBaseline,
  after: CertificateBaseline,
): Verdict | undefined {
  if (comparison.baseline === 'requests') return withoutRequest(before, after);
  const secret = `Secret ${after.secretName}`;
  if (before.leafAbsent === 'not-read') {
    return {
      verdict: 'unproven',
      reason: 'The backup did not read Secrets, so it holds no certificate to compare with.',
    };
  }
  if (after.leaf === null && before.leaf !== null) {
    if (after.leafAbsent === 'not-read') {
      return { verdict: 'unproven', reason: `${secret} could not be read.` };
    }
    return {
      verdict: 'missing',
      reason: `${secret} ${after.leafAbsent === 'missing' ? 'does not exist' : 'holds no readable certificate'}: the certificate is lost, and cert-manager will issue another one.`,
    };
  }
  if (before.keySha256 !== null && after.keySha256 !== before.keySha256) {
    return {
      verdict: 'failed',
      reason: `${secret} holds the certificate of the backup but another private key: they do not belong together.`,
    };
  }
  if (comparison.strangeOwner !== undefined) {
    return {
      verdict: 'unproven',
      reason: `${secret} is owned by a Certificate that no longer exists (uid ${comparison.strangeOwner}): the garbage collector will delete it.`,
    };
  }
  if (comparison.sameObject && before.lastFailureTime !== null && after.lastFailureTime === null) {
    return {
      verdict: 'unproven',
      reason:
        'The record of a failed issuance is gone from the status, which only a later issuance or somebody’s edit does.',
    };
  }
  return undefined;
}

/** Nothing of Secrets was read: the current CertificateRequests have to hold the certificates. */
function withoutRequest(before: CertificateBaseline, after: CertificateBaseline): Verdict | undefined {
  if (before.leaf === null) {
    return {
      verdict: 'unproven',
      reason:
        'The backup holds no certificate to compare with: Secrets are not read, and there was no current CertificateRequest with one.',
    };
  }
  if (after.leaf === null) {
    return {
      verdict: 'unproven',
      reason:
        'There is no current CertificateRequest with a certificate to compare, and Secrets are not read (--baseline requests).',
    };
  }
  return undefined;
}

function notLookedAt(comparison: Comparison, before: CertificateBaseline): Verdict | undefined {
  if (comparison.readyObserved) return undefined;
  // cert-manager gives no Ready to what it has not looked at since its spec was written.
  const never = condition(before.conditions, 'Ready') === undefined && comparison.sameObject;
  return {
    verdict: 'unproven',
    reason: `cert-manager has not looked at the Certificate ${never ? 'yet, as at the backup' : 'since it was written'}: ${
      comparison.ready === undefined ? 'there is no Ready condition' : 'its Ready condition is of an earlier generation'
    }.`,
  };
}

/**
 * Ready is False for cert-manager's own reasons to reissue (besides Expired): where nothing was issued all the same, a
 * back-off or another owner of the Secret stands before it.
 */
function unready(comparison: Comparison, before: CertificateBaseline): Verdict | undefined {
  const { ready } = comparison;
  if (ready === undefined || ready.status === 'True') return undefined;
  if (ready.reason === 'Expired') {
    // The one reason that is no mismatch: where renewal is off, nothing follows from it.
    return {
      verdict: 'unchanged',
      reason: 'Same certificate, nothing issued or requested since; it has expired.',
      warning: `The certificate has expired and is not being renewed (${words(ready)}).`,
    };
  }
  const wasReady = condition(before.conditions, 'Ready');
  if (wasReady?.status !== 'True' && wasReady?.reason === ready.reason) {
    return {
      verdict: 'unchanged',
      reason: 'Same certificate, nothing issued or requested since; not Ready, as at the backup.',
      warning: `Not Ready, as at the backup (${words(ready)}): cert-manager may issue another certificate once nothing holds it back.`,
    };
  }
  return {
    verdict: 'failed',
    reason: `Not Ready: ${words(ready)}. The certificate is that of the backup so far; cert-manager will issue another one once nothing holds it back.`,
  };
}

function unchangedReason(comparison: Comparison, before: CertificateBaseline): string {
  if (before.leaf === null)
    return 'There was no certificate at the backup, and there is none now; nothing was requested since.';
  const key = comparison.baseline === 'requests' ? ' Secret and key were not compared.' : '';
  const again = comparison.sameObject ? '' : ' The Certificate itself was made again since.';
  const spec = comparison.specChanged ? ' Its spec was changed, without a reissue.' : '';
  return `Same certificate, nothing issued or requested since.${key}${again}${spec}`;
}

function sameRevision(before: CertificateBaseline, after: CertificateBaseline): boolean {
  return after.revision === null || after.revision === before.revision;
}

function sameTime(a: string, b: string | null): boolean {
  return b !== null && (a === b || Date.parse(a) === Date.parse(b));
}

const names = (comparison: Comparison): string => comparison.newRequests.map((request) => request.name).join(', ');

/** cert-manager's own words in a condition. */
function words(c: { reason?: string; message?: string }): string {
  const message = (c.message ?? '').replace(/\.$/, '');
  return [c.reason ?? '', message].filter((text) => text !== '').join(': ') || 'no reason given';
}
