import type { Cluster } from '../cluster/client.ts';
import { findKind } from '../cluster/discovery.ts';
import { explainApiError } from '../cluster/errors.ts';
import { findByName } from '../cluster/single.ts';
import { isForeignGroup } from '../model/include.ts';
import type { ResourceKind } from '../model/kinds.ts';
import { type IssuerRef, type KubeObject, refName } from '../model/objects.ts';
import { CertkeepError, type Problem } from '../model/problems.ts';
import type { ForeignObject } from './recheck.ts';
import { isForbidden, Refusals } from './refusals.ts';
import type { ForeignUse, IssuerScope } from './scope.ts';
import { some } from './words.ts';

/** Objects of kinds that are not cert-manager's, and what stands in the way of having them all. */
export interface ForeignObjects {
  objects: ForeignObject[];
  /** `plural.group` of each kind that was looked at. */
  resources: string[];
  problems: Problem[];
}

export interface ForeignScope {
  namespaces: readonly string[];
  selector: string;
  allowMissing: readonly string[];
  /** Told `plural.group` of each kind before its objects are read. */
  onKind?: (resource: string) => void;
}

/**
 * The issuers of other groups that Certificates name: found through discovery, of whatever kind they are. Where the scope
 * is the whole cluster, all objects of such a kind, as of Issuers and ClusterIssuers; otherwise those that are named.
 *
 * What is named and does not exist is an error (`missing-issuer`), as for cert-manager's own issuers.
 * @throws CertkeepError `forbidden`; `api-unavailable` where the API that serves the kind does not answer.
 */
export async function readForeignIssuers(
  cluster: Cluster,
  scope: IssuerScope,
  options: ForeignScope,
): Promise<ForeignObjects> {
  const result: ForeignObjects = { objects: [], resources: [], problems: [] };
  const refusals = new Refusals(cluster);
  const groups = Map.groupBy(scope.foreign.values(), ({ ref }) => `${kindOf(ref)}.${ref.group ?? ''}`);
  for (const uses of groups.values()) {
    await readKind(cluster, uses, options, refusals, result);
  }
  refusals.throwIfAny();
  return result;
}

async function readKind(
  cluster: Cluster,
  uses: readonly ForeignUse[],
  options: ForeignScope,
  refusals: Refusals,
  result: ForeignObjects,
): Promise<void> {
  const ref = uses[0]?.ref ?? { name: '' };
  const group = ref.group ?? '';
  if (!isForeignGroup(group)) {
    result.problems.push(...uses.map(notCaptured));
    return;
  }
  const isAccepted = (name: string): boolean => options.allowMissing.includes(name);
  const names = (kind: ResourceKind | undefined): [string, string | undefined, ForeignUse][] =>
    uses.flatMap((use) => {
      // Of a kind that nobody serves only its name tells whether it has namespaces.
      const namespaced = kind?.namespaced ?? !kindOf(use.ref).includes('Cluster');
      const namespaces: (string | undefined)[] = namespaced ? [...new Set(use.namespaces)].sort() : [undefined];
      return namespaces.map((namespace): [string, string | undefined, ForeignUse] => [
        refName(kindOf(use.ref), namespace, use.ref.name),
        namespace,
        use,
      ]);
    });
  let kind: ResourceKind | undefined;
  try {
    kind = await findKind(cluster, group, { kind: kindOf(ref) });
  } catch (error) {
    const unavailable = error instanceof CertkeepError && error.code === 'api-unavailable';
    if (!unavailable || !names(undefined).every(([name]) => isAccepted(name))) throw error;
  }
  if (kind === undefined) {
    const because = `no kind ${kindOf(ref)} of ${group} is served here`;
    result.problems.push(...names(undefined).map(([name, , use]) => missing(name, use, because, isAccepted(name))));
    return;
  }
  result.resources.push(`${kind.plural}.${kind.group}`);
  options.onKind?.(`${kind.plural}.${kind.group}`);
  const all = options.namespaces.length === 0 && options.selector === '' && /issuer$/i.test(kind.kind);
  const listed = all ? await list(cluster, kind, undefined, refusals) : undefined;
  for (const [name, namespace, use] of names(kind)) {
    const found =
      listed === undefined
        ? await find(cluster, kind, namespace, use.ref.name, refusals, isAccepted(name))
        : listed.find((o) => o.metadata.name === use.ref.name && o.metadata.namespace === namespace);
    if (found === undefined) result.problems.push(missing(name, use, 'it does not exist', isAccepted(name)));
    else if (!all) result.objects.push({ kind, object: found });
  }
  result.objects.push(...(listed ?? []).map((object) => ({ kind, object })));
}

