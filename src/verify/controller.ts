import { type CertManagerInfo, discoverCertManager } from '../cluster/certmanager.ts';
import type { Cluster } from '../cluster/client.ts';
import { versionOf } from '../cluster/controller-deployment.ts';
import { explainApiError } from '../cluster/errors.ts';
import { LEASE, POD } from '../model/kinds.ts';
import type { Problem } from '../model/problems.ts';
import type { Clock } from '../model/progress.ts';
import { type Deadline, waitFor } from './wait.ts';

/** Name of the lock of cert-manager's controllers (cmd/controller/app/controller.go). */
const LEASE_NAME = 'cert-manager-controller';
/** The identity is `<pod>-external-cert-manager-controller` (same file). */
const IDENTITY_SUFFIX = '-external-cert-manager-controller';
const DEFAULT_LEASE_SECONDS = 60;
/** A controller that was killed leaves a lease that its successor waits out: 69 and 77 s were measured. */
const LIFE_LIMIT_MS = 100_000;

export interface LifeOptions {
  cluster: Cluster;
  info: CertManagerInfo;
  certManagerNamespace: string | undefined;
  /**
   * True: the lease must be seen to be renewed. False: it is enough that it was renewed lately, because a canary will
   * show whether anybody works.
   */
  mustMove: boolean;
  clock: Clock;
  deadline: Deadline;
  everyMs: number;
  signal: AbortSignal | undefined;
}

/**
 * Waits until the controller shows that it is there: its Deployment has a ready replica, its lease is held and renewed,
 * and the holder is of the Deployment's version (during an upgrade the old one may still lead, and decide). The problem
 * (exit 8) where it does not. Throws where what it takes to say so may not be read.
 */
export async function awaitLife(options: LifeOptions): Promise<{ info: CertManagerInfo; problems: Problem[] }> {
  const limited = { ...options, deadline: options.deadline.within(LIFE_LIMIT_MS) };
  if (options.certManagerNamespace !== undefined && options.info.deploymentAbsent === true) {
    return { info: options.info, problems: [noController(options.certManagerNamespace)] };
  }
  const { info, problem } = await awaitReady(limited);
  if (problem !== undefined) return { info, problems: [problem] };
  if (!info.leaderElection) return { info, problems: [] };
  const lease = await awaitLease({ ...limited, info });
  return { info, problems: lease === undefined ? [] : [lease] };
}

async function awaitReady(options: LifeOptions): Promise<{ info: CertManagerInfo; problem?: Problem }> {
  let { info } = options;
  const ready = await waitFor(async () => {
    const { deployment } = info;
    // Not to be seen: lease and canary will tell.
    if (deployment === undefined || info.running || deployment.replicas === 0) return true;
    info = await discoverCertManager(options.cluster, {
      ...(options.certManagerNamespace === undefined ? {} : { certManagerNamespace: options.certManagerNamespace }),
    });
    return info.running ? true : undefined;
  }, options);
  const { deployment } = info;
  if (ready === true && (deployment === undefined || info.running)) return { info };
  const name = `Deployment ${deployment?.namespace}/${deployment?.name}`;
  const kubectl = `kubectl -n ${deployment?.namespace}`;
  return {
    info,
    problem:
      deployment?.replicas === 0
        ? notRunning(
            `cert-manager does not run: ${name} is scaled to 0.`,
            `Start it, then verify again: ${kubectl} scale deployment ${deployment.name} --replicas=1.`,
          )
        : notRunning(
            `cert-manager does not run: ${name} has no ready replica.`,
            `See why: ${kubectl} describe deployment ${deployment?.name}; ${kubectl} logs deployment/${deployment?.name}.`,
          ),
  };
}

function noController(namespace: string): Problem {
  return notRunning(
    `There is no Deployment of cert-manager’s controller in the namespace ${namespace}, which was given as cert-manager’s.`,
    'Correct --cert-manager-namespace, or leave it out: cert-manager is then found by its labels. kubectl get deployments -A -l app.kubernetes.io/component=controller shows where it is.',
  );
}

interface LeaseSpec {
  holderIdentity?: string;
  renewTime?: string;
  leaseDurationSeconds?: number;
}

async function awaitLease(options: LifeOptions): Promise<Problem | undefined> {
  const { cluster, info, clock } = options;
  const where = info.leaderElectionNamespace;
  let last: LeaseSpec | undefined;
  let first: string | undefined;
  let oldLeader: string | undefined;
  let alive: boolean | undefined;
  try {
    alive = await waitFor(async () => {
      last = (await cluster.get(LEASE, where, LEASE_NAME))?.spec as LeaseSpec | undefined;
      if (last === undefined || !last.holderIdentity || !last.renewTime) return undefined;
      first ??= last.renewTime;
      const moved = last.renewTime !== first;
      if (!moved && (options.mustMove || !isFresh(last, clock.now()))) return undefined;
      oldLeader = await otherVersion(cluster, info, last.holderIdentity);
      return oldLeader === undefined ? true : undefined;
    }, options);
  } catch (error) {
    throw explainApiError(error, 'look at the lease of cert-manager’s controller');
  }
  if (alive === true) return undefined;
  const see = `kubectl -n ${where} get lease ${LEASE_NAME} -oyaml`;
  if (last === undefined) {
    return notRunning(
      `cert-manager’s controller holds no lease: there is no Lease ${where}/${LEASE_NAME}.`,
      'Check that it runs, and its argument --leader-election-namespace; --cert-manager-namespace says where its Deployment is.',
    );
  }
  if (!last.holderIdentity) {
    return notRunning(
      `Nobody holds the lease ${where}/${LEASE_NAME}: no controller of cert-manager works.`,
      `Start it; ${see}.`,
    );
  }
  if (oldLeader !== undefined) {
    return {
      severity: 'error',
      code: 'controller-not-seen',
      message: `An old controller still leads: ${last.holderIdentity} is ${oldLeader}, the Deployment is ${info.version}.`,
      fix: `Wait until the rollout is done, then verify again: kubectl -n ${info.namespace} rollout status deployment.`,
    };
  }
  return notRunning(
    `The lease ${where}/${LEASE_NAME} is stale: ${last.holderIdentity} has not renewed it since ${last.renewTime}, so that controller is dead or cut off.`,
    `Look at its Pod and log; ${see}.`,
  );
}

function isFresh(lease: LeaseSpec, now: Date): boolean {
  const age = now.getTime() - Date.parse(lease.renewTime ?? '');
  return Math.abs(age) <= (lease.leaseDurationSeconds ?? DEFAULT_LEASE_SECONDS) * 1000;
}

/** The version of the leader's Pod, where it is another one than the Deployment's; undefined where that is not known. */
async function otherVersion(cluster: Cluster, info: CertManagerInfo, holder: string): Promise<string | undefined> {
  if (info.version === '' || !holder.endsWith(IDENTITY_SUFFIX)) return undefined;
  const pod = await cluster.get(POD, info.namespace, holder.slice(0, -IDENTITY_SUFFIX.length));
  if (pod === undefined) return undefined;
  const version = versionOf({
    ...pod,
    metadata: { name: '' },
    spec: { template: { spec: pod.spec as { containers?: { name: string; image?: string }[] } } },
  });
  return version === '' || version === info.version ? undefined : version;
}

function notRunning(message: string, fix: string): Problem {
  return { severity: 'error', code: 'controller-not-running', message, fix };
}
