import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, type Cluster } from '../../cluster/client.ts';
import { explainApiError } from '../../cluster/errors.ts';
import {
  isHeld,
  LEASE_SECONDS,
  microTime,
  PAUSE_LEASE,
  type PauseRecord,
  pauseAnnotations,
  pauseRecord,
} from '../../cluster/pause-record.ts';
import { LEASE } from '../../model/kinds.ts';
import { CertkeepError } from '../../model/problems.ts';
import type { Clock } from '../../model/progress.ts';
import { OWN_MANAGER } from '../managers.ts';

/** A holder that seems to be gone is watched for so long before its Lease is taken: clocks differ. */
const DOUBT_MS = 10_000;
const WRITE = { fieldManager: OWN_MANAGER };

/** The lock against a second restore: held while this lives, renewed by `renew`. */
export interface RestoreLock {
  readonly namespace: string;
  /** The random word by which the Lease names this run. */
  readonly holder: string;
  /** What an interrupted restore before had paused; it is this one's to resume now. */
  readonly inherited: PauseRecord['paused'];
  /** Writes down, before it is done, that the controller is going to be paused. */
  record(paused: NonNullable<PauseRecord['paused']>): Promise<void>;
  /** A sign of life. Throws ApiError where the Lease is another's by now, or gone. */
  renew(): Promise<void>;
  /** Gives the lock up, and with it the record. */
  release(): Promise<void>;
}

/**
 * Takes the Lease. One whose holder has been silent for longer than its duration is taken over, with what it has paused.
 *
 * @param doubtMs how long a silent holder is watched before
 * @throws CertkeepError restore-running (7) where another restore is at work; ApiError 403 without the right
 */
export async function takeLock(
  cluster: Cluster,
  namespace: string,
  clock: Clock,
  doubtMs = DOUBT_MS,
): Promise<RestoreLock> {
  const holder = `certkeep-${randomUUID()}`;
  const spec = () => ({
    holderIdentity: holder,
    leaseDurationSeconds: LEASE_SECONDS,
    acquireTime: microTime(clock.now()),
    renewTime: microTime(clock.now()),
  });
  let inherited: PauseRecord['paused'];
  try {
    const object = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name: PAUSE_LEASE } };
    await cluster.create(LEASE, { ...object, spec: spec() }, WRITE);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 409) throw error;
    const record = await silentRecord(cluster, namespace, clock, doubtMs);
    inherited = record.paused;
    const { resourceVersion } = record;
    try {
      await cluster.mergePatch(LEASE, namespace, PAUSE_LEASE, { metadata: { resourceVersion }, spec: spec() }, WRITE);
    } catch (taken) {
      if (taken instanceof ApiError && taken.status === 409) throw running(namespace);
      throw taken;
    }
  }
  const patch = async (changes: { annotations?: Record<string, string | null> }): Promise<void> => {
    const current = await cluster.get(LEASE, namespace, PAUSE_LEASE);
    const record = current === undefined ? undefined : pauseRecord(current);
    if (record?.holder !== holder) throw lost(namespace);
    const metadata = { resourceVersion: record.resourceVersion, ...changes };
    const renewed = { metadata, spec: { renewTime: microTime(clock.now()) } };
    await cluster.mergePatch(LEASE, namespace, PAUSE_LEASE, renewed, WRITE);
  };
  return {
    namespace,
    holder,
    inherited,
    record: (paused) => patch({ annotations: pauseAnnotations(paused) }),
    renew: () => patch({}),
    release: async () => {
      const current = await cluster.get(LEASE, namespace, PAUSE_LEASE);
      if (current === undefined || pauseRecord(current).holder !== holder) return;
      const uid = current.metadata.uid;
      await cluster.delete(LEASE, namespace, PAUSE_LEASE, uid === undefined ? {} : { uid });
    },
  };
}

/** The Lease of a holder that shows no life while it is watched. */
async function silentRecord(cluster: Cluster, namespace: string, clock: Clock, doubtMs: number): Promise<PauseRecord> {
  const read = async (): Promise<PauseRecord> => {
    const lease = await cluster.get(LEASE, namespace, PAUSE_LEASE);
    if (lease === undefined) throw running(namespace);
    return pauseRecord(lease);
  };
  const first = await read();
  if (isHeld(first, clock.now())) throw running(namespace);
  await sleep(doubtMs);
  const second = await read();
  if (second.renewed !== first.renewed || second.holder !== first.holder) throw running(namespace);
  return second;
}

function running(namespace: string): CertkeepError {
  return new CertkeepError(
    'restore-running',
    `Another restore is at work on this cluster: it holds the Lease ${namespace}/${PAUSE_LEASE}.`,
    `Wait until it has ended. Where it is surely dead, run the same command again after ${LEASE_SECONDS} seconds.`,
    { object: `Lease/${namespace}/${PAUSE_LEASE}` },
  );
}

function lost(namespace: string): CertkeepError {
  return new CertkeepError(
    'restore-running',
    `Another restore took the Lease ${namespace}/${PAUSE_LEASE} from this one, which had shown no life for ${LEASE_SECONDS} seconds.`,
    'Run one restore at a time. See that the other one ends, then run this command again: it continues.',
    { object: `Lease/${namespace}/${PAUSE_LEASE}` },
  );
}

/** For errors of the lock that nobody can pass by. */
export function explainLock(error: unknown, namespace: string): CertkeepError {
  return explainApiError(error, `take the lock of a restore (Lease ${namespace}/${PAUSE_LEASE})`);
}