/**
 * What `--include RESOURCE.GROUP` asks for: all objects of the resource, within the namespaces of the scope where it has
 * namespaces.
 * @throws CertkeepError `api-unavailable` where the cluster does not serve it; `forbidden`.
 */
export async function readIncluded(
  cluster: Cluster,
  resources: readonly { plural: string; group: string }[],
  namespaces: readonly string[],
): Promise<{ objects: ForeignObject[]; resources: string[] }> {
  const refusals = new Refusals(cluster);
  const objects: ForeignObject[] = [];
  for (const { plural, group } of resources) {
    const kind = await findKind(cluster, group, { plural });
    if (kind === undefined) {
      throw new CertkeepError(
        'api-unavailable',
        `--include ${plural}.${group}: the cluster at ${cluster.server} serves no such resource. It is misspelt, what brings it is not installed, or this is another cluster than you mean.`,
        'Write it as kubectl api-resources -o name prints it, or leave it out.',
      );
    }
    const scopes = namespaces.length === 0 || !kind.namespaced ? [undefined] : namespaces;
    for (const namespace of scopes) {
      const found = await list(cluster, kind, namespace, refusals);
      objects.push(...found.map((object) => ({ kind, object })));
    }
  }
  refusals.throwIfAny();
  return { objects, resources: resources.map(({ plural, group }) => `${plural}.${group}`) };
}

async function list(
  cluster: Cluster,
  kind: ResourceKind,
  namespace: string | undefined,
  refusals: Refusals,
): Promise<KubeObject[]> {
  const where = namespace === undefined ? {} : { namespace };
  const found = await refusals.note(cluster.list(kind, where), 'list', kind, namespace);
  return (found?.items ?? []).filter((object) => object.metadata.deletionTimestamp === undefined);
}

async function find(
  cluster: Cluster,
  kind: ResourceKind,
  namespace: string | undefined,
  name: string,
  refusals: Refusals,
  accepted: boolean,
): Promise<KubeObject | undefined> {
  const read = findByName(cluster, kind, namespace, name);
  try {
    return await (accepted ? read : refusals.note(read, 'list', kind, namespace));
  } catch (error) {
    if (isForbidden(error)) return undefined;
    throw explainApiError(error, `read ${kind.kind} ${name}`);
  }
}

function kindOf(ref: IssuerRef): string {
  return ref.kind || 'Issuer';
}

function missing(name: string, use: ForeignUse, because: string, accepted: boolean): Problem {
  const { certificates, ref } = use;
  return {
    severity: accepted ? 'warning' : 'error',
    code: 'missing-issuer',
    message: `${some(certificates)} ${certificates.length === 1 ? 'names' : 'name'} ${name} of ${ref.group} in spec.issuerRef, and ${because}${accepted ? ' (accepted by --allow-missing)' : ''}: no renewal is possible, here or after a restore.`,
    fix: `Install or create the issuer, correct the Certificate, or accept the gap with --allow-missing ${name}.`,
    object: name,
  };
}

/** An issuerRef into a group of Kubernetes itself is answered by something that is no object of that kind. */
function notCaptured({ ref, certificates }: ForeignUse): Problem {
  return {
    severity: 'warning',
    code: 'prerequisite',
    message: `${some(certificates)} ${certificates.length === 1 ? 'is' : 'are'} issued by ${kindOf(ref)} ${ref.name} of ${ref.group}, a group of Kubernetes itself. Such objects are not captured.`,
    fix: 'Back up what this issuer needs by its own means; without it the Certificates are kept but not renewed.',
  };
}

/** What every external issuer needs besides its objects. */
export function foreignPrerequisites(issuers: readonly ForeignObject[]): Problem[] {
  const kinds = new Map(issuers.map(({ kind }) => [`${kind.plural}.${kind.group}`, kind.kind]));
  return [...kinds].map(([resource, kind]) => ({
    severity: 'note',
    code: 'prerequisite',
    message: `Issuers of kind ${kind} (${resource}) are in the backup, with the Secrets that their fields name. The controller that acts on them is not.`,
    fix: `Install that controller on the target cluster, with its rights and its CRDs. Give restore --include ${resource}: without it kinds of other groups are not restored.`,
  }));
}
