import { objectName } from '../../../model/objects.ts';
import type { Problem } from '../../../model/problems.ts';
import type { Foreign } from '../foreign.ts';
import { filterSpec, restoreIncludes } from './filters.ts';
import { objectsOf } from './manifests.ts';
import { SECRETS } from './resources.ts';

/** Restores that overwrite what exists. */
export function existingObjects(foreign: Foreign): Problem[] {
  return objectsOf(foreign, 'Restore').flatMap((object): Problem[] => {
    const { existingResourcePolicy } = (object.spec ?? {}) as { existingResourcePolicy?: unknown };
    if (existingResourcePolicy !== 'update' || !restoreIncludes(filterSpec(object.spec), SECRETS)) return [];
    return [
      {
        severity: 'error',
        code: 'overwrites-live-objects',
        message:
          'existingResourcePolicy: update overwrites Secrets that exist: the CA of cert-manager’s webhook, after which every write to a cert-manager resource fails, and certificates that were renewed since, whose CertificateRequests then no longer fit, so that they are issued anew.',
        fix: 'Take it off, so that what exists is left alone; or exclude the resource secrets.',
        object: objectName(object),
      },
    ];
  });
}
