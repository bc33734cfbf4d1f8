import { objectName } from '../../../model/objects.ts';
import type { Problem } from '../../../model/problems.ts';
import { some } from '../../subject.ts';
import type { Foreign } from '../foreign.ts';
import { backupIncludes, backupSpecOf, filterSpec, restoreIncludes } from './filters.ts';
import { objectsOf, sourceOf } from './manifests.ts';
import { fullName, REQUESTS } from './resources.ts';

const WHY =
  'Velero restores them without their status: requests are signed again, orders are ordered again, and the names that they take make later renewals fail with "already exists".';

/** Backups, Schedules and Restores that take CertificateRequests, Orders or Challenges along. */
export function requestsInManifests(foreign: Foreign): Problem[] {
  const backups = objectsOf(foreign, 'Backup', 'Schedule').flatMap((object): Problem[] => {
    const spec = backupSpecOf(object);
    const taken = REQUESTS.filter((resource) => backupIncludes(spec, resource) === 'yes').map(fullName);
    if (taken.length === 0) return [];
    const field =
      spec.includedNamespaceScopedResources.length + spec.excludedNamespaceScopedResources.length > 0
        ? 'excludedNamespaceScopedResources'
        : 'excludedResources';
    return [
      {
        severity: 'error',
        code: 'requests-included',
        message: `It does not exclude ${some(taken)}. ${WHY}`,
        fix: `Add to spec.${object.kind === 'Schedule' ? 'template.' : ''}${field}: ${taken.join(', ')}`,
        object: objectName(object),
      },
    ];
  });
  // What the Backup leaves out needs no second exclusion; of a Backup that is not here nobody knows.
  const restores = objectsOf(foreign, 'Restore').flatMap((object): Problem[] => {
    const spec = filterSpec(object.spec);
    const taken = REQUESTS.filter((resource) => restoreIncludes(spec, resource)).map(fullName);
    if (taken.length === 0 || sourceOf(foreign, object) !== undefined || foreign.tool === 'velero') return [];
    return [
      {
        severity: 'warning',
        code: 'requests-included',
        message: `It does not exclude ${some(taken)}; whether they are in the backup is not known here. ${WHY}`,
        fix: `Add to spec.excludedResources: ${taken.join(', ')}; or check the backup as well.`,
        object: objectName(object),
      },
    ];
  });
  return [...backups, ...restores];
}
