import type { IndexEntry, ManagedFieldsRecord } from '../model/backup.ts';
import type { KubeObject, ManagedFieldsEntry } from '../model/objects.ts';

/** The entries about the object itself: what a subresource's writers own comes back when they write again. */
function mainEntries(object: KubeObject): ManagedFieldsEntry[] {
  return (object.metadata.managedFields ?? []).filter((entry) => (entry.subresource ?? '') === '');
}

/** Who owned the object's fields, for the index. */
export function managersOf(object: KubeObject): IndexEntry['managers'] {
  return mainEntries(object).map(({ manager, operation }) => ({ manager: manager ?? '', operation: operation ?? '' }));
}

/** The managedFields to put back; undefined where there are none. */
export function managedFieldsOf(object: KubeObject): ManagedFieldsRecord | undefined {
  const managedFields = mainEntries(object);
  if (managedFields.length === 0) return undefined;
  const { namespace, name } = object.metadata;
  return {
    apiVersion: object.apiVersion,
    kind: object.kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    managedFields,
  };
}
