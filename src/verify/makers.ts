import { keyOf } from '../backup/state.ts';
import { ApiError, type Cluster } from '../cluster/client.ts';
import { explainApiError } from '../cluster/errors.ts';
import type { IndexEntry } from '../model/backup.ts';
import { groupOf, type ResourceKind } from '../model/kinds.ts';
import { readCertificates } from './read.ts';
import type { VerifyRequest } from './request.ts';
import { type Expected, nameOf } from './scope.ts';
import type { VerdictOptions } from './verdict.ts';
import { Deadline, explainWait, waitFor } from './wait.ts';

type MakerState = NonNullable<VerdictOptions['maker']>;

const PLURALS: Record<string, string> = { Ingress: 'ingresses', Gateway: 'gateways', ListenerSet: 'listenersets' };

/**
 * Whether the Ingress, Gateway or ListenerSet of each of these derived Certificates is in the cluster, by
 * `namespace/name` of the Certificate. A shim's Certificate is always in the namespace of its maker. `unknown` where the
 * kind is none of the three. Throws CertkeepError for other failures.
 */
export async function findMakers(cluster: Cluster, entries: readonly IndexEntry[]): Promise<Map<string, MakerState>> {
  const lists = new Map<string, Promise<Set<string> | undefined>>();
  const states = new Map<string, MakerState>();
  for (const entry of entries) {
    const kind = kindOf(entry);
    const namespace = entry.namespace ?? '';
    let names: Set<string> | undefined;
    if (kind !== undefined) {
      const id = `${kind.group}/${kind.version}/${kind.plural}/${namespace}`;
      if (!lists.has(id)) lists.set(id, namesIn(cluster, kind, namespace));
      names = await lists.get(id);
    }
    const state = names === undefined ? 'unknown' : names.has(entry.maker?.name ?? '') ? 'present' : 'absent';
    states.set(keyOf(namespace, entry.name), state);
  }
  return states;
}

/** A shim makes its Certificate within a second; where it does not in this time, something is wrong. */
const SHIM_MS = 15_000;

/**
 * Waits, for a while, until the derived Certificates exist whose makers are in the cluster: one that is made after the
 * barrier would not be behind it.
 */
export async function awaitMakers(request: VerifyRequest, expected: readonly Expected[]): Promise<void> {
  const derived = expected.filter((entry) => entry.role === 'derived-certificate');
  if (derived.length === 0) return;
  const { cluster } = request;
  const namespaces = [...new Set(derived.map((entry) => entry.namespace ?? ''))];
  await waitFor(
    async () => {
      const live = await readCertificates(cluster, namespaces);
      const absent = derived.filter((entry) => !live.has(nameOf(entry)));
      const makers = await findMakers(cluster, absent);
      return [...makers.values()].includes('present') ? undefined : true;
    },
    { deadline: new Deadline(SHIM_MS), everyMs: (request.pollMs ?? 250) * 4, signal: request.signal },
  ).catch((error: unknown) => {
    throw explainWait(error, 'wait for Certificates that other objects make', request.signal);
  });
}

function kindOf(entry: IndexEntry): ResourceKind | undefined {
  const { maker } = entry;
  const plural = PLURALS[maker?.kind ?? ''];
  if (maker === undefined || plural === undefined) return undefined;
  const group = groupOf(maker.apiVersion);
  const version = maker.apiVersion.slice(group === '' ? 0 : group.length + 1);
  return { group, version, kind: maker.kind, plural, namespaced: true };
}

async function namesIn(cluster: Cluster, kind: ResourceKind, namespace: string): Promise<Set<string> | undefined> {
  try {
    const list = await cluster.list(kind, { namespace });
    return new Set(list.items.map((object) => object.metadata.name));
  } catch (error) {
    // The kind itself is not installed (Gateway API): then no such maker exists.
    if (error instanceof ApiError && error.status === 404) return new Set();
    throw explainApiError(error, `list ${kind.plural}`);
  }
}
