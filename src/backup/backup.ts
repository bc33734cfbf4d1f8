import { sealer } from '../archive/seal.ts';
import { backupSummary } from '../archive/summary.ts';
import { checkOutputDirectory, writeBackup } from '../archive/write.ts';
import { check } from '../check/check.ts';
import { type CertManagerInfo, discoverCertManager } from '../cluster/certmanager.ts';
import type { Cluster } from '../cluster/client.ts';
import { clusterUid, kubernetesVersion, requireCluster } from '../cluster/identity.ts';
import { leftoverPause } from '../cluster/pause-record.ts';
import type { BackupContents } from '../model/backup.ts';
import { parseIncludes } from '../model/include.ts';
import { type Certificate, type KubeObject, objectName } from '../model/objects.ts';
import { CertkeepError, EXIT, exitCodeOf, type Problem } from '../model/problems.ts';
import { type Clock, type Progress, silent } from '../model/progress.ts';
import type { CertificateReport, Report } from '../model/report.ts';
import { type Reference, referencesOf } from '../refs/closure.ts';
import { rbacFix, withRbacCommand } from '../rights/command.ts';
import { type RightsOptions, withDefaults } from '../rights/options.ts';
import { readClusterState } from './capture.ts';
import { buildContents } from './contents.ts';
import { readCrds } from './crds.ts';
import { emptinessProblems } from './emptiness.ts';
import {
  certificateFindings,
  inlineProblems,
  issuerFindings,
  ownedSecretProblems,
  prerequisites,
  requestFindings,
} from './findings.ts';
import { foreignPrerequisites, readForeignIssuers, readIncluded } from './foreign.ts';
import { buildHeader, type Source } from './header.ts';
import { readInjections, usableInjections } from './injections.ts';
import { addFindings, addForecast, HORIZON_MS } from './judgement.ts';
import { countLeftOut, type LeftOut, leftOutWords } from './left-out.ts';
import { secretsMode } from './mode.ts';
import { namespacesOf } from './namespaces.ts';
import { accept, discard, unchecked } from './output.ts';
import { readMakers } from './owners.ts';
import { changedIssuers, type ForeignObject } from './recheck.ts';
import { readReferenced } from './referenced.ts';
import { type IssuerScope, scopeIssuers } from './scope.ts';
import { type HeldReference, selectSecrets } from './select.ts';
import { type ClusterState, keyOf } from './state.ts';

export interface BackupRequest {
  cluster: Cluster;
  /** Does not exist yet, or is empty. */
  directory: string;
  /** [] for all. */
  namespaces: string[];
  /** Label selector of Certificates. */
  selector?: string;
  certManagerNamespace?: string;
  clusterResourceNamespace?: string;
  /** uid that the cluster must have. */
  expectCluster?: string;
  secrets: 'auto' | 'all' | 'issuer' | 'none';
  /**
   * Where the leaf of each Certificate comes from: its Secret (the default), or its current CertificateRequest, for which
   * nothing of Secrets is read; only with `secrets: none`.
   */
  baseline?: 'secrets' | 'requests';
  /** age public keys. */
  recipients: string[];
  encrypt: 'secrets' | 'all';
  /** `crds`, and `plural.group` of kinds of other groups. Default none. */
  include?: readonly string[];
  allowPlaintextSecrets: boolean;
  /** `Kind/namespace/name` of Secrets and issuers that may be absent. */
  allowMissing: string[];
  allowEmpty: boolean;
  /** Wait for issuances in progress, up to `timeoutMs`. */
  wait: boolean;
  timeoutMs?: number;
  toolVersion: string;
  clock: Clock;
  progress: Progress;
  /** For tests: how to pause. */
  sleep?: (ms: number) => Promise<void>;
}

/** How long Certificates may take to come to rest: an ordinary issuance by a CA takes about a second. */
const SETTLE_MS = 4_000;
const WAIT_MS = 5 * 60_000;
/** How often everything is read anew where issuers were edited while it was read. */
const MAX_READS = 3;

