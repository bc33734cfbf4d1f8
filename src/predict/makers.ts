import type { Cluster } from '../cluster/client.ts';
import { ApiError } from '../cluster/client.ts';
import { explainApiError } from '../cluster/errors.ts';
import { GATEWAY, INGRESS, LISTENER_SET, type ResourceKind } from '../model/kinds.ts';
import type { KubeObject } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';

/**
 * The Ingresses, Gateways and ListenerSets of the cluster, or of these namespaces; besides, the Gateways elsewhere that a
 * ListenerSet belongs to. A kind that is not installed has none. One that may not be listed becomes a warning: then what
 * its objects do to Certificates is not seen.
 * @throws CertkeepError for other failures.
 */
export async function readMakers(
  cluster: Cluster,
  namespaces: readonly string[],
): Promise<{ makers: KubeObject[]; problems: Problem[] }> {
  const problems: Problem[] = [];
  const lists = await Promise.all(
    [INGRESS, GATEWAY, LISTENER_SET].map(async (kind) => {
      const found = (await listed(cluster, kind, namespaces)) ?? (await listed(cluster, older(kind), namespaces)) ?? [];
      if (found === 'forbidden') problems.push(notSeen(kind));
      return found === 'forbidden' ? [] : found;
    }),
  );
  const [, gateways = [], sets = []] = lists;
  return { makers: [...lists.flat(), ...(await parents(cluster, gateways, sets))], problems };
}

/** Before 1.0 the Gateway API was v1beta1; the fields are the same. */
function older(kind: ResourceKind): ResourceKind {
  return kind.group === GATEWAY.group ? { ...kind, version: 'v1beta1' } : kind;
}

/** undefined where the kind is not installed. */
async function listed(
  cluster: Cluster,
  kind: ResourceKind,
  namespaces: readonly string[],
): Promise<KubeObject[] | 'forbidden' | undefined> {
  try {
    const where = namespaces.length === 0 ? [{}] : namespaces.map((namespace) => ({ namespace }));
    const found = await Promise.all(where.map((one) => cluster.list(kind, one)));
    return found.flatMap(({ items }) => items);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    // RBAC refuses before anybody asks whether there is such a kind.
    if (error instanceof ApiError && error.status === 403)
      return (await isServed(cluster, kind)) ? 'forbidden' : undefined;
    throw explainApiError(error, `list ${kind.plural}`);
  }
}

async function isServed(cluster: Cluster, { group, version, plural }: ResourceKind): Promise<boolean> {
  try {
    const { resources } = (await cluster.getPath(`/apis/${group}/${version}`)) as { resources?: { name: string }[] };
    return resources === undefined || resources.some(({ name }) => name === plural);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    if (error instanceof ApiError && error.status === 403) return true;
    throw explainApiError(error, `see whether ${plural}.${group} is served`);
  }
}

/** Gateways outside what was listed, that ListenerSets name as their parent. */
async function parents(
  cluster: Cluster,
  gateways: readonly KubeObject[],
  sets: readonly KubeObject[],
): Promise<KubeObject[]> {
  const known = new Set(gateways.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
  const wanted = new Map<string, { namespace: string; name: string }>();
  for (const { metadata, spec } of sets) {
    const ref = (spec as { parentRef?: { namespace?: string; name?: string } } | undefined)?.parentRef;
    const namespace = ref?.namespace || metadata.namespace || '';
    const key = `${namespace}/${ref?.name}`;
    if (ref?.name !== undefined && !known.has(key)) wanted.set(key, { namespace, name: ref.name });
  }
  const found = await Promise.all(
    [...wanted.values()].map(async ({ namespace, name }) => {
      try {
        return await cluster.get(GATEWAY, namespace, name);
      } catch (error) {
        throw explainApiError(error, `read Gateway ${namespace}/${name}`);
      }
    }),
  );
  return found.filter((gateway) => gateway !== undefined);
}

function notSeen({ kind, plural, group }: ResourceKind): Problem {
  return {
    severity: 'warning',
    code: 'forbidden',
    message: `${kind}s may not be listed: what they would change about the Certificates made from them is not predicted.`,
    fix: `Allow list of ${plural}.${group} to this user; certkeep rbac --for predict --makers ${kind} prints it with the other rights.`,
  };
}
