import { type CertManagerInfo, discoverCertManager } from '../cluster/certmanager.ts';
import { clusterUid } from '../cluster/identity.ts';
import { leftoverPause } from '../cluster/pause-record.ts';
import { requireVisible } from '../cluster/visible.ts';
import { CertkeepError, type Problem } from '../model/problems.ts';
import type { Report } from '../model/report.ts';
import { withRbacCommand } from '../rights/command.ts';
import { knownCertificates, makersOf } from '../rights/known.ts';
import { DEFAULTS, type RightsOptions, withDefaults } from '../rights/options.ts';
import { requireRights } from '../rights/review.ts';
import { awaitBarrier, type BarrierResult } from './barrier.ts';
import { type Judged, judge } from './judge.ts';
import { awaitMakers } from './makers.ts';
import { verifyReport } from './report.ts';
import { baselineOf, type VerifyRequest } from './request.ts';
import { expectedOf, nameOf } from './scope.ts';

export type { VerifyRequest } from './request.ts';

/**
 * Proves that no Certificate of the backup was reissued since, or says which one was and why, or why it cannot be
 * proved: waits behind the barrier (barrier.ts), then compares the cluster with the baseline in the backup's index.
 *
 * @throws CertkeepError where nothing could be compared at all: wrong cluster, unreachable, forbidden, index sealed,
 * interrupted.
 */
export async function verify(request: VerifyRequest): Promise<Report> {
  let rights = rightsOf(request);
  try {
    return await prove(request, (info) => {
      rights = rightsOf(request, info);
      return rights;
    });
  } catch (error) {
    throw withRbacCommand(error, rights);
  }
}

/** The rights that this run needs, as far as it is known what it deals with. */
function rightsOf(request: VerifyRequest, info?: CertManagerInfo): RightsOptions {
  const makers = makersOf(request.backup.contents.index);
  return withDefaults({
    use: 'verify',
    makers: makers.length === 0 ? DEFAULTS.makers : makers,
    namespaces: request.namespaces,
    baseline: baselineOf(request),
    canary: request.canary,
    certManagerNamespace: request.certManagerNamespace ?? info?.namespace ?? '',
    canaryNamespace: request.canaryNamespace ?? info?.watchedNamespace ?? '',
    leaderElectionNamespace: info?.leaderElectionNamespace ?? '',
    controllerConfig: info?.hidden?.configMap ?? '',
  });
}

async function prove(request: VerifyRequest, learn: (info: CertManagerInfo) => RightsOptions): Promise<Report> {
  const { cluster, progress } = request;
  const uid = await clusterUid(cluster);
  if (request.expectCluster !== undefined && request.expectCluster !== uid) {
    throw new CertkeepError(
      'wrong-cluster',
      `This is the cluster ${uid} (${cluster.server}), not the expected ${request.expectCluster}.`,
      'Choose the right --context, or correct --expect-cluster.',
    );
  }
  progress.info(`Verifying the cluster of context "${cluster.context}" (${cluster.server}, uid ${uid}).`);
  const { manifest, root } = request.backup;
  // A restore has named its source already.
  if (request.restored !== true) {
    progress.info(`Baseline: the backup of ${manifest.createdAt} of cluster ${manifest.cluster.uid}, root ${root}.`);
  }
  const { expected, problems } = expectedOf(request);
  const elsewhere = !(request.restored ?? false) && uid !== manifest.cluster.uid;
  const info = await discover(request);
  const leftover = await leftoverPause(cluster, info, request.clock.now());
  const rights = learn(info);
  if (info.installed) requireVisible(info);
  const report = (behind: BarrierResult, judged: Judged[]): Report =>
    verifyReport(
      request,
      uid,
      {
        ...behind,
        problems: [
          ...leftover,
          ...(elsewhere ? [otherCluster(!info.installed || isNowhere(judged))] : []),
          ...problems,
          ...behind.problems,
        ],
      },
      judged,
    );

  if (!info.installed) {
    const reason = 'cert-manager is not installed in this cluster, so the Certificate cannot exist.';
    const judged = expected.map(
      (entry): Judged => ({ entry, verdict: 'unproven', reason, renewsAt: null, barrierOnly: true, evidence: {} }),
    );
    return report({ barrier: 'failed', problems: [notInstalled()], info }, judged);
  }
  if (expected.length === 0) return report({ barrier: 'waived', problems: [], info }, []);

  const namespaces = [...new Set(expected.map((entry) => entry.namespace ?? ''))].sort();
  // A restore has asked for all of this before it began to write.
  if (request.restored !== true) {
    await requireRights(cluster, { ...rights, known: knownCertificates(expected) }, namespaces);
  }
  await awaitMakers(request, expected);
  const behind = await awaitBarrier(request, info, namespaces, new Set(expected.map(nameOf)));
  progress.info('Comparing Certificates, Secrets and CertificateRequests with the backup.');
  const { judged, problems: found } = await judge(request, expected, namespaces, behind.barrier !== 'failed');
  const told = baselineOf(request) === 'requests' ? [secretsNotRead()] : [];
  return report({ ...behind, problems: [...behind.problems, ...told, ...found] }, judged);
}

async function discover(request: VerifyRequest): Promise<CertManagerInfo> {
  const info = await discoverCertManager(
    request.cluster,
    request.certManagerNamespace === undefined ? {} : { certManagerNamespace: request.certManagerNamespace },
  );
  const [, major, minor] = /^v(\d+)\.(\d+)\./.exec(info.version) ?? [];
  if (
    major !== undefined &&
    minor !== undefined &&
    (Number(major) < 1 || (Number(major) === 1 && Number(minor) < 11))
  ) {
    throw new CertkeepError(
      'unsupported-cert-manager',
      `cert-manager ${info.version} is older than 1.11, whose behaviour is not known well enough to prove anything.`,
      'Upgrade cert-manager first.',
    );
  }
  return info;
}

function secretsNotRead(): Problem {
  return {
    severity: 'note',
    code: 'unproven',
    message:
      'Nothing of Secrets was read: the certificates of the current CertificateRequests were compared, private keys and what the Secrets hold were not.',
    fix: 'To compare those too, make the next backup without --baseline requests.',
  };
}

function notInstalled(): Problem {
  return {
    severity: 'error',
    code: 'controller-not-running',
    message:
      'cert-manager is not installed in this cluster: the API server does not know its kinds, so there is nothing to compare.',
    fix: 'Check --context; install cert-manager and restore the backup first (certkeep restore PATH).',
  };
}

/** Not one of the Certificates exists. */
function isNowhere(judged: readonly Judged[]): boolean {
  return judged.length > 0 && judged.every(({ evidence }) => evidence.exists?.after === false);
}

/** Comes first: where nothing is here either, it says more than a hundred Certificates that are missing. */
function otherCluster(nothingHere: boolean): Problem {
  const other = 'This is another cluster than that of the backup';
  if (nothingHere) {
    return {
      severity: 'warning',
      code: 'cluster-changed',
      message: `${other}; nothing of the backup is here: is this the right context?`,
      fix: 'Choose the right --context, or restore the backup here first: certkeep restore PATH.',
    };
  }
  return {
    severity: 'note',
    code: 'cluster-changed',
    message: `${other}: what is proved is that the restored Certificates were not reissued here.`,
    fix: 'Nothing to do where the backup was restored here; else choose the right --context.',
  };
}
