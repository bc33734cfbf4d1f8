import { ApiError, type Cluster } from '../cluster/client.ts';
import { explainApiError } from '../cluster/errors.ts';
import { objectName } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import type { Progress } from '../model/progress.ts';
import type { PlannedObject } from './actions.ts';
import type { LiveState } from './live.ts';
import { OWN_MANAGER } from './managers.ts';
import { inParallel, WRITERS } from './parallel.ts';

/** `restore` tries up to this many writes, and beyond a sample of each kind and namespace. */
export const DRY_RUN_LIMIT = 500;
/** Refused writes that are reported one by one; more of them say nothing new. */
const REPORTED = 20;

/**
 * Lets the API server and the webhooks judge the planned creations without writing anything. An unknown field is
 * refused too: the server would drop it without a word. What is to be created in a namespace that does not exist yet
 * cannot be tried.
 *
 * @param sample true: at most DRY_RUN_LIMIT writes, spread over all kinds and namespaces
 * @returns one problem for each refused object (at most 20), or an unreachable server's CertkeepError is thrown
 */
export async function dryRun(input: {
  cluster: Cluster;
  planned: readonly PlannedObject[];
  live: LiveState;
  /** API groups that the target does not serve yet: the restore brings their CRDs. */
  absent: readonly string[];
  sample: boolean;
  signal?: AbortSignal | undefined;
  progress: Progress;
}): Promise<Problem[]> {
  const { cluster, progress } = input;
  const possible = input.planned.filter(
    (item) =>
      item.action === 'create' && isPossible(item, input.live) && !input.absent.includes(item.kind?.group ?? ''),
  );
  const chosen = input.sample ? sampled(possible, DRY_RUN_LIMIT) : possible;
  const problems: Problem[] = [];
  let done = 0;
  await inParallel(
    chosen,
    WRITERS,
    async (item) => {
      if (problems.length >= REPORTED) return;
      const problem = await tryWrite(cluster, item);
      if (problem !== undefined) problems.push(problem);
      progress.step('trying the writes', ++done, chosen.length);
    },
    input.signal,
  );
  return problems.slice(0, REPORTED).sort((a, b) => (a.object ?? '').localeCompare(b.object ?? ''));
}

function isPossible(item: PlannedObject, live: LiveState): boolean {
  const namespace = item.object.metadata.namespace;
  return namespace === undefined || live.objects.has(`Namespace/${namespace}`);
}

/** At most `size` items: all where they are few, else turn by turn one of each kind and namespace. */
export function sampled(items: readonly PlannedObject[], size: number): PlannedObject[] {
  if (items.length <= size) return [...items];
  const groups = new Map<string, PlannedObject[]>();
  for (const item of items) {
    const key = `${item.object.kind}/${item.object.metadata.namespace ?? ''}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  const chosen: PlannedObject[] = [];
  for (let turn = 0; chosen.length < size; turn += 1) {
    for (const group of groups.values()) {
      const item = group[turn];
      if (item !== undefined && chosen.length < size) chosen.push(item);
    }
  }
  return chosen;
}

async function tryWrite(cluster: Cluster, item: PlannedObject): Promise<Problem | undefined> {
  if (item.kind === undefined) return undefined;
  const name = objectName(item.object);
  try {
    await cluster.create(item.kind, item.object, {
      dryRun: true,
      fieldManager: OWN_MANAGER,
      fieldValidation: 'Strict',
    });
    return undefined;
  } catch (error) {
    if (error instanceof ApiError && error.reason === 'AlreadyExists') {
      return {
        severity: 'error',
        code: 'cluster-changed',
        message: `${name} was created on the target while the plan was made.`,
        fix: 'Find out what creates it, then run the same command again.',
        object: name,
      };
    }
    const explained = explainApiError(error, `create ${name} (tried without writing)`);
    // Without the server or the right there is nothing more to learn from the other objects.
    if (explained.code !== 'write-refused') throw explained;
    return { ...explained.toProblem(), object: name };
  }
}
