import type { StatusRecord } from '../model/backup.ts';
import { type Certificate, condition, type Issuer } from '../model/objects.ts';

/**
 * What of a Certificate's status is put back; undefined where there is nothing to put back.
 *
 * `revision` names the next request; `lastFailureTime`, `failedIssuanceAttempts` and the condition Issuing=False are the
 * back-off after a failure, without which a restore would try a failing ACME order again at once. Issuing=True would
 * start an issuance, and all else cert-manager computes from the Secret (trigger_controller.go, readiness_controller.go).
 */
export function certificateStatus(certificate: Certificate): StatusRecord | undefined {
  const { revision, lastFailureTime, failedIssuanceAttempts, conditions } = certificate.status ?? {};
  const issuing = condition(conditions, 'Issuing');
  const status = {
    ...(revision === undefined ? {} : { revision }),
    ...(lastFailureTime === undefined ? {} : { lastFailureTime }),
    ...(failedIssuanceAttempts === undefined ? {} : { failedIssuanceAttempts }),
    ...(issuing?.status === 'False' ? { conditions: [issuing] } : {}),
  };
  return Object.keys(status).length === 0 ? undefined : record(certificate, status);
}

/** The whole status of an issuer: cert-manager checks what it believes of it (pkg/issuer/acme/setup.go). */
export function issuerStatus(issuer: Issuer): StatusRecord | undefined {
  if (issuer.status === undefined || Object.keys(issuer.status).length === 0) return undefined;
  return record(issuer, issuer.status);
}

function record(object: Certificate | Issuer, status: Record<string, unknown>): StatusRecord {
  const { namespace, name } = object.metadata;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    status,
  };
}
