import { type CertManagerInfo, discoverCertManager } from '../cluster/certmanager.ts';
import { ApiError, type Cluster } from '../cluster/client.ts';
import { explainApiError } from '../cluster/errors.ts';
import { isHeld, PAUSE_LEASE, type PauseRecord, readPauseRecord } from '../cluster/pause-record.ts';
import { requireVisible } from '../cluster/visible.ts';
import { CERTIFICATE, CERTIFICATE_REQUEST, LEASE, type ResourceKind, SECRET } from '../model/kinds.ts';
import {
  type Certificate,
  type CertificateRequest,
  type KubeObject,
  objectName,
  type Secret,
} from '../model/objects.ts';
import { CertkeepError, EXIT, exitCodeOf, type Problem } from '../model/problems.ts';
import type { Clock, Progress } from '../model/progress.ts';
import type { CertificateReport, Report } from '../model/report.ts';
import { decide } from '../reissue/decide.ts';
import { predictionReport } from '../reissue/report.ts';
import { reissueInputs } from '../reissue/state.ts';
import { withRbacCommand } from '../rights/command.ts';
import { type RightsOptions, withDefaults } from '../rights/options.ts';
import { requireRights } from '../rights/review.ts';
import type { Right } from '../rights/right.ts';
import { Deadline, waitFor } from '../verify/wait.ts';
import { startController } from './pause/start.ts';
import { targetUid } from './target.ts';

export interface ResumeRequest {
  cluster: Cluster;
  certManagerNamespace?: string;
  /** uid of kube-system; any other cluster is refused. */
  expectCluster?: string;
  /** How many replicas to start, 1 to 10; default: what the restore wrote down. */
  replicas?: number;
  /** The word of a run that is known to have ended: its lock is no reason to wait. */
  heldBy?: string;
  /** Start it although Certificates would be reissued, or that cannot be foreseen. */
  force: boolean;
  signal?: AbortSignal;
  timeoutMs?: number;
  clock: Clock;
  progress: Progress;
  toolVersion: string;
}

/** How long a started controller may take to become ready. */
const READY_MS = 120_000;

/**
 * Starts a controller that an interrupted restore left stopped. Asks first which Certificates it would reissue on what it
 * will find: those of a restore that stopped half-way, for which finishing the restore is the better way.
 *
 * @throws CertkeepError restore-running (7), wrong-usage (2), wrong-cluster (2), forbidden (6), unreachable (9)
 */
export async function resume(request: ResumeRequest): Promise<Report> {
  const rights = { options: resumeRights(request) };
  try {
    return await start(request, rights);
  } catch (error) {
    throw withRbacCommand(error, rights.options);
  }
}

function resumeRights(request: ResumeRequest, deployment?: Deployment): RightsOptions {
  return withDefaults({
    use: 'resume',
    certManagerNamespace: request.certManagerNamespace ?? deployment?.namespace ?? '',
    controllerDeployment: deployment?.name ?? '',
  });
}

/** `rights.options` is filled in with what is found out on the way. */
async function start(request: ResumeRequest, rights: { options: RightsOptions }): Promise<Report> {
  const { cluster, progress, clock } = request;
  const uid = await targetUid(cluster, request.expectCluster);
  const info = await discoverCertManager(cluster, options(request));
  requireVisible(info);
  const deployment = deploymentOf(info);
  rights.options = resumeRights(request, deployment);
  // Whoever forces it may do without a look at what would be reissued.
  const isNeededAnyway = (right: Right): boolean =>
    right.group !== CERTIFICATE.group && right.resource !== SECRET.plural;
  await requireRights(cluster, rights.options, [], request.force ? isNeededAnyway : undefined);
  const found = await readPauseRecord(cluster, deployment.namespace);
  const record = found === 'hidden' ? undefined : found;
  if (record !== undefined && record.holder !== request.heldBy && isHeld(record, clock.now()))
    throw stillHeld(deployment.namespace);
  const report = (problems: Problem[], certificates: CertificateReport[] = []): Report => ({
    command: 'resume',
    certkeep: request.toolVersion,
    exitCode: exitCodeOf(problems),
    cluster: uid,
    certManager: info.version,
    verdict: '',
    certificates,
    problems,
  });
  if (deployment.replicas > 0) {
    await forget(cluster, deployment.namespace, record);
    progress.info(`Nothing to resume: cert-manager's controller is not scaled to 0 (${deployment.replicas} wanted).`);
    return report([]);
  }
  const replicas = wanted(request, deployment, record);
  const forecast = await foresee(cluster, info, clock, request.force);
  if (forecast.problems.some((p) => p.severity === 'error')) {
    progress.warn('The controller was not started.');
    return report(forecast.problems, forecast.certificates);
  }
  const failed = await startController({ cluster, target: deployment, replicas });
  if (failed !== undefined) return report([...forecast.problems, failed], forecast.certificates);
  await forget(cluster, deployment.namespace, record);
  progress.info(`cert-manager's controller is started with ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}.`);
  return report([...forecast.problems, ...(await awaitReady(request))], forecast.certificates);
}

