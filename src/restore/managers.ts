import type { KubeObject, ManagedFieldsEntry } from '../model/objects.ts';

/** The field manager of objects about which the backup knows nothing better, and of every status write. */
export const OWN_MANAGER = 'certkeep';

/**
 * How an object is written so that its later owner finds its fields where it left them:
 * - `apply`: one server-side apply under the manager that applied it at the source;
 * - `create`: one POST under the manager that created or updated it at the source;
 * - `create-then-own`: POST, then a merge PATCH that writes the source's managedFields back as they were.
 */
export type WriteMethod =
  | { how: 'apply'; manager: string }
  | { how: 'create'; manager: string }
  | { how: 'create-then-own'; manager: string; managedFields: ManagedFieldsEntry[] };

/**
 * Chooses the method. What goes wrong otherwise: under another manager a later `kubectl apply --server-side` or Helm
 * ends in a conflict, and fields dropped from a manifest (or from a Certificate's secretTemplate) stay for ever.
 *
 * One call is enough where one manager owns the whole object. Server-side apply can do what a POST cannot, create an
 * object with an entry of operation Apply, but it would also overwrite an object that somebody else made a moment
 * before. Where somebody may (`contended`: a live Certificate or Ingress asks for that very Secret), the object is
 * made by POST, which fails on an existing one, and gets its managers afterwards.
 *
 * @param object the object as it will be written
 * @param source managedFields at the source without entries of subresources; empty where not known
 */
export function writeMethod(
  object: KubeObject,
  source: readonly ManagedFieldsEntry[],
  contended: boolean,
): WriteMethod {
  const entries = source.filter((entry) => (entry.subresource ?? '') === '').flatMap(withoutOwners);
  const only = entries.length === 1 ? entries[0] : undefined;
  const manager = only?.manager || OWN_MANAGER;
  if (entries.length === 0 || only?.operation === 'Update') return { how: 'create', manager };
  if (only?.operation === 'Apply' && !contended && owns(only.fieldsV1, body(object))) return { how: 'apply', manager };
  return { how: 'create-then-own', manager: OWN_MANAGER, managedFields: [...entries] };
}

/**
 * Was the object made by POST, and the run interrupted before it gave the object its managers? Then nobody but certkeep
 * manages it yet.
 */
export function lacksManagers(live: KubeObject | undefined, method: WriteMethod | undefined): boolean {
  if (live === undefined || method?.how !== 'create-then-own') return false;
  const entries = (live.metadata.managedFields ?? []).filter((entry) => (entry.subresource ?? '') === '');
  return entries.length > 0 && entries.every((entry) => entry.manager === OWN_MANAGER);
}

/**
 * The entry without the owner references in it, since those are not restored; nothing where it has only those.
 * cert-manager reads its own entry and would rewrite the Secret over a reference that it no longer finds.
 */
function withoutOwners(entry: ManagedFieldsEntry): ManagedFieldsEntry[] {
  const fields = entry.fieldsV1 as Record<string, Record<string, unknown> | undefined> | undefined;
  if (fields?.['f:metadata']?.['f:ownerReferences'] === undefined) return [entry];
  const { 'f:metadata': metadata, ...fieldsV1 } = fields;
  const { 'f:ownerReferences': _, ...kept } = metadata;
  if (Object.keys(kept).length > 0) fieldsV1['f:metadata'] = kept;
  return Object.keys(fieldsV1).length === 0 ? [] : [{ ...entry, fieldsV1 }];
}

/** What of an object can have an owner: all but its identity. */
function body(object: KubeObject): Record<string, unknown> {
  const { apiVersion: _version, kind: _kind, metadata, ...rest } = object;
  const owned: Record<string, unknown> = { ...rest };
  const { labels, annotations } = metadata;
  if (labels !== undefined || annotations !== undefined) {
    owned.metadata = { ...(labels && { labels }), ...(annotations && { annotations }) };
  }
  return owned;
}

/**
 * True when a set of fields (FieldsV1 of structured-merge-diff) has every field of a value. Applying a value under a
 * manager gives it all of the value's fields; where it had fewer, a user's own key in a TLS Secret would become
 * cert-manager's, and cert-manager deletes what it owns and no longer wants.
 */
export function owns(fields: unknown, value: unknown): boolean {
  if (typeof fields !== 'object' || fields === null) return false;
  const keys = Object.keys(fields).filter((key) => key !== '.');
  // No keys below: the field is owned as a whole.
  if (keys.length === 0) return true;
  // A list with keys of its own (k:, v:, i:): who owns some of its entries is not looked at more closely.
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return true;
  return Object.entries(value).every(([name, child]) => owns((fields as Record<string, unknown>)[`f:${name}`], child));
}

/**
 * True when the answer to a server-side apply shows an object that this very request created: nobody else's entry in
 * it, and created when it was applied or right after. (Both times are the server's, in whole seconds; it takes the one
 * of the application first, then asks the admission webhooks, then takes that of the creation.)
 */
export function createdByApply(answer: KubeObject, manager: string): boolean {
  const entries = (answer.metadata.managedFields ?? []).filter((entry) => (entry.subresource ?? '') === '');
  const only = entries.length === 1 ? entries[0] : undefined;
  if (only?.manager !== manager || only.operation !== 'Apply') return false;
  const applied = Date.parse(only.time ?? '');
  const created = Date.parse(answer.metadata.creationTimestamp ?? '');
  return created >= applied;
}
