import { groupOf } from '../../../model/kinds.ts';
import { objectName } from '../../../model/objects.ts';
import type { Problem } from '../../../model/problems.ts';
import { some } from '../../subject.ts';
import type { Foreign } from '../foreign.ts';
import { isCertManagerGroup } from '../keep.ts';
import { backupIncludes, backupSpecOf, filterSpec, restoreIncludes } from './filters.ts';
import { objectsOf } from './manifests.ts';
import { CERT_MANAGER_CRDS, CERTIFICATES, CRDS } from './resources.ts';

const FIX =
  'Set spec.includeClusterResources: true (`velero backup create --include-cluster-resources=true`), or install the same cert-manager on the target before the restore.';

/** cert-manager's CRDs that a Velero backup does not hold. */
export function crdsInBackup(foreign: Foreign): Problem[] {
  if (foreign.tool !== 'velero' || !foreign.items.some(({ object }) => isCertManagerGroup(groupOf(object.apiVersion))))
    return [];
  const present = new Set(
    foreign.items
      .filter(({ object }) => object.kind === 'CustomResourceDefinition')
      .map(({ object }) => object.metadata.name),
  );
  const missing = CERT_MANAGER_CRDS.filter((name) => !present.has(name));
  if (missing.length === 0) return [];
  return [
    {
      severity: 'error',
      code: 'crds-left-out',
      message: `${missing.length} of cert-manager's ${CERT_MANAGER_CRDS.length} CustomResourceDefinitions are not in the backup: ${some(missing)}. Where namespaces are filtered, Velero takes only those of which the backup holds an object; without all of them cert-manager's controller does not start.`,
      fix: FIX,
    },
  ];
}

/** Backups, Schedules and Restores that leave them out. */
export function crdsInManifests(foreign: Foreign): Problem[] {
  const backups = objectsOf(foreign, 'Backup', 'Schedule').flatMap((object): Problem[] => {
    const spec = backupSpecOf(object);
    if (backupIncludes(spec, CERTIFICATES) !== 'yes') return [];
    const inclusion = backupIncludes(spec, CRDS);
    if (inclusion === 'yes') return [];
    return [
      {
        severity: 'error',
        code: 'crds-left-out',
        message:
          inclusion === 'related'
            ? "It filters namespaces or resources without includeClusterResources: true. Of cert-manager's CustomResourceDefinitions it then takes only those of which it finds an object, and without all of them cert-manager's controller does not start."
            : "It leaves out CustomResourceDefinitions: a cluster without cert-manager's takes none of its objects.",
        fix: FIX,
        object: objectName(object),
      },
    ];
  });
  const restores = objectsOf(foreign, 'Restore').flatMap((object): Problem[] => {
    const spec = filterSpec(object.spec);
    if (!restoreIncludes(spec, CERTIFICATES) || restoreIncludes(spec, CRDS)) return [];
    return [
      {
        severity: 'warning',
        code: 'crds-left-out',
        message:
          "It does not restore CustomResourceDefinitions: a cluster without cert-manager's takes none of its objects.",
        fix: 'Set spec.includeClusterResources: true, or install the same cert-manager on the target before the restore.',
        object: objectName(object),
      },
    ];
  });
  return [...backups, ...restores];
}
