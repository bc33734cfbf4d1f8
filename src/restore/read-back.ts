import type { Cluster } from '../cluster/client.ts';
import { CRD, type ResourceKind, SECRET } from '../model/kinds.ts';
import { objectName } from '../model/objects.ts';
import { CertkeepError } from '../model/problems.ts';
import { listed, type PlannedObject } from './actions.ts';
import { differences } from './compare.ts';
import { keyOf } from './kinds.ts';
import { listIn, readCrds, secretsIn } from './live.ts';

/** One created object and the uid it got. */
export interface Expected {
  item: PlannedObject;
  uid: string;
}

/**
 * Reads a stage back by lists, and compares: every created object is there under the uid that its creation returned,
 * and Secrets hold what was written. The next stage must not begin before: a Certificate that cert-manager meets before
 * its Secret is issued anew.
 * @throws CertkeepError cluster-changed
 */
export async function readBack(cluster: Cluster, expected: readonly Expected[]): Promise<void> {
  const kinds = new Map<string, { kind: ResourceKind; expected: Expected[] }>();
  for (const one of expected) {
    const kind = one.item.kind as ResourceKind;
    const id = `${kind.group}/${kind.kind}`;
    const group = kinds.get(id) ?? { kind, expected: [] };
    group.expected.push(one);
    kinds.set(id, group);
  }
  for (const group of kinds.values()) {
    const namespaces = new Set(group.expected.map(({ item }) => item.object.metadata.namespace ?? ''));
    const objects =
      group.kind.kind === SECRET.kind
        ? await secretsIn(
            cluster,
            namespaces,
            group.expected.map(({ item: { object } }) => ({
              namespace: object.metadata.namespace ?? '',
              name: object.metadata.name,
            })),
          )
        : group.kind.kind === CRD.kind
          ? await readCrds(
              cluster,
              group.expected.map(({ item }) => item.object.metadata.name),
            )
          : await listIn(cluster, group.kind, namespaces);
    const found = new Map(objects.map((object) => [keyOf(object), object]));
    for (const { item, uid } of group.expected) {
      const name = objectName(item.object);
      const object = found.get(keyOf(item.object));
      if (object === undefined) throw disturbed(name, 'is gone again');
      if (object.metadata.uid !== uid) throw disturbed(name, 'was deleted and made anew by something else');
      const paths = item.object.kind === 'Secret' ? differences(item.object, object) : [];
      if (paths.length > 0) throw disturbed(name, `was changed by something else in ${listed(paths)}`);
    }
  }
}

function disturbed(name: string, what: string): CertkeepError {
  return new CertkeepError(
    'cluster-changed',
    `${name} was restored, but when it was read back it ${what}.`,
    'Find out what else writes it (a GitOps controller, the garbage collector, a second restore), then run the same command again: it continues.',
    { object: name },
  );
}
