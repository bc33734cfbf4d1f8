import { groupOf } from '../../../model/kinds.ts';
import type { KubeObject } from '../../../model/objects.ts';
import type { Foreign } from '../foreign.ts';
import { VELERO_GROUP } from '../keep.ts';

/** Velero's own objects of these kinds among what was given. */
export function objectsOf(foreign: Foreign, ...kinds: ('Backup' | 'Schedule' | 'Restore')[]): KubeObject[] {
  return foreign.items
    .map(({ object }) => object)
    .filter(({ apiVersion, kind }) => groupOf(apiVersion) === VELERO_GROUP && (kinds as string[]).includes(kind));
}

/** The Backup or Schedule that a Restore names, where it is among what was given. */
export function sourceOf(foreign: Foreign, restore: KubeObject): KubeObject | undefined {
  const { backupName, scheduleName } = (restore.spec ?? {}) as { backupName?: unknown; scheduleName?: unknown };
  return (
    objectsOf(foreign, 'Backup').find(({ metadata }) => metadata.name === backupName) ??
    objectsOf(foreign, 'Schedule').find(({ metadata }) => metadata.name === scheduleName)
  );
}
