import type { Cluster } from '../cluster/client.ts';
import { findKind } from '../cluster/discovery.ts';
import type { BackupContents } from '../model/backup.ts';
import { type Includes, isForeignGroup } from '../model/include.ts';
import { apiVersion, CERT_MANAGER_GROUP, CRD, groupOf, type ResourceKind } from '../model/kinds.ts';
import { type KubeObject, objectName } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import { isCrd, writableKind } from './kinds.ts';

/** Kinds that are written only because `--include` was given again, and what is to be said about the others. */
export interface IncludedKinds {
  /** Kinds of other groups that are written. */
  kinds: ResourceKind[];
  /** Of those, and of cert-manager's own: kinds that this very restore brings the CRDs of. */
  brought: ResourceKind[];
  /** CRDs are written. */
  crds: boolean;
  problems: Problem[];
}

/** cert-manager itself: its CRDs are in the backup and are asked for, and the target has none. */
export function bringsCertManager(contents: BackupContents, asked: Includes): boolean {
  return asked.crds && contents.crds.some((crd) => crd.metadata.name === `certificates.${CERT_MANAGER_GROUP}`);
}

/**
 * Which kinds of other groups the restore writes: those in the backup that `--include` names again, so that nobody's
 * policy or bundle comes to a cluster without being asked for. Their API must be served by the target, or come with
 * `--include crds`.
 */
export async function includedKinds(
  cluster: Cluster,
  contents: BackupContents,
  asked: Includes,
): Promise<IncludedKinds> {
  const result: IncludedKinds = { kinds: [], brought: [], crds: asked.crds, problems: [] };
  const foreign = contents.issuers.filter((object) => isForeignGroup(groupOf(object.apiVersion)));
  for (const [id, objects] of Map.groupBy(foreign, (object) => `${object.kind} (${object.apiVersion})`)) {
    const [sample] = objects;
    if (sample === undefined) continue;
    const group = groupOf(sample.apiVersion);
    const version = sample.apiVersion.slice(group.length + 1);
    const served = await findKind(cluster, group, { kind: sample.kind, version });
    const kind = served ?? kindOfCrd(contents.crds, sample);
    const resource = kind === undefined ? `RESOURCE.${group}` : `${kind.plural}.${group}`;
    const isAsked = asked.resources.some((r) => r.group === group && (kind === undefined || r.plural === kind.plural));
    if (!isAsked) result.problems.push(notAsked(contents, id, objects, resource));
    else if (kind === undefined || (served === undefined && !asked.crds)) {
      result.problems.push(notServed(id, objects, kind !== undefined));
    } else {
      result.kinds.push(kind);
      if (served === undefined) result.brought.push(kind);
    }
  }
  return { ...result, problems: [...result.problems, ...nothingOfIt(contents, asked)] };
}

/** How to address an object that may be written; undefined for every other kind. */
export function kindToWrite(object: KubeObject, included: IncludedKinds): ResourceKind | undefined {
  if (isCrd(object)) return included.crds ? CRD : undefined;
  return (
    writableKind(object) ?? included.kinds.find((k) => k.kind === object.kind && apiVersion(k) === object.apiVersion)
  );
}

function kindOfCrd(crds: readonly KubeObject[], object: KubeObject): ResourceKind | undefined {
  for (const crd of crds) {
    const spec = crd.spec as {
      group?: string;
      scope?: string;
      names?: { kind?: string; plural?: string };
      versions?: { name?: string; served?: boolean }[];
    };
    const group = groupOf(object.apiVersion);
    const version = object.apiVersion.slice(group.length + 1);
    if (spec.group !== group || spec.names?.kind !== object.kind) continue;
    if (spec.versions?.some((v) => v.name === version && v.served === true) !== true) continue;
    return { group, version, kind: object.kind, plural: spec.names.plural ?? '', namespaced: spec.scope !== 'Cluster' };
  }
  return undefined;
}

function notAsked(contents: BackupContents, id: string, objects: readonly KubeObject[], resource: string): Problem {
  const names = new Set(objects.map((object) => `${object.apiVersion} ${objectName(object)}`));
  const isIssuer = contents.index.some(
    (e) => e.role === 'issuer' && names.has(`${e.apiVersion} ${objectName({ kind: e.kind, metadata: e })}`),
  );
  const count = `${objects.length} ${objects.length === 1 ? 'object' : 'objects'} of kind ${id}`;
  return {
    severity: isIssuer ? 'warning' : 'note',
    code: 'prerequisite',
    message: isIssuer
      ? `${count}, issuers of Certificates in the backup, are not restored: kinds of other groups only are when they are asked for. Without them the Certificates are kept but not renewed.`
      : `${count} are not restored: kinds of other groups only are when they are asked for.`,
    fix: `Give --include ${resource}, or bring them to the target by your own means.`,
  };
}

function notServed(id: string, objects: readonly KubeObject[], hasCrd: boolean): Problem {
  return {
    severity: 'error',
    code: 'prerequisite',
    message: `The target does not serve the kind ${id}, of which ${objects.length} ${objects.length === 1 ? 'object is' : 'objects are'} to be restored.`,
    fix: `Install there what brings it (the issuer's controller with its CRDs)${hasCrd ? ', give --include crds too' : ''}, or leave the --include out.`,
  };
}

/** What was asked for and is not in the backup: a slip, or a backup that was made without it. */
function nothingOfIt(contents: BackupContents, asked: Includes): Problem[] {
  const groups = new Set(contents.issuers.map((object) => groupOf(object.apiVersion)));
  const empty = [
    ...asked.resources.filter(({ group }) => !groups.has(group)).map(({ plural, group }) => `${plural}.${group}`),
    ...(asked.crds && contents.crds.length === 0 ? ['crds'] : []),
  ];
  return empty.map((text) => ({
    severity: 'warning',
    code: 'nothing-found',
    message: `--include ${text}: the backup holds nothing of it.`,
    fix: 'Give the same --include when the backup is made.',
  }));
}