/**
 * Captures a cluster's cert-manager configuration into a directory and checks what was written. Reads only.
 *
 * The verdict is `complete`, or `incomplete` with the reasons in `problems`; then nothing is left under `directory`.
 * @throws CertkeepError where not even that can be said: cluster not reachable, another cluster than expected, no
 * cert-manager, rights missing, output directory not empty.
 */
export async function backup(asked: BackupRequest): Promise<Report> {
  const request: Run = { ...asked, namespaces: [...new Set(asked.namespaces)], foreignKinds: new Set() };
  const mode = secretsMode(request);
  parseIncludes(request.include ?? []);
  try {
    return await captureAndWrite(request, mode);
  } catch (error) {
    throw withRbacCommand(error, rightsOf(request, mode));
  }
}

/** The request, and what the run has come to know that its rights depend on. */
interface Run extends BackupRequest {
  /** `plural.group` of the issuers of other groups that Certificates use. */
  foreignKinds: Set<string>;
}

/** The rights that this run needs. */
function rightsOf(request: Run, secrets: 'all' | 'issuer' | 'none'): RightsOptions {
  return withDefaults({
    use: 'backup',
    secrets,
    baseline: request.baseline ?? 'secrets',
    namespaces: request.namespaces,
    certManagerNamespace: request.certManagerNamespace ?? '',
    clusterResourceNamespace: request.clusterResourceNamespace ?? '',
    include: [...new Set([...(request.include ?? []), ...request.foreignKinds])],
  });
}

async function captureAndWrite(request: Run, mode: 'all' | 'issuer' | 'none'): Promise<Report> {
  const { progress } = request;
  await checkTarget(request);
  const source = await identify(request);
  const startedAt = request.clock.now();
  const { state, assembled } = await capture(request, source, mode);
  progress.info(
    `Read ${state.certificates.length} Certificates${request.selector ? ` with the labels ${request.selector}` : ''}, ${state.issuers.length} issuers, ${state.requests.length} CertificateRequests${state.secretsRead ? ` and ${state.secrets.size} Secrets` : ''}.`,
  );
  const { contents, problems, accepted, include, leftOut } = assembled;
  progress.info(leftOutWords(leftOut, mode));
  const report: Report = {
    command: 'backup',
    certkeep: request.toolVersion,
    exitCode: EXIT.ok,
    cluster: source.uid,
    certManager: source.certManager.version,
    verdict: 'complete',
    certificates: state.certificates.map(certificateLine).sort(byName),
    problems: [...source.leftover, ...problems],
  };
  if (exitCodeOf(problems) !== EXIT.ok) return failed(report);
  const header = buildHeader(source, {
    toolVersion: request.toolVersion,
    startedAt,
    namespaces: request.namespaces,
    selector: request.selector ?? '',
    secrets: mode,
    ...(request.baseline === 'requests' ? { baseline: 'requests' as const } : {}),
    restorable: mode === 'all',
    resourceVersions: state.resourceVersions,
    allowMissing: accepted,
    include,
    leftOut,
  });
  return write(request, report, header, contents);
}

/**
 * What can be said of a request without a cluster: recipients and output directory. Cheap; `backup` does it first.
 * @throws CertkeepError wrong-usage, output-not-empty, output-not-writable (all exit 2)
 */
export async function checkTarget(request: { directory: string; recipients: readonly string[] }): Promise<void> {
  if (request.recipients.length > 0) sealer(request.recipients);
  await checkOutputDirectory(request.directory);
}

