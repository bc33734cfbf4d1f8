import { SECRET_ROLE_ORDER } from '../archive/stages.ts';
import type { Role } from '../model/backup.ts';
import { CERTIFICATE_NAME_ANNOTATION } from '../model/kinds.ts';
import type { KubeObject } from '../model/objects.ts';
import { secretKey } from './kinds.ts';

/** Stages, by the number in the name of the backup's file. Each is read back before the next begins. */
export const STAGE = { namespaces: 10, crds: 20, secrets: 30, issuers: 40, certificates: 50 } as const;
export type Stage = (typeof STAGE)[keyof typeof STAGE];

/** What an object's place in the order depends on. */
export interface Placed {
  stage: Stage;
  /** Order inside the stage; all of one rank are written in parallel, a rank begins when the one before has ended. */
  rank: number;
}

/** Rank of a Secret by its role: what issuers need first, leaves last; of an unknown role right before the leaves. */
export function secretRank(role: Role | undefined): number {
  const rank = SECRET_ROLE_ORDER.indexOf(role ?? 'other-secret');
  return rank < 0 ? SECRET_ROLE_ORDER.indexOf('other-secret') : rank;
}

/**
 * Rank of each Certificate, by `namespace/name`. All are 0, but for those that share their Secret with another
 * Certificate which the Secret's certificate-name annotation names: those are 1. Met alone, such a one would count as
 * the Secret's owner for a moment, and cert-manager would reissue it where its spec differs.
 *
 * @param secrets the Secrets as they will be, by `namespace/name`
 */
export function certificateRanks(
  certificates: readonly KubeObject[],
  secrets: ReadonlyMap<string, KubeObject>,
): Map<string, number> {
  const names = new Set(certificates.map((c) => secretKey(c.metadata.namespace, c.metadata.name)));
  const ranks = new Map<string, number>();
  for (const certificate of certificates) {
    const { namespace, name } = certificate.metadata;
    const secretName = (certificate.spec as { secretName?: string } | undefined)?.secretName ?? '';
    const owner = secrets.get(secretKey(namespace, secretName))?.metadata.annotations?.[CERTIFICATE_NAME_ANNOTATION];
    const behindOwner = owner !== undefined && owner !== name && names.has(secretKey(namespace, owner));
    ranks.set(secretKey(namespace, name), behindOwner ? 1 : 0);
  }
  return ranks;
}

/** Groups in the order in which they are written: by stage, then rank. The order inside a group is kept. */
export function waves<T extends Placed>(items: readonly T[]): { stage: Stage; rank: number; items: T[] }[] {
  const groups = new Map<string, { stage: Stage; rank: number; items: T[] }>();
  for (const item of items) {
    const key = `${item.stage}/${item.rank}`;
    const group = groups.get(key) ?? { stage: item.stage, rank: item.rank, items: [] };
    group.items.push(item);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => a.stage - b.stage || a.rank - b.rank);
}
