import { objectName } from '../../../model/objects.ts';
import type { Problem } from '../../../model/problems.ts';
import type { Foreign } from '../foreign.ts';
import { backupIncludes, backupSpecOf, filterSpec, restoreIncludes } from './filters.ts';
import { objectsOf } from './manifests.ts';
import { CERTIFICATES, CLUSTER_ISSUERS } from './resources.ts';

/** Backups, Schedules and Restores that leave out ClusterIssuers, which belong to no namespace. */
export function clusterIssuers(foreign: Foreign): Problem[] {
  const backups = objectsOf(foreign, 'Backup', 'Schedule').filter((object) => {
    const spec = backupSpecOf(object);
    return backupIncludes(spec, CERTIFICATES) === 'yes' && backupIncludes(spec, CLUSTER_ISSUERS) !== 'yes';
  });
  const restores = objectsOf(foreign, 'Restore').filter((object) => {
    const spec = filterSpec(object.spec);
    return restoreIncludes(spec, CERTIFICATES) && !restoreIncludes(spec, CLUSTER_ISSUERS);
  });
  return [...backups, ...restores].map((object) => ({
    severity: 'error',
    code: 'cluster-issuers-left-out',
    message:
      'It leaves out ClusterIssuers, which belong to no namespace: where namespaces or resources are filtered they are in only if asked for. After the restore no Certificate of a ClusterIssuer can renew.',
    fix: 'Set spec.includeClusterResources: true, or includedClusterScopedResources with clusterissuers.cert-manager.io and customresourcedefinitions.',
    object: objectName(object),
  }));
}