/** Which cluster and which cert-manager this is; says so before anything is read. */
async function identify(request: BackupRequest): Promise<Source & { leftover: Problem[] }> {
  const { cluster, progress } = request;
  const [uid, kubernetes, certManager] = await Promise.all([
    clusterUid(cluster),
    kubernetesVersion(cluster),
    discoverCertManager(cluster, {
      ...(request.certManagerNamespace === undefined ? {} : { certManagerNamespace: request.certManagerNamespace }),
      ...(request.clusterResourceNamespace === undefined
        ? {}
        : { clusterResourceNamespace: request.clusterResourceNamespace }),
    }),
  ]);
  progress.info(
    `Source cluster: ${cluster.server}${cluster.context === '' ? '' : ` (context ${cluster.context})`}, uid ${uid}, Kubernetes ${kubernetes}, ` +
      `cert-manager ${certManager.version === '' ? 'of unknown version' : certManager.version} in namespace ${certManager.namespace}.`,
  );
  requireCluster(cluster, uid, request.expectCluster);
  if (!certManager.installed) {
    throw new CertkeepError(
      'cert-manager-not-installed',
      `The cluster at ${cluster.server} does not serve the API group cert-manager.io: cert-manager is not installed there, or the context${cluster.context === '' ? '' : ` "${cluster.context}"`} is of another cluster than you mean.`,
      'Check --context and --kubeconfig.',
    );
  }
  if (isTooOld(certManager.version)) {
    throw new CertkeepError(
      'unsupported-cert-manager',
      `cert-manager ${certManager.version} is older than 1.11, the oldest version that certkeep knows.`,
      'Upgrade cert-manager first, or back up by hand as its documentation says.',
    );
  }
  if (certManager.clusterResourceNamespace !== '') {
    progress.info(
      `ClusterIssuers look for their Secrets in namespace ${certManager.clusterResourceNamespace} (found by: ${certManager.clusterResourceNamespaceSource}).`,
    );
  }
  const leftover = await leftoverPause(cluster, certManager, request.clock.now());
  return { cluster, uid, kubernetes, certManager, leftover };
}

function isTooOld(version: string): boolean {
  const match = /^v?(\d+)\.(\d+)\./.exec(version);
  if (match === null) return false;
  return Number(match[1]) === 0 || (Number(match[1]) === 1 && Number(match[2]) < 11);
}

/**
 * Reads the cluster and chooses, anew where the spec of an issuer changed while its Secrets were read, so that no backup
 * pairs an old spec with a new Secret. (Certificates are looked after in settle.ts.)
 */
async function capture(
  request: Run,
  source: Source,
  mode: 'all' | 'issuer' | 'none',
): Promise<{ state: ClusterState; assembled: Assembled }> {
  const { cluster, progress } = request;
  for (let reads = 1; ; reads += 1) {
    const state = await readClusterState(cluster, {
      namespaces: request.namespaces,
      ...(request.selector === undefined ? {} : { selector: request.selector }),
      secrets: request.baseline === 'requests' ? 'no' : 'required',
      secretsVerb: mode === 'all' ? 'list' : 'get',
      settleMs: request.wait ? (request.timeoutMs ?? WAIT_MS) : SETTLE_MS,
      progress,
      ...(request.sleep === undefined ? {} : { sleep: request.sleep }),
    });
    const assembled = await assemble(request, source, state, mode);
    const changed = await changedIssuers(cluster, assembled.issuers, assembled.foreign, request.namespaces);
    if (changed.length === 0) return { state, assembled };
    if (reads === MAX_READS) {
      assembled.problems.push(...changed.map(changingIssuer));
      return { state, assembled };
    }
    progress.debug(`${changed.join(', ')} changed while the Secrets were read: reading everything again.`);
  }
}

function changingIssuer(object: string): Problem {
  return {
    severity: 'error',
    code: 'changed-while-reading',
    message: `${object} was edited each of the ${MAX_READS} times that it was read, so its spec and its Secrets may be of different moments. Perhaps two tools overwrite each other’s changes.`,
    fix: 'Find out who writes it (`kubectl get --show-managed-fields -o yaml`), then back up again.',
    object,
  };
}

