import { objectName } from '../../../model/objects.ts';
import { shimOwner } from '../../../model/owners.ts';
import type { Problem } from '../../../model/problems.ts';
import type { Foreign } from '../foreign.ts';
import { backupIncludes, backupSpecOf } from './filters.ts';
import { objectsOf } from './manifests.ts';
import { CERTIFICATES, INGRESSES } from './resources.ts';

const WHY =
  'Velero restores no owner references: cert-manager then takes such a Certificate for somebody else’s, and later changes of the Ingress, such as a new host, never reach it.';
const FIX =
  'Label the Certificate velero.io/exclude-from-backup=true; or restore in two steps, first with --exclude-resources certificates.cert-manager.io, and the rest once cert-manager has made those of the Ingresses.';

/** Certificates in a Velero backup that an Ingress, Gateway or ListenerSet makes. */
export function shimCertificates(foreign: Foreign): Problem[] {
  if (foreign.tool !== 'velero') return [];
  return foreign.certificates.flatMap(({ object }): Problem[] => {
    const owner = shimOwner(object);
    if (owner === undefined) return [];
    return [
      {
        severity: 'error',
        code: 'shim-certificate-included',
        message: `cert-manager made it for ${owner.kind} ${owner.name}. ${WHY}`,
        fix: FIX,
        object: objectName(object),
      },
    ];
  });
}

/** Backups and Schedules that take both, so that such Certificates are in it wherever there are any. */
export function shimCertificatesInManifests(foreign: Foreign): Problem[] {
  return objectsOf(foreign, 'Backup', 'Schedule').flatMap((object): Problem[] => {
    const spec = backupSpecOf(object);
    if (![CERTIFICATES, INGRESSES].every((resource) => backupIncludes(spec, resource) === 'yes')) return [];
    return [
      {
        severity: 'warning',
        code: 'shim-certificate-included',
        message: `It takes Certificates and Ingresses, and so the Certificates that cert-manager makes from Ingresses. ${WHY}`,
        fix: FIX,
        object: objectName(object),
      },
    ];
  });
}
