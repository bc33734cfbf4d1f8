import pLimit from 'p-limit';
import type { Cluster } from '../cluster/client.ts';
import { findByName } from '../cluster/single.ts';
import { SECRET } from '../model/kinds.ts';
import type { Secret } from '../model/objects.ts';
import type { Reference } from '../refs/closure.ts';
import { isForbidden, Refusals } from './refusals.ts';
import { addSecret, type ClusterState, keyOf } from './state.ts';

const PARALLEL_READS = 24;

/**
 * Reads, one by one, the referenced Secrets that the lists did not bring: those of the cluster resource namespace when
 * other namespaces were read, those of types that are not listed, and issuers' credentials where Secrets may not be
 * listed. Adds them to the state.
 *
 * @param references those that the backup wants.
 * @param listed whether the Secrets of a namespace may be listed: then the right to get them is not needed.
 * @param again more of those, which are read anew even where a list brought them; what is gone leaves the state.
 * @returns `namespace/name` of what does not exist.
 * @throws CertkeepError `forbidden` with every missing right; a refusal about an optional reference is no error.
 */
export async function readReferenced(
  cluster: Cluster,
  state: ClusterState,
  references: readonly Reference[],
  listed: (namespace: string) => boolean,
  again: readonly Reference[] = [],
): Promise<Set<string>> {
  const wanted = new Map<string, Reference>();
  const anew = new Set(again.map(({ namespace, name }) => keyOf(namespace, name)));
  for (const reference of [...references, ...again]) {
    const key = keyOf(reference.namespace, reference.name);
    if (reference.kind !== 'Secret' || reference.namespace === '') continue;
    if (state.secrets.has(key) && !anew.has(key)) continue;
    if (!reference.optional || !wanted.has(key)) wanted.set(key, reference);
  }
  const limit = pLimit(PARALLEL_READS);
  const refusals = new Refusals(cluster);
  const absent = new Set<string>();
  await Promise.all(
    [...wanted].map(([key, { namespace, name, optional }]) =>
      limit(async () => {
        let refused = false;
        const isListed = listed(namespace);
        const single = isListed ? findByName(cluster, SECRET, namespace, name) : cluster.get(SECRET, namespace, name);
        const read = single.catch((error: unknown) => {
          refused = isForbidden(error);
          if (refused && optional) return undefined;
          throw error;
        });
        const secret = isListed
          ? await refusals.note(read, 'list', SECRET, namespace)
          : await refusals.note(read, 'get', SECRET, namespace, '', name);
        if (secret !== undefined) addSecret(state, secret as Secret);
        else if (!refused) {
          absent.add(key);
          state.secrets.delete(key);
        }
      }),
    ),
  );
  refusals.throwIfAny();
  return absent;
}