interface Assembled {
  contents: BackupContents;
  problems: Problem[];
  /** What was chosen of cert-manager's own issuers, and of other groups. */
  issuers: KubeObject[];
  foreign: ForeignObject[];
  /** `crds` and `plural.group` of kinds of other groups that the backup holds. */
  include: string[];
  leftOut: LeftOut;
  /** `Kind/namespace/name` of what is named, is not in the backup, and need not be. */
  accepted: string[];
}

/** Chooses what belongs to the backup, and finds what is missing. */
async function assemble(
  request: Run,
  source: Source,
  state: ClusterState,
  mode: 'all' | 'issuer' | 'none',
): Promise<Assembled> {
  const { cluster } = request;
  const { clusterResourceNamespace, namespace: certManagerNamespace } = source.certManager;
  const options = { namespaces: request.namespaces, selector: request.selector ?? '' };
  const scope = scopeIssuers(state, options);
  const other = await readOthers(request, scope, mode);
  const foreignObjects = new Set(other.foreign.map(({ object }) => object));
  const held = heldReferences(state, scope, [...foreignObjects, ...other.injections], clusterResourceNamespace);
  const wanted = held.filter(({ holder }) => mode === 'all' || (mode === 'issuer' && holder.kind !== 'Certificate'));
  // The objects of other groups were read after the list of Secrets: theirs are read after them.
  const ofForeign = wanted.filter(({ holder }) => foreignObjects.has(holder)).map(({ reference }) => reference);
  const [absent, makers] = await Promise.all([
    readReferenced(
      cluster,
      state,
      notListed(state, request.namespaces, wanted),
      (namespace) => isListed(state, request.namespaces, namespace),
      ofForeign,
    ),
    readMakers(cluster, state.certificates, request.namespaces),
  ]);
  const injections = usableInjections(state, held);
  const selection = selectSecrets(state, injections.held, {
    secrets: mode,
    certManagerNamespace,
    allowMissing: request.allowMissing,
    absent,
    listed: (namespace) => isListed(state, request.namespaces, namespace),
  });
  const objects: KubeObject[] = [...scope.issuers, ...foreignObjects, ...state.certificates];
  const captured = [...objects, ...selection.secrets.map(({ secret }) => secret)];
  const contents = buildContents(state, {
    namespaces: await namespacesOf(cluster, state, captured),
    secrets: selection.secrets,
    issuers: scope.issuers,
    foreign: other.foreign.map(({ object }) => ({ object, isIssuer: other.issuers.has(object) })),
    crds: other.crds,
    makers,
    clusterResourceNamespace,
    baseline: request.baseline,
  });
  const capturedSecrets = new Set(contents.secrets.map(({ metadata }) => keyOf(metadata.namespace, metadata.name)));
  return {
    contents,
    issuers: scope.issuers,
    foreign: other.foreign,
    include: other.include,
    leftOut: countLeftOut(
      state,
      { secrets: capturedSecrets, requests: contents.requests.length },
      certManagerNamespace,
    ),
    accepted: [...request.allowMissing, ...selection.replaced],
    problems: [
      ...emptinessProblems(cluster, state, scope, { ...options, allowEmpty: request.allowEmpty }),
      ...unknownNamespaceProblems(held, source.certManager, rightsOf(request, mode)),
      ...hiddenProblems(source.certManager, rightsOf(request, mode)),
      ...selection.problems,
      ...issuerFindings(scope, request.allowMissing),
      ...other.problems,
      ...injections.problems,
      ...inlineProblems(objects, request.recipients.length > 0 || request.allowPlaintextSecrets),
      ...certificateFindings(state).filter((found) => !isSaid(found, selection.problems)),
      ...(request.baseline === 'requests' ? requestFindings(contents.index) : []),
      ...ownedSecretProblems(state, source.certManager.certificateOwnerRef === true),
      ...prerequisites(held.map(({ reference }) => reference)),
      ...modeProblems(mode, request),
    ],
  };
}

