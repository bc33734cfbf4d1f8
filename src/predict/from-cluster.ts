import { readClusterState } from '../backup/capture.ts';
import { discoverCertManager } from '../cluster/certmanager.ts';
import { clusterUid, requireCluster } from '../cluster/identity.ts';
import { requireVisible } from '../cluster/visible.ts';
import { formatDuration } from '../model/duration.ts';
import { CertkeepError } from '../model/problems.ts';
import { withRbacCommand } from '../rights/command.ts';
import { withDefaults } from '../rights/options.ts';
import { existing, factsOfInstallation, readHelmFacts } from './installation.ts';
import { readMakers } from './makers.ts';
import type { LiveSource, PredictRequest } from './request.ts';
import { emptyState, type PredictState } from './state.ts';

/**
 * Reads what a running cluster holds. Reads only. A Certificate in issuance is not waited for: that is what is predicted.
 * @throws CertkeepError: not reachable, another cluster than expected, no cert-manager, rights missing.
 */
export async function fromCluster(source: LiveSource, request: PredictRequest): Promise<PredictState> {
  try {
    return await readInTime(source, request);
  } catch (error) {
    throw withRbacCommand(
      error,
      withDefaults({
        use: 'predict',
        namespaces: request.namespaces,
        certManagerNamespace: source.certManagerNamespace ?? '',
      }),
    );
  }
}

async function readInTime(source: LiveSource, request: PredictRequest): Promise<PredictState> {
  const { timeoutMs } = source;
  if (timeoutMs === undefined) return read(source, request);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate(timeoutMs)), timeoutMs);
  });
  try {
    return await Promise.race([read(source, request), late]);
  } finally {
    clearTimeout(timer);
  }
}

function tooLate(timeoutMs: number): CertkeepError {
  return new CertkeepError(
    'unreachable',
    `The cluster was not read within ${formatDuration(timeoutMs)}, the --timeout.`,
    'Give more time, or fewer namespaces with --namespace.',
  );
}

async function read(source: LiveSource, request: PredictRequest): Promise<PredictState> {
  const { cluster } = source;
  const { progress } = request;
  const [uid, info] = await Promise.all([
    clusterUid(cluster),
    discoverCertManager(cluster, {
      ...(source.certManagerNamespace === undefined ? {} : { certManagerNamespace: source.certManagerNamespace }),
      ...(source.clusterResourceNamespace === undefined
        ? {}
        : { clusterResourceNamespace: source.clusterResourceNamespace }),
    }),
  ]);
  const context = cluster.context === '' ? '' : ` (context ${cluster.context})`;
  progress.info(
    `Cluster: ${cluster.server}${context}, uid ${uid}, cert-manager ${info.version === '' ? 'of unknown version' : info.version} in namespace ${info.namespace}.`,
  );
  requireCluster(cluster, uid, source.expectCluster);
  if (!info.installed) {
    throw new CertkeepError(
      'cert-manager-not-installed',
      `The cluster at ${cluster.server} does not serve the API group cert-manager.io: cert-manager is not installed there, or this is another cluster than you mean.`,
      'Check --context and --kubeconfig.',
    );
  }
  // Whoever says which version decides need not be told which one runs.
  if (request.currentVersion === undefined) requireVisible(info);
  // All Certificates, whatever the selector: those that share a Secret decide about each other.
  const namespaces = [...new Set(request.namespaces)];
  const [read, { makers, problems }, helm] = await Promise.all([
    readClusterState(cluster, { namespaces, secrets: 'required', secretsVerb: 'get', settleMs: 0, progress }),
    readMakers(cluster, namespaces),
    readHelmFacts(cluster),
  ]);
  progress.info(
    `Read ${read.certificates.length} Certificates, ${read.secrets.size} Secrets and ${read.requests.length} CertificateRequests.`,
  );
  const installation = factsOfInstallation(info);
  return {
    ...emptyState(`the cluster ${cluster.server}`),
    cluster: uid,
    version: info.version,
    certificates: read.certificates,
    secrets: [...read.secrets.values()],
    requests: read.requests,
    issuers: read.issuers,
    makers,
    controllerFlags: { flags: info.flags, known: info.flagsKnown },
    problems,
    facts: {
      ...installation,
      ...(installation.crds === undefined ? {} : { crds: { ...installation.crds, ...helm } }),
      ...(read.secretsRead && request.namespaces.length === 0
        ? { secretExists: existing([...read.secrets.values()]) }
        : {}),
    },
  };
}
