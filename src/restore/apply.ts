import type { Cluster } from '../cluster/client.ts';
import { explainApiError } from '../cluster/errors.ts';
import type { KubeObject } from '../model/objects.ts';
import type { CertkeepError } from '../model/problems.ts';
import type { Clock, Progress } from '../model/progress.ts';
import type { PlannedObject } from './actions.ts';
import type { Journal } from './journal.ts';
import { keyOf } from './kinds.ts';
import { STAGE, type Stage, waves } from './order.ts';
import { inParallel, WRITERS } from './parallel.ts';
import { type Expected, readBack } from './read-back.ts';
import { untilServed } from './served.ts';
import { createObject, writeManagers, writeStatus } from './write.ts';

/** What happened to one object. */
export interface Written {
  /** RFC 3339 with milliseconds: when the API server's answer to the creation (or status write) was there. */
  writtenAt: string;
  /** From that answer. */
  resourceVersion: string;
  /** Set where the outcome is another than the planned one. */
  note?: string;
  /** False: somebody else had created an equal object, and nothing was written. */
  created: boolean;
}

export interface Applied {
  /** By `Kind/namespace/name`. */
  written: Map<string, Written>;
  /** Why it stopped before the end; undefined when all is done. */
  failure: CertkeepError | undefined;
}

const STAGE_NAMES: Record<Stage, string> = {
  [STAGE.namespaces]: 'namespaces',
  [STAGE.crds]: 'CustomResourceDefinitions',
  [STAGE.secrets]: 'Secrets',
  [STAGE.issuers]: 'issuers',
  [STAGE.certificates]: 'Certificates',
};

function stageWords(stage: Stage, written: number, statusOnly: number): string {
  const names = STAGE_NAMES[stage];
  const status = statusOnly === 0 ? [] : [`the status of ${statusOnly} ${names} that were there written back`];
  const objects = written === 0 && statusOnly > 0 ? [] : [`${written} ${names} written and read back`];
  return `Stage ${stage}: ${[...objects, ...status].join('; ')}.`;
}

/** Is there anything to write of it? */
export function hasWrite(item: PlannedObject): boolean {
  return item.action === 'create' || item.completesStatus || item.completesManagers;
}

/**
 * Carries out a plan, stage by stage, each read back before the next begins. After a failure the running writes end,
 * nothing more is begun, and what was written is told; the same plan made anew goes on from there.
 *
 * @param isSafe tells of a Certificate that cert-manager has no reason to issue, so that its status can be written
 *   without asking whether an issuance has begun
 */
export async function applyPlan(input: {
  cluster: Cluster;
  planned: readonly PlannedObject[];
  isSafe: (item: PlannedObject) => boolean;
  signal?: AbortSignal | undefined;
  journal?: Journal | undefined;
  clock: Clock;
  progress: Progress;
}): Promise<Applied> {
  const { cluster, clock, progress } = input;
  const written = new Map<string, Written>();
  const todo = input.planned.filter((item) => hasWrite(item));
  let stageDone: Expected[] = [];
  let statusOnly = 0;
  let done = 0;

  const note = (item: PlannedObject, answer: KubeObject, created: boolean, text?: string) => {
    input.journal?.answered(item, answer.metadata.resourceVersion ?? '');
    written.set(keyOf(item.object), {
      writtenAt: clock.now().toISOString(),
      resourceVersion: answer.metadata.resourceVersion ?? '',
      created,
      ...(text === undefined ? {} : { note: text }),
    });
  };
  const write = async (item: PlannedObject): Promise<void> => {
    input.journal?.requested(item);
    if (item.action === 'create') {
      const { object, ours } = await createObject(cluster, item);
      note(item, object, ours, ours ? undefined : 'an equal object was created by something else meanwhile');
      stageDone.push({ item, uid: object.metadata.uid ?? '' });
      if (ours && item.status !== undefined) {
        const answer = await writeStatus(cluster, item, input.isSafe(item) ? undefined : object);
        if (answer === undefined)
          note(item, object, true, 'cert-manager is issuing already, so its status was left alone');
      }
    } else if (item.live !== undefined) {
      let { live } = item;
      if (item.completesManagers) {
        live = await writeManagers(cluster, item);
        note(item, live, true, 'equal; its field managers are written back');
      }
      const answer = item.completesStatus ? await writeStatus(cluster, item, live) : undefined;
      if (answer !== undefined) {
        note(item, answer, true);
        statusOnly += 1;
      }
    }
    progress.step(`writing ${STAGE_NAMES[item.stage]}`, ++done, todo.length);
  };

  try {
    const groups = waves(todo);
    for (const [index, wave] of groups.entries()) {
      await inParallel(wave.items, WRITERS, write, input.signal);
      if (groups[index + 1]?.stage === wave.stage) continue;
      if (wave.stage === STAGE.crds)
        await untilServed(
          cluster,
          stageDone.map(({ item }) => item.object),
        );
      await readBack(cluster, stageDone);
      progress.info(stageWords(wave.stage, stageDone.length, statusOnly));
      stageDone = [];
      statusOnly = 0;
    }
  } catch (error) {
    return { written, failure: explainApiError(error, 'restore') };
  }
  return { written, failure: undefined };
}