/** That a Certificate is in issuance is said once, be its Secret there or not. */
function isSaid(found: Problem, said: readonly Problem[]): boolean {
  if (found.code !== 'certificate-in-issuance') return false;
  return said.some(({ code, object }) => code === found.code && object === found.object);
}

/** What is read besides cert-manager's own kinds. */
interface Others {
  foreign: ForeignObject[];
  /** Those of them that Certificates name as their issuers. */
  issuers: ReadonlySet<KubeObject>;
  /** Not for the backup: they name Secrets that are. */
  injections: KubeObject[];
  crds: KubeObject[];
  include: string[];
  problems: Problem[];
}

async function readOthers(request: Run, scope: IssuerScope, mode: 'all' | 'issuer' | 'none'): Promise<Others> {
  const { cluster, namespaces, selector = '', allowMissing, foreignKinds } = request;
  const asked = parseIncludes(request.include ?? []);
  const [issuers, included, injections] = await Promise.all([
    readForeignIssuers(cluster, scope, {
      namespaces,
      selector,
      allowMissing,
      onKind: (resource) => foreignKinds.add(resource),
    }),
    readIncluded(cluster, asked.resources, namespaces),
    // What is injected into belongs to no Certificate, and mostly to no namespace.
    mode === 'all' && selector === '' ? readInjections(cluster, namespaces) : { objects: [], problems: [] },
  ]);
  const foreign = new Map([...included.objects, ...issuers.objects].map((one) => [uniqueName(one), one]));
  const resources = [...issuers.resources, ...included.resources];
  const { crds, problems } = asked.crds ? await readCrds(cluster, resources) : { crds: [], problems: [] };
  return {
    foreign: [...foreign.values()],
    issuers: new Set(issuers.objects.map(({ object }) => object)),
    injections: injections.objects,
    crds,
    include: [...(asked.crds ? ['crds'] : []), ...resources],
    problems: [...issuers.problems, ...foreignPrerequisites(issuers.objects), ...injections.problems, ...problems],
  };
}

function uniqueName({ kind, object }: ForeignObject): string {
  return `${kind.group} ${objectName(object)}`;
}

function heldReferences(
  state: ClusterState,
  scope: IssuerScope,
  others: readonly KubeObject[],
  clusterResourceNamespace: string,
): HeldReference[] {
  return [...scope.issuers, ...others, ...state.certificates].flatMap((holder) => {
    const challengeNamespaces =
      holder.kind === 'ClusterIssuer' ? (scope.usedIn.get(holder.metadata.name) ?? []) : undefined;
    return referencesOf(
      holder,
      clusterResourceNamespace,
      challengeNamespaces === undefined ? {} : { challengeNamespaces },
    ).map((reference) => ({ holder, reference }));
  });
}

/**
 * The references to look up one by one. A leaf Secret or a guess that a complete list of its namespace does not hold
 * does not exist, or is none of ours.
 */
function notListed(state: ClusterState, namespaces: readonly string[], held: readonly HeldReference[]): Reference[] {
  return held
    .map(({ reference }) => reference)
    .filter(({ namespace, role, guess }) => {
      return !isListed(state, namespaces, namespace) || (role !== 'leaf-secret' && guess !== true);
    });
}

/** Whether the capture read the Secrets of that namespace as a list. */
function isListed(state: ClusterState, namespaces: readonly string[], namespace: string): boolean {
  return state.secretsRead && (namespaces.length === 0 || namespaces.includes(namespace));
}

/** What a missing right kept from sight, where the backup can do without it. */
function hiddenProblems({ hidden }: CertManagerInfo, rights: RightsOptions): Problem[] {
  if (hidden === undefined) return [];
  return [
    {
      severity: 'warning',
      code: 'forbidden',
      message: `The version and the arguments of cert-manager’s controller are not all in this backup: ${hidden.because} (403).`,
      fix: rbacFix({ ...rights, controllerConfig: hidden.configMap }),
    },
  ];
}

