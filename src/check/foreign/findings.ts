import type { Problem } from '../../model/problems.ts';
import { apiVersions } from './api-versions.ts';
import { clusterMetadata } from './cluster-metadata.ts';
import type { Foreign } from './foreign.ts';
import { hiddenSecrets } from './hidden-secrets.ts';
import { namespaces } from './namespaces.ts';
import { oneTimeObjects } from './one-time-objects.ts';
import { fileOrder } from './order.ts';
import { staleOwners } from './owners.ts';
import { pairs } from './pairs.ts';
import { references } from './references.ts';
import { secretsLeftOut } from './secrets-left-out.ts';
import { sharedSecrets } from './shared-secrets.ts';
import { temporaryKeys } from './temporary-keys.ts';
import { clusterIssuers } from './velero/cluster-issuers.ts';
import { crdsInBackup, crdsInManifests } from './velero/crds.ts';
import { existingObjects } from './velero/existing.ts';
import { deploymentBeforeRbac } from './velero/rbac.ts';
import { requestsInManifests } from './velero/requests.ts';
import { restoreOrder } from './velero/restore-order.ts';
import { secretsInManifests } from './velero/secrets.ts';
import { shimCertificates, shimCertificatesInManifests } from './velero/shim-certificates.ts';
import { statusNotRestored } from './velero/status.ts';
import { webhookCa } from './webhook-ca.ts';

type Finding = (foreign: Foreign) => Problem[];

/** Whoever restores the objects. */
const OF_OBJECTS: readonly Finding[] = [
  oneTimeObjects,
  webhookCa,
  temporaryKeys,
  apiVersions,
  secretsLeftOut,
  references,
  pairs,
  sharedSecrets,
  hiddenSecrets,
];

/** Where kubectl applies them as they stand. */
const OF_KUBECTL: readonly Finding[] = [staleOwners, fileOrder, clusterMetadata, namespaces];

/** Where Velero restores them, or is told to. */
const OF_VELERO: readonly Finding[] = [
  crdsInBackup,
  crdsInManifests,
  clusterIssuers,
  requestsInManifests,
  secretsInManifests,
  shimCertificates,
  shimCertificatesInManifests,
  restoreOrder,
  deploymentBeforeRbac,
  existingObjects,
  statusNotRestored,
];

/** Everything that is to be said of somebody else's backup, besides the prediction (reissues.ts). */
export function findings(foreign: Foreign): Problem[] {
  const all = [...OF_OBJECTS, ...(foreign.tool === 'kubectl' ? OF_KUBECTL : []), ...OF_VELERO];
  return all.flatMap((finding) => finding(foreign));
}
