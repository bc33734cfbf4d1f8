import type { ResourceKind } from '../model/kinds.ts';
import { ApiError } from './api-error.ts';
import type { Cluster } from './client.ts';
import { explainApiError } from './errors.ts';

interface ApiGroup {
  preferredVersion?: { version?: string };
  versions?: { version?: string }[];
}

interface ApiResources {
  resources?: { name?: string; kind?: string; namespaced?: boolean }[];
}

/** What is looked for in a group: a kind, or the plural of a resource. Where `version` is given, in that one only. */
export type Sought = ({ kind: string } | { plural: string }) & { version?: string };

/**
 * How a kind of some API group is addressed in this cluster, in the version that the group prefers; undefined where the
 * cluster serves no such group or kind. Only this group is asked about, so that an aggregated API which is down does not
 * matter to whoever needs nothing of it.
 * @throws CertkeepError `api-unavailable` where the group is served by something that does not answer; `unreachable`, …
 */
export async function findKind(cluster: Cluster, group: string, sought: Sought): Promise<ResourceKind | undefined> {
  const what = `find out about the API group ${group}`;
  const answer = (await read(cluster, `/apis/${group}`, what)) as ApiGroup | undefined;
  if (answer === undefined) return undefined;
  const served = [answer.preferredVersion?.version, ...(answer.versions ?? []).map((v) => v.version)];
  const versions = new Set(served.filter((v) => v !== undefined && (sought.version ?? v) === v));
  for (const version of versions) {
    const { resources = [] } = ((await read(cluster, `/apis/${group}/${version}`, what)) ?? {}) as ApiResources;
    // `widgets/status` is a subresource of widgets, with the same kind.
    const found = resources.find(
      ({ name = '', kind }) =>
        !name.includes('/') && ('kind' in sought ? kind === sought.kind : name === sought.plural),
    );
    if (found?.name !== undefined && found.kind !== undefined) {
      return {
        group,
        version: version ?? '',
        kind: found.kind,
        plural: found.name,
        namespaced: found.namespaced === true,
      };
    }
  }
  return undefined;
}

async function read(cluster: Cluster, path: string, what: string): Promise<unknown> {
  try {
    return await cluster.getPath(path);
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw explainApiError(error, what);
  }
}
