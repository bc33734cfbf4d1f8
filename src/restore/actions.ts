import { portable } from '../archive/portable.ts';
import type { BackupContents, IndexEntry, ManagedFieldsRecord, StatusRecord } from '../model/backup.ts';
import { FAO_LABEL, type ResourceKind } from '../model/kinds.ts';
import type { KubeObject } from '../model/objects.ts';
import type { Action } from '../model/report.ts';
import { differences } from './compare.ts';
import { type IncludedKinds, kindToWrite } from './included.ts';
import { isCrd, isOwnIssuer, keyOf, secretKey, writableKind } from './kinds.ts';
import type { LiveState } from './live.ts';
import { lacksManagers, type WriteMethod, writeMethod } from './managers.ts';
import { certificateRanks, type Placed, STAGE, type Stage, secretRank } from './order.ts';
import { certificateStatus, issuerStatus, lacksStatus } from './status.ts';

/** One object of the backup, and what the restore does about it. */
export interface PlannedObject extends Placed {
  /** As it will be written: without identity, owners and status; a leaf Secret with its `fao` label. */
  object: KubeObject;
  /** Undefined for kinds that are never written. */
  kind: ResourceKind | undefined;
  live: KubeObject | undefined;
  action: Action;
  /** The reason, for a person. */
  why: string;
  /** For a conflict, or one that was kept: the paths of the differing fields. */
  differences: string[];
  method: WriteMethod | undefined;
  /** Status to write back, if any: after the creation, or where `completesStatus` is set. */
  status: Record<string, unknown> | undefined;
  /** An equal live object, whose status an earlier, interrupted run did not come to write. */
  completesStatus: boolean;
  /** An equal live object, which an earlier, interrupted run did not come to give its field managers. */
  completesManagers: boolean;
}

/** What the actions are decided from. */
export interface ActionInput {
  contents: BackupContents;
  live: LiveState;
  onConflict: 'fail' | 'keep';
  /** Default: only the kinds that a restore writes without being asked. */
  included?: IncludedKinds;
}

const NOTHING_TO_WRITE = { method: undefined, status: undefined, completesStatus: false, completesManagers: false };

const NOTHING_INCLUDED: IncludedKinds = { kinds: [], brought: [], crds: false, problems: [] };

/** Every object of the backup with its action, in the order of the files. Pure: nothing is read or written. */
export function planObjects(input: ActionInput): PlannedObject[] {
  const { contents, live } = input;
  const roles = new Map(contents.index.map((entry) => [recordKey(entry), entry.role]));
  const managers = new Map(contents.managedFields.map((record) => [recordKey(record), record.managedFields]));
  const statuses = new Map(contents.status.map((record) => [recordKey(record), record]));
  const certificates = [...contents.certificates, ...contents.derived];
  const leafSecrets = new Set(
    certificates.map((c) => secretKey(c.metadata.namespace, (c.spec as { secretName: string }).secretName)),
  );
  const contended = contendedSecrets(live);
  const included = input.included ?? NOTHING_INCLUDED;

  const plan = (source: KubeObject, stage: Stage, rank: number): PlannedObject => {
    const key = keyOf(source);
    const isLeaf =
      source.kind === 'Secret' && leafSecrets.has(secretKey(source.metadata.namespace, source.metadata.name));
    const object = prepared(source, isLeaf);
    const kind = kindToWrite(object, included);
    const status = wantedStatus(source, statuses.get(key));
    const base = { object, kind, stage, rank, live: live.objects.get(key), differences: [] };
    if (kind === undefined) {
      const why = isCrd(source)
        ? 'CustomResourceDefinitions come with the installation of cert-manager, unless --include crds asks for them'
        : 'a kind of another group, which is restored only where --include asks for it';
      return { ...base, action: 'skip', why, ...NOTHING_TO_WRITE };
    }
    if (isCrd(source) && base.live !== undefined) {
      const why =
        'the target has it already, and its own stays: another version of it could drop fields or cause reissues';
      return { ...base, action: 'keep', why, ...NOTHING_TO_WRITE };
    }
    const method = writeMethod(object, managers.get(key) ?? [], contended.has(key));
    const action = liveAction(source, base.live, status, input.onConflict);
    const completesManagers = action.action === 'unchanged' && lacksManagers(base.live, method);
    return { ...base, ...action, method, status, completesManagers };
  };

  const secrets = new Map(contents.secrets.map((s) => [secretKey(s.metadata.namespace, s.metadata.name), s]));
  const ranks = certificateRanks(contents.certificates, secrets);
  return [
    ...contents.namespaces.map((o) => plan(o, STAGE.namespaces, 0)),
    ...contents.crds.map((o) => plan(o, STAGE.crds, 0)),
    ...contents.secrets.map((o) => plan(o, STAGE.secrets, secretRank(roles.get(keyOf(o))))),
    ...contents.issuers.map((o) => plan(o, STAGE.issuers, 0)),
    ...contents.certificates.map((o) =>
      plan(o, STAGE.certificates, ranks.get(secretKey(o.metadata.namespace, o.metadata.name)) ?? 0),
    ),
    ...contents.derived.map((o) => derived(o, live)),
  ].sort((a, b) => a.stage - b.stage || a.rank - b.rank);
}

