import { LEASE } from '../model/kinds.ts';
import type { KubeObject } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import { ApiError } from './api-error.ts';
import type { CertManagerInfo } from './certmanager.ts';
import type { Cluster } from './client.ts';

/**
 * The Lease by which a restore holds the cluster: nobody else may restore meanwhile, and what the controller was before it
 * was scaled to 0 is written in it, so that any other run can start it again.
 */
export const PAUSE_LEASE = 'certkeep-restore';
/** How long a holder may stay silent before it counts as gone, in seconds. */
export const LEASE_SECONDS = 30;

const DEPLOYMENT = 'certkeep.dev/paused-deployment';
const REPLICAS = 'certkeep.dev/paused-replicas';

/** What a Lease of a restore says. */
export interface PauseRecord {
  /** Who holds it: a random word of one run. */
  holder: string;
  /** RFC 3339: the last sign of life of the holder. */
  renewed: string;
  /** The controller's Deployment that was, or is about to be, scaled to 0; undefined where none is. */
  paused?: { deployment: string; replicas: number };
  resourceVersion: string;
}

/** A time as a Lease wants it: metav1.MicroTime. */
export function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}

/** The annotations that record a pause; null removes them (in a merge patch). */
export function pauseAnnotations(paused: PauseRecord['paused'] | null): Record<string, string | null> {
  return { [DEPLOYMENT]: paused?.deployment ?? null, [REPLICAS]: paused == null ? null : String(paused.replicas) };
}

/** Reads the record from its Lease. Replicas that are no whole number from 1 to 10 are not believed. */
export function pauseRecord(lease: KubeObject): PauseRecord {
  const spec = (lease.spec ?? {}) as { holderIdentity?: unknown; renewTime?: unknown };
  const { annotations, resourceVersion } = lease.metadata;
  const deployment = annotations?.[DEPLOYMENT];
  const replicas = Number(annotations?.[REPLICAS]);
  const believed = deployment !== undefined && Number.isInteger(replicas) && replicas >= 1 && replicas <= 10;
  return {
    holder: typeof spec.holderIdentity === 'string' ? spec.holderIdentity : '',
    renewed: typeof spec.renewTime === 'string' ? spec.renewTime : '',
    ...(believed ? { paused: { deployment, replicas } } : {}),
    resourceVersion: resourceVersion ?? '',
  };
}

/** Has the holder shown life lately? By this machine's clock. */
export function isHeld(record: PauseRecord, now: Date): boolean {
  const age = now.getTime() - Date.parse(record.renewed);
  return record.holder !== '' && age < LEASE_SECONDS * 1000;
}

/** The record in cert-manager's namespace; undefined where there is none, `hidden` where it may not be read. */
export async function readPauseRecord(
  cluster: Cluster,
  namespace: string,
): Promise<PauseRecord | 'hidden' | undefined> {
  try {
    const lease = await cluster.get(LEASE, namespace, PAUSE_LEASE);
    return lease === undefined ? undefined : pauseRecord(lease);
  } catch (error) {
    // Without the right to look, the controller's own state is all that is told.
    if (error instanceof ApiError && error.status === 403) return 'hidden';
    throw error;
  }
}

/**
 * What every command says first: a restore left cert-manager's controller stopped. Empty where none did, or where that
 * restore is still at work.
 */
export async function leftoverPause(cluster: Cluster, info: CertManagerInfo, now: Date): Promise<Problem[]> {
  const { deployment } = info;
  if (deployment === undefined || deployment.replicas > 0) return [];
  const record = await readPauseRecord(cluster, deployment.namespace);
  const name = `${deployment.namespace}/${deployment.name}`;
  if (record === 'hidden') {
    return [
      {
        severity: 'warning',
        code: 'controller-not-running',
        message: `cert-manager's controller is stopped (Deployment ${name} is scaled to 0). Whether an interrupted restore left it so cannot be told: no right to get leases.coordination.k8s.io "${PAUSE_LEASE}" in the namespace ${deployment.namespace} (403).`,
        fix: 'Where a restore was interrupted, certkeep resume starts it again (certkeep rbac --for resume prints the rights).',
        object: `Deployment/${name}`,
      },
    ];
  }
  if (record?.paused?.deployment !== deployment.name) return [];
  if (isHeld(record, now)) {
    return [
      {
        severity: 'warning',
        code: 'controller-paused',
        message: `A restore is at work: it has paused cert-manager's controller (Deployment ${name}).`,
        fix: 'Wait until it has ended.',
        object: `Deployment/${name}`,
      },
    ];
  }
  return [
    {
      severity: 'warning',
      code: 'controller-paused',
      message: `An interrupted restore left cert-manager's controller stopped (Deployment ${name}, scaled to 0 since ${record.renewed}): nothing is issued or renewed.`,
      fix: `certkeep resume starts it again with ${record.paused.replicas} ${record.paused.replicas === 1 ? 'replica' : 'replicas'}; or run the same restore again, which completes it first.`,
      object: `Deployment/${name}`,
    },
  ];
}
