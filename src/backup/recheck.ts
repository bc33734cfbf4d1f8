import pLimit from 'p-limit';
import type { Cluster } from '../cluster/client.ts';
import { findByName } from '../cluster/single.ts';
import { CLUSTER_ISSUER, ISSUER, type ResourceKind } from '../model/kinds.ts';
import { type KubeObject, objectName } from '../model/objects.ts';
import { Refusals } from './refusals.ts';

const PARALLEL_READS = 24;

/** An object of another group, with how it was addressed. */
export interface ForeignObject {
  kind: ResourceKind;
  object: KubeObject;
}

/**
 * Issuers whose spec is another one by now than when it was read, or that are gone. Their Secrets were read in between:
 * where none has changed, each spec and its Secrets are of one time.
 */
export async function changedIssuers(
  cluster: Cluster,
  own: readonly KubeObject[],
  foreign: readonly ForeignObject[],
  namespaces: readonly string[],
): Promise<string[]> {
  const refusals = new Refusals(cluster);
  const limit = pLimit(PARALLEL_READS);
  const list = (kind: ResourceKind, namespace?: string): Promise<KubeObject[]> =>
    limit(async () => {
      const where = namespace === undefined ? {} : { namespace };
      return (await refusals.note(cluster.list(kind, where), 'list', kind, namespace))?.items ?? [];
    });
  const scopes = namespaces.length === 0 ? [undefined] : namespaces;
  const [ownNow, foreignNow] = await Promise.all([
    Promise.all([list(CLUSTER_ISSUER), ...scopes.map((namespace) => list(ISSUER, namespace))]),
    Promise.all(
      foreign.map(({ kind, object: { metadata } }) =>
        limit(() =>
          refusals.note(findByName(cluster, kind, metadata.namespace, metadata.name), 'list', kind, metadata.namespace),
        ),
      ),
    ),
  ]);
  refusals.throwIfAny();
  const now = new Map(ownNow.flat().map((issuer) => [objectName(issuer), issuer]));
  return [
    ...own.filter((issuer) => !sameSpec(issuer, now.get(objectName(issuer)))),
    ...foreign.flatMap(({ object }, i) => (sameSpec(object, foreignNow[i]) ? [] : [object])),
  ].map(objectName);
}

/** The API server counts `generation` up for every change outside of metadata and status. */
function sameSpec(was: KubeObject, is: KubeObject | undefined): boolean {
  if (is === undefined || was.metadata.uid !== is.metadata.uid) return false;
  return was.metadata.generation === undefined
    ? was.metadata.resourceVersion === is.metadata.resourceVersion
    : was.metadata.generation === is.metadata.generation;
}
