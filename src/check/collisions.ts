import { type Certificate, type CertificateRequest, objectName } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import { controllerUid } from '../reissue/state.ts';

/**
 * CertificateRequests that hold the name which the next issuance of a Certificate will want, `<name>-<revision + 1>`, and
 * are not the Certificate's own: cert-manager then fails for ever with AlreadyExists, while Ready stays True
 * (pkg/controller/certificates/requestmanager/requestmanager_controller.go; its own ones it deletes first).
 *
 * @param revisionOf the revision that the Certificate has, or will have when it is renewed; undefined for none
 */
export function collisionProblems(
  certificates: readonly Certificate[],
  requests: readonly CertificateRequest[],
  revisionOf: (certificate: Certificate) => number | undefined,
): Problem[] {
  const byName = new Map(
    requests.map((request) => [`${request.metadata?.namespace ?? ''}/${request.metadata?.name}`, request]),
  );
  return certificates.flatMap((certificate): Problem[] => {
    const { namespace = '', name, uid } = certificate.metadata;
    const next = (revisionOf(certificate) ?? 0) + 1;
    const request = byName.get(`${namespace}/${name}-${next}`);
    if (request === undefined || (uid !== undefined && controllerUid(request) === uid)) return [];
    return [
      {
        severity: 'warning',
        code: 'name-collision',
        message: `${objectName(request)} holds the name that the next issuance of ${objectName(certificate)} will want, and does not belong to it: that issuance fails for ever ("already exists"), and Ready stays True until the certificate expires.`,
        fix: `Delete it before the next renewal: kubectl -n ${namespace} delete certificaterequest ${name}-${next}.`,
        object: objectName(certificate),
      },
    ];
  });
}