function options(request: ResumeRequest) {
  return request.certManagerNamespace === undefined ? {} : { certManagerNamespace: request.certManagerNamespace };
}

type Deployment = NonNullable<CertManagerInfo['deployment']>;

function deploymentOf(info: CertManagerInfo): Deployment {
  if (info.deployment !== undefined) return info.deployment;
  throw new CertkeepError(
    'controller-not-running',
    info.deploymentAbsent === true
      ? `There is no Deployment of cert-manager's controller in this cluster${info.namespace === '' ? '' : ` (looked for in namespace ${info.namespace} too)`}.`
      : "These credentials may not look at Deployments, so cert-manager's controller was not found.",
    'Give --cert-manager-namespace, or start it by hand: kubectl scale deployment NAME --replicas=1.',
  );
}

/** The number of replicas to start. Throws where nobody wrote it down and none was given. */
function wanted(request: ResumeRequest, deployment: Deployment, record: PauseRecord | undefined): number {
  const replicas = request.replicas ?? (record?.paused?.deployment === deployment.name ? record.paused.replicas : 0);
  if (Number.isInteger(replicas) && replicas >= 1 && replicas <= 10) return replicas;
  if (request.replicas !== undefined) {
    throw new CertkeepError('wrong-usage', `${replicas} replicas cannot be started.`, 'Give --replicas from 1 to 10.');
  }
  throw new CertkeepError(
    'wrong-usage',
    `cert-manager's controller (Deployment ${deployment.namespace}/${deployment.name}) is scaled to 0, and no restore wrote down that it has done that: somebody else stopped it.`,
    'Where it is to run again, give --replicas (1 unless it was more).',
  );
}

function stillHeld(namespace: string): CertkeepError {
  return new CertkeepError(
    'restore-running',
    `A restore is at work: it holds the Lease ${namespace}/${PAUSE_LEASE} and starts the controller itself when it ends.`,
    'Wait for it. Where it is surely dead, run this command again in 30 seconds.',
  );
}

/** The record has served. A Lease that may not be deleted does no harm. */
async function forget(cluster: Cluster, namespace: string, record: PauseRecord | undefined): Promise<void> {
  if (record === undefined) return;
  try {
    await cluster.delete(LEASE, namespace, PAUSE_LEASE);
  } catch (error) {
    if (!(error instanceof ApiError)) throw explainApiError(error, `delete the Lease ${namespace}/${PAUSE_LEASE}`);
  }
}

/** What the controller would reissue as things stand. */
async function foresee(
  cluster: Cluster,
  info: CertManagerInfo,
  clock: Clock,
  force: boolean,
): Promise<{ certificates: CertificateReport[]; problems: Problem[] }> {
  const list = async <T extends KubeObject>(kind: ResourceKind): Promise<T[]> => {
    try {
      return (await cluster.list(kind)).items as T[];
    } catch (error) {
      throw explainApiError(error, `list ${kind.plural}`);
    }
  };
  let inputs: ReturnType<typeof reissueInputs>;
  try {
    const [certificates, secrets, requests] = await Promise.all([
      list<Certificate>(CERTIFICATE),
      list<Secret>(SECRET),
      list<CertificateRequest>(CERTIFICATE_REQUEST),
    ]);
    inputs = reissueInputs(certificates, secrets, requests);
  } catch (error) {
    if (!force || !(error instanceof CertkeepError) || error.exitCode !== EXIT.incomplete) throw error;
    const { message, fix } = error;
    return { certificates: [], problems: [{ severity: 'warning', code: 'undecidable', message, fix }] };
  }
  const version = info.version.replace(/^v/, '');
  const decided = inputs.map((input) => ({
    certificate: input.certificate,
    decision: decide(input, { now: clock.now(), version }),
  }));
  const problems = decided.flatMap(({ certificate, decision }): Problem[] => {
    // An ordinary renewal that is due is what everybody waits for.
    if (decision.outcome !== 'reissue' || decision.reason === 'Renewing') return [];
    const object = objectName(certificate);
    return [
      {
        severity: force ? 'warning' : 'error',
        code: 'would-be-reissued',
        message: `cert-manager would reissue ${object} as soon as it runs (${decision.reason}: ${decision.message}).`,
        fix: 'Run the interrupted restore again: it completes what is missing and starts the controller. --force starts it as things stand.',
        object,
      },
    ];
  });
  const certificates = decided.map(({ certificate, decision }) => predictionReport(certificate, decision));
  return { certificates, problems };
}

async function awaitReady(request: ResumeRequest): Promise<Problem[]> {
  const { cluster, signal } = request;
  const ready = await waitFor(
    async () => ((await discoverCertManager(cluster, options(request))).running ? true : undefined),
    { deadline: new Deadline(request.timeoutMs ?? READY_MS), everyMs: 500, signal },
  );
  if (ready === true) return [];
  return [
    {
      severity: 'error',
      code: 'controller-not-running',
      message: "cert-manager's controller was started and has no ready replica yet.",
      fix: 'See why: kubectl get pods -A -l app.kubernetes.io/component=controller.',
    },
  ];
}