/** create, unchanged, keep or conflict, by what is live. */
function liveAction(
  source: KubeObject,
  live: KubeObject | undefined,
  status: Record<string, unknown> | undefined,
  onConflict: 'fail' | 'keep',
): Pick<PlannedObject, 'action' | 'why' | 'differences' | 'completesStatus'> {
  const no = { differences: [], completesStatus: false };
  if (live === undefined) return { ...no, action: 'create', why: 'not there' };
  if (live.metadata.deletionTimestamp !== undefined) {
    const why = 'the live object is being deleted';
    return { ...no, action: 'conflict', why, differences: ['metadata.deletionTimestamp'] };
  }
  const paths = differences(source, live);
  if (paths.length > 0) {
    const action = onConflict === 'keep' ? 'keep' : 'conflict';
    return { ...no, action, why: `the live object differs in ${listed(paths)}`, differences: paths };
  }
  const completesStatus = status !== undefined && lacksStatus(live, status);
  return {
    ...no,
    action: 'unchanged',
    why: completesStatus ? 'equal; status is written back' : 'equal',
    completesStatus,
  };
}

/** A Certificate that an Ingress or Gateway makes: its maker makes it again, and then goes on caring for it. */
function derived(source: KubeObject, live: LiveState): PlannedObject {
  return {
    object: portable(source),
    kind: writableKind(source),
    live: live.objects.get(keyOf(source)),
    stage: STAGE.certificates,
    rank: 0,
    action: 'skip',
    why: 'made by another object (an Ingress or Gateway), which makes it anew; its Secret is restored',
    differences: [],
    method: undefined,
    status: undefined,
    completesStatus: false,
    completesManagers: false,
  };
}

/**
 * The object as it is written. Owner references are never carried over: their uids are dead on the target, and the
 * garbage collector deletes what has only dead owners. A Certificate's Secret always carries the `fao` label: without
 * it (or with another value) cert-manager can miss the Secret and issue anew.
 */
export function prepared(source: KubeObject, isLeaf: boolean): KubeObject {
  const object = portable(source);
  if (!isLeaf) return object;
  const labels = { ...object.metadata.labels, [FAO_LABEL]: 'true' };
  return { ...object, metadata: { ...object.metadata, labels } };
}

function wantedStatus(source: KubeObject, record: StatusRecord | undefined): Record<string, unknown> | undefined {
  if (source.kind === 'Certificate') return certificateStatus(record);
  return isOwnIssuer(source) ? issuerStatus(record) : undefined;
}

/** Keys of Secrets that something on the target asks for, so that cert-manager may create them at any moment. */
function contendedSecrets(live: LiveState): Set<string> {
  const keys = new Set<string>();
  const add = (namespace: string | undefined, name: string | undefined) => {
    if (name) keys.add(keyOf({ kind: 'Secret', metadata: { namespace: namespace ?? '', name } }));
  };
  for (const certificate of [...live.certificates.values()].flat()) {
    add(certificate.metadata.namespace, certificate.spec.secretName);
  }
  for (const ingress of live.ingresses) {
    const tls = (ingress.spec as { tls?: { secretName?: string }[] } | undefined)?.tls ?? [];
    for (const entry of tls) add(ingress.metadata.namespace, entry.secretName);
  }
  return keys;
}

/** At most three paths; the rest is counted. */
export function listed(paths: readonly string[]): string {
  const shown = paths.slice(0, 3).join(', ');
  return paths.length > 3 ? `${shown} and ${paths.length - 3} more` : shown;
}

function recordKey(
  record: Pick<ManagedFieldsRecord | StatusRecord | IndexEntry, 'apiVersion' | 'kind' | 'namespace' | 'name'>,
): string {
  const { apiVersion, kind, namespace, name } = record;
  return keyOf({ apiVersion, kind, metadata: namespace === undefined ? { name } : { namespace, name } });
}
