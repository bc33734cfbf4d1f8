import { aboutCertificates, type Maker } from '../backup/owners.ts';
import { keyOf } from '../backup/state.ts';
import type { Foreign } from '../check/foreign/foreign.ts';
import { isShimKind, shimOwner } from '../model/owners.ts';

/** Who makes the derived Certificates, by the Certificate's `namespace/name`; its annotations where the backup holds it. */
export function makersOf(foreign: Foreign): Map<string, Maker> {
  const annotations = new Map(
    foreign.items
      .filter(({ object }) => isShimKind(object.apiVersion, object.kind))
      .map(({ object }) => [
        `${object.kind} ${keyOf(object.metadata.namespace, object.metadata.name)}`,
        object.metadata.annotations,
      ]),
  );
  return new Map(
    foreign.certificates.flatMap(({ object }) => {
      const owner = shimOwner(object);
      if (owner === undefined) return [];
      const { namespace, name } = object.metadata;
      const found = annotations.get(`${owner.kind} ${keyOf(namespace, owner.name)}`);
      const maker = {
        apiVersion: owner.apiVersion,
        kind: owner.kind,
        name: owner.name,
        uid: owner.uid ?? '',
        annotations: aboutCertificates(found),
      };
      return [[keyOf(namespace, name), maker] as const];
    }),
  );
}
