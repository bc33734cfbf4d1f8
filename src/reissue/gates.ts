import { CERTIFICATE_NAME_ANNOTATION, REVISION_ANNOTATION } from '../model/kinds.ts';
import { type Certificate, type CertificateRequest, condition, type Secret } from '../model/objects.ts';
import { readRequest } from './csr.ts';
import { SECOND, saturatingSub } from './goDuration.ts';
import { parseTime, ZERO_SECONDS } from './goTime.ts';
import { requestMatchesSpec } from './matches.ts';
import { requestBytes } from './policies/policy.ts';
import { Unclear } from './read.ts';
import { controllerUid } from './state.ts';
import type { Rules } from './versions.ts';

/**
 * What stands before the policy chain (pkg/controller/certificates/trigger/trigger_controller.go ProcessItem,
 * internal/controller/certificates/certificates.go, policies/gatherer.go).
 */

/** Whether an issuance is already under way: the trigger does nothing then, and the other controllers issue. */
export function isIssuing(certificate: Certificate): boolean {
  return condition(certificate.status?.conditions, 'Issuing')?.status === 'True';
}

/**
 * Whether this Certificate is the owner of its Secret (CertificateOwnsSecret): of several Certificates with one
 * secretName the one that the Secret's annotation names, else the oldest, by name within the same second.
 */
export function ownsSecret(
  certificate: Certificate,
  secret: Secret | undefined,
  siblings: readonly Certificate[],
  rules: Rules,
): boolean {
  const { name } = certificate.metadata;
  const sharing = siblings.filter(
    (other) => other?.spec?.secretName === certificate.spec.secretName && typeof other.metadata?.name === 'string',
  );
  if (!sharing.some((other) => other.metadata.name === name)) sharing.push(certificate);
  if (sharing.length === 1) return true;
  const annotated = secret?.metadata.annotations?.[CERTIFICATE_NAME_ANNOTATION];
  if (annotated !== undefined && sharing.some((other) => other.metadata.name === annotated)) return annotated === name;
  if (rules.ownerByChance)
    throw new Unclear(`cert-manager ${rules.version} picks the owner of a shared Secret by chance`);
  const [first] = sharing
    .map((other) => ({ name: other.metadata.name, created: creationTime(other) }))
    .sort((a, b) => a.created - b.created || compareBytes(a.name, b.name));
  return first?.name === name;
}

function creationTime(certificate: Certificate): number {
  const text = certificate.metadata.creationTimestamp;
  if (text === undefined || text === null) return ZERO_SECONDS;
  const time = parseTime(text);
  if (time === undefined) throw new Unclear('metadata.creationTimestamp of a Certificate is not a time');
  return time;
}

const compareBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

export interface Gathered {
  current: CertificateRequest | undefined;
  next: CertificateRequest | undefined;
  /** Upstream's error where two requests claim one revision; the controller then does nothing until one is gone. */
  error?: string;
}

/** The CertificateRequests of the current and of the next revision (DataForCertificate). */
export function gather(certificate: Certificate, requests: readonly CertificateRequest[]): Gathered {
  const revision = certificate.status?.revision ?? undefined;
  const own = requests.filter((request) => isControlledBy(request, certificate));
  const current = revision === undefined ? [] : withRevision(own, revision);
  const nextRevision = revision === undefined ? 1 : revision + 1;
  const next = withRevision(own, nextRevision);
  const duplicate = current.length > 1 ? `'current' revision ${revision}` : `'next' revision ${nextRevision}`;
  return {
    current: current[0],
    next: next[0],
    ...(current.length > 1 || next.length > 1
      ? {
          error: `multiple CertificateRequests were found for the ${duplicate}, issuance is skipped until there are no more duplicates`,
        }
      : {}),
  };
}

/** metav1.IsControlledBy: by uid alone. */
function isControlledBy(request: CertificateRequest, certificate: Certificate): boolean {
  return controllerUid(request) === (certificate.metadata.uid ?? '');
}

function withRevision(requests: readonly CertificateRequest[], revision: number): CertificateRequest[] {
  return requests.filter((request) => request.metadata.annotations?.[REVISION_ANNOTATION] === String(revision));
}

/**
 * The end of the back-off after failed issuances, in nanoseconds since 1970; undefined where none is in force
 * (shouldBackoffReissuingOnFailure). An edit of the spec since the failed request lifts it.
 */
export function backOffUntil(
  certificate: Certificate,
  next: CertificateRequest | undefined,
  now: bigint,
  rules: Rules,
): bigint | undefined {
  const text = certificate.status?.lastFailureTime ?? undefined;
  if (text === undefined || rules.minimumBackoff <= 0n) return undefined;
  const lastFailure = parseTime(text);
  if (lastFailure === undefined) throw new Unclear('status.lastFailureTime is not a time');
  const failed = BigInt(lastFailure) * SECOND;
  const delay = backOff(certificate.status?.failedIssuanceAttempts ?? undefined, rules);
  if (saturatingSub(now, failed) >= delay) return undefined;
  if (next !== undefined) {
    const csr = readRequest(requestBytes(next), rules);
    if (csr.kind === 'unclear') throw new Unclear(csr.why);
    if (csr.kind === 'invalid') return undefined;
    if (requestMatchesSpec(next, csr.value, certificate.spec, rules).length > 0) return undefined;
  }
  return failed + delay;
}

/** The delay after so many attempts: it doubles, in Go's 64 bits, and is held within its bounds. */
export function backOff(attempts: number | undefined, rules: Rules): bigint {
  const { minimumBackoff, maximumBackoff } = rules;
  if (attempts === undefined || attempts <= 0) return minimumBackoff;
  const doubled = attempts > 63 ? 0n : BigInt.asIntN(64, minimumBackoff << BigInt(attempts - 1));
  const delay = rules.clampedBackoff
    ? doubled < minimumBackoff || doubled > maximumBackoff
      ? maximumBackoff
      : doubled
    : attempts > ATTEMPTS_TO_MAXIMUM
      ? maximumBackoff
      : doubled;
  return delay < minimumBackoff ? minimumBackoff : delay;
}

/** Before 1.21: after the sixth attempt the delay is the maximum, which may be less than the sixth's. */
const ATTEMPTS_TO_MAXIMUM = 6;