function unknownNamespaceProblems(
  held: readonly HeldReference[],
  { clusterResourceNamespace, hidden }: CertManagerInfo,
  rights: RightsOptions,
): Problem[] {
  if (clusterResourceNamespace !== '') return [];
  const first = held.find(({ holder, reference }) => holder.kind === 'ClusterIssuer' && reference.namespace === '');
  if (first === undefined) return [];
  return [
    {
      severity: 'error',
      code: 'cluster-resource-namespace-unknown',
      message: `${first.reference.from} names ${first.reference.kind} ${first.reference.name}, but it is not known in which namespace ClusterIssuers look for theirs: ${hidden === undefined ? 'cert-manager’s Deployment or configuration could not be found or read' : `${hidden.because} (403)`}.`,
      fix: `Give --cluster-resource-namespace (with the Helm chart it is the namespace of cert-manager unless set otherwise).${hidden === undefined ? '' : ` ${rbacFix({ ...rights, controllerConfig: hidden.configMap })}`}`,
      object: objectName(first.holder),
    },
  ];
}

function modeProblems(mode: 'all' | 'issuer' | 'none', request: BackupRequest): Problem[] {
  if (mode === 'all') return [];
  if (request.baseline === 'requests') {
    return [
      {
        severity: 'warning',
        code: 'secrets-not-captured',
        message:
          'Nothing of Secrets was read: the baseline holds the certificates of the current CertificateRequests, private keys are not compared, and the backup cannot be restored.',
        fix: 'Leave out --baseline requests to compare what the Secrets hold; add --recipient to capture them, encrypted.',
      },
    ];
  }
  const what =
    mode === 'issuer'
      ? 'Only issuers’ credentials were captured, no Certificate’s Secret: after a restore every Certificate would be issued anew.'
      : 'No Secret was captured: this backup is a record and a baseline for verify, and cannot be restored.';
  const automatic = request.secrets === 'auto';
  return [
    {
      severity: 'warning',
      code: 'secrets-not-captured',
      message: automatic ? `${what} No recipient was given to encrypt Secrets to.` : what,
      fix: automatic
        ? 'Add --recipient with an age public key (age-keygen makes a pair): then all Secrets that are needed are captured, encrypted.'
        : 'Use --secrets all with --recipient to capture them, encrypted.',
    },
  ];
}

/** Writes the backup aside, checks it, and only then gives it its name. */
async function write(
  request: BackupRequest,
  report: Report,
  header: ReturnType<typeof buildHeader>,
  contents: BackupContents,
): Promise<Report> {
  const aside = unchecked(request.directory);
  try {
    const written = await writeBackup({
      directory: aside,
      shownAs: request.directory,
      header,
      contents,
      recipients: request.recipients,
      encrypt: request.encrypt,
      allowPlaintextSecrets: request.allowPlaintextSecrets,
    });
    const checked = await check({
      path: written.path,
      identities: [],
      expectRoot: written.root,
      horizonMs: HORIZON_MS,
      clock: request.clock,
      progress: silent,
      toolVersion: request.toolVersion,
    });
    addFindings(report, checked, { aside, directory: request.directory });
    if (written.manifest.encryption !== 'none') addForecast(report, written, contents, request.clock.now());
    if (exitCodeOf(report.problems) !== EXIT.ok) {
      await discard(aside);
      return failed(report);
    }
    await accept(written.path, request.directory);
    report.backup = backupSummary({ ...written, path: request.directory });
    return report;
  } catch (error) {
    await discard(aside);
    throw error;
  }
}

function failed(report: Report): Report {
  return { ...report, exitCode: exitCodeOf(report.problems), verdict: 'incomplete' };
}

function certificateLine({ metadata }: Certificate): CertificateReport {
  return { namespace: metadata.namespace ?? '', name: metadata.name };
}

function byName(a: CertificateReport, b: CertificateReport): number {
  return a.namespace.localeCompare(b.namespace) || a.name.localeCompare(b.name);
}
