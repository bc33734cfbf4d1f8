import { objectName } from '../../../model/objects.ts';
import type { Problem } from '../../../model/problems.ts';
import type { Foreign } from '../foreign.ts';
import {
  backupIncludes,
  backupSpecOf,
  type FilterSpec,
  filterSpec,
  filtersNamespaces,
  includesNamespace,
  restoreIncludes,
} from './filters.ts';
import { objectsOf } from './manifests.ts';
import { CERTIFICATES, SECRETS } from './resources.ts';

/** Backups, Schedules and Restores that take Certificates and not, or not all of, their Secrets. */
export function secretsInManifests(foreign: Foreign): Problem[] {
  const backups = objectsOf(foreign, 'Backup', 'Schedule').flatMap((object) => {
    const spec = backupSpecOf(object);
    if (backupIncludes(spec, CERTIFICATES) !== 'yes') return [];
    return judge(foreign, objectName(object), spec, backupIncludes(spec, SECRETS) === 'yes', 'backup');
  });
  const restores = objectsOf(foreign, 'Restore').flatMap((object) => {
    const spec = filterSpec(object.spec);
    if (!restoreIncludes(spec, CERTIFICATES)) return [];
    return judge(foreign, objectName(object), spec, restoreIncludes(spec, SECRETS), 'restore');
  });
  return [...backups, ...restores];
}

function judge(
  foreign: Foreign,
  object: string,
  spec: FilterSpec,
  hasSecrets: boolean,
  what: 'backup' | 'restore',
): Problem[] {
  if (!hasSecrets) {
    return [
      {
        severity: 'error',
        code: 'secrets-not-captured',
        message: `It takes Certificates and no Secrets: after the ${what === 'backup' ? 'restore of such a backup' : 'restore'} all of them are issued anew, unless the target has their Secrets already.`,
        fix: 'Include the resource secrets.',
        object,
      },
    ];
  }
  if (spec.hasLabelSelector) {
    return [
      {
        severity: 'warning',
        code: 'secrets-not-captured',
        message:
          'It takes only what its label selector selects. cert-manager does not copy the labels of a Certificate to its Secret, so that the Secrets are left out, and the Certificates are issued anew.',
        fix: 'Take off the selector, or set the labels on the Secrets too (spec.secretTemplate of the Certificates).',
        object,
      },
    ];
  }
  const home = foreign.clusterResourceNamespace.name;
  if (filtersNamespaces(spec) && !includesNamespace(spec, home)) {
    return [
      {
        severity: 'warning',
        code: 'missing-secret',
        message: `It leaves out the namespace ${home}, in which ClusterIssuers look for their Secrets: account keys, CA keys and credentials are not in it.`,
        fix: `Include the namespace ${home}, or make sure that the target has these Secrets.`,
        object,
      },
    ];
  }
  return [];
}
