import type { StatusRecord } from '../model/backup.ts';
import { CERT_MANAGER_GROUP, groupOf } from '../model/kinds.ts';
import { type CertificateStatus, type Condition, condition, type KubeObject } from '../model/objects.ts';

/**
 * What of a Certificate's status is written back, as the body of a merge patch of `status`; undefined when nothing.
 *
 * - `revision`: names the next CertificateRequest; nobody recomputes it.
 * - `failedIssuanceAttempts`, `lastFailureTime` and the condition Issuing=False: the brake on a failing issuance.
 * Never Issuing=True (cert-manager would go on issuing), `nextPrivateKeySecretName`, Ready (its return is the proof
 * that the controller looked), nor what the controller computes from the Secret (dates, renewalTime).
 */
export function certificateStatus(record: StatusRecord | undefined): CertificateStatus | undefined {
  const source = record?.status as CertificateStatus | undefined;
  if (source === undefined) return undefined;
  const wanted: CertificateStatus = {};
  if (source.revision !== undefined) wanted.revision = source.revision;
  if (source.failedIssuanceAttempts !== undefined) wanted.failedIssuanceAttempts = source.failedIssuanceAttempts;
  if (source.lastFailureTime !== undefined) wanted.lastFailureTime = source.lastFailureTime;
  const issuing = condition(source.conditions, 'Issuing');
  if (issuing?.status === 'False' && source.lastFailureTime !== undefined) {
    wanted.conditions = [asFirstGeneration(issuing)];
  }
  return Object.keys(wanted).length === 0 ? undefined : wanted;
}

/**
 * The same of an issuer: of an ACME one its account and its conditions, which together keep cert-manager from
 * registering again (pkg/issuer/acme/setup.go: Ready, uri, e-mail and key hash must all fit). Of every other issuer
 * nothing: the controller looks at it anew in any case.
 */
export function issuerStatus(record: StatusRecord | undefined): Record<string, unknown> | undefined {
  if (record === undefined || groupOf(record.apiVersion) !== CERT_MANAGER_GROUP) return undefined;
  const acme = record.status.acme as Record<string, unknown> | undefined;
  if (typeof acme?.uri !== 'string' || acme.uri === '') return undefined;
  const conditions = (record.status.conditions as Condition[] | undefined) ?? [];
  return { acme, conditions: conditions.map(asFirstGeneration) };
}

/** A created object is at generation 1, whatever the source's was. */
function asFirstGeneration(source: Condition): Condition {
  return source.observedGeneration === undefined ? source : { ...source, observedGeneration: 1 };
}

/** True when an issuance is under way: then nobody but cert-manager may touch the status. */
export function isIssuing(object: KubeObject): boolean {
  const status = object.status as CertificateStatus | undefined;
  return condition(status?.conditions, 'Issuing')?.status === 'True';
}

/**
 * True for a live, equal object whose status an earlier, interrupted run did not come to write: nothing of what the
 * backup would write is there, and no issuance is under way.
 */
export function lacksStatus(live: KubeObject, wanted: Record<string, unknown>): boolean {
  const status = (live.status ?? {}) as Record<string, unknown>;
  if (live.kind === 'Certificate') {
    return !isIssuing(live) && status.revision === undefined && status.lastFailureTime === undefined;
  }
  return wanted.acme !== undefined && !(status.acme as { uri?: string } | undefined)?.uri;
}
