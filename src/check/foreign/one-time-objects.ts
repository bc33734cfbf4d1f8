import { ACME_GROUP, CERT_MANAGER_GROUP, groupOf } from '../../model/kinds.ts';
import { objectName } from '../../model/objects.ts';
import type { Problem } from '../../model/problems.ts';
import type { Foreign } from './foreign.ts';

const WHY: Record<string, string> = {
  CertificateRequest:
    'It stands for one issuance that is over. Created anew, without its status, it is approved and signed again; and since its name is taken, the next renewal of its Certificate fails for ever with "already exists".',
  Order:
    'It stands for one order at the ACME server that is over. Created anew, without its status, it is ordered again, which counts against the limits of the CA.',
  Challenge:
    'It stands for one challenge that is over. Created anew, without its status, it is tried again; and its finalizer keeps its namespace from being deleted.',
};

/** CertificateRequests, Orders and Challenges in the backup. */
export function oneTimeObjects(foreign: Foreign): Problem[] {
  return foreign.items.flatMap(({ object }) => {
    const group = groupOf(object.apiVersion);
    const why = group === CERT_MANAGER_GROUP || group === ACME_GROUP ? WHY[object.kind] : undefined;
    if (why === undefined) return [];
    return [
      { severity: 'error', code: 'requests-included', message: why, fix: fixOf(foreign), object: objectName(object) },
    ];
  });
}

function fixOf(foreign: Foreign): string {
  const resources = 'certificaterequests.cert-manager.io,orders.acme.cert-manager.io,challenges.acme.cert-manager.io';
  return foreign.tool === 'velero'
    ? `Restore with --exclude-resources ${resources}, and add the same to the backup.`
    : 'Take it out of the file before it is applied; `certkeep check --convert DIR` does that.';
}
