import { backupSummary } from '../archive/summary.ts';
import { checkOutputDirectory, writeBackup } from '../archive/write.ts';
import { buildContents } from '../backup/contents.ts';
import { addFindings, addForecast } from '../backup/judgement.ts';
import { accept, discard, unchecked } from '../backup/output.ts';
import { type IssuerScope, scopeIssuers } from '../backup/scope.ts';
import { type HeldReference, selectSecrets } from '../backup/select.ts';
import type { ClusterState } from '../backup/state.ts';
import { type CheckAnyRequest, foreignOptions } from '../check/any.ts';
import { check } from '../check/check.ts';
import { distinct } from '../check/distinct.ts';
import { judgeForeign } from '../check/foreign/check-foreign.ts';
import { detect, refuseMixture } from '../check/foreign/detect.ts';
import { loadForeign } from '../check/foreign/load.ts';
import type { KubeObject } from '../model/objects.ts';
import { CertkeepError, EXIT, exitCodeOf, type Problem, type ProblemCode } from '../model/problems.ts';
import { silent } from '../model/progress.ts';
import type { Report } from '../model/report.ts';
import { referencesOf } from '../refs/closure.ts';
import { headerOf } from './header.ts';
import { afterConversion } from './left-out.ts';
import { makersOf } from './makers.ts';
import { stateOf } from './state.ts';

export interface ConvertRequest extends CheckAnyRequest {
  /** Where the backup shall be; does not exist yet, or is empty. */
  directory: string;
  /** age public keys. */
  recipients: readonly string[];
  encrypt: 'secrets' | 'all';
  allowPlaintextSecrets: boolean;
}

/** Where one of these is an error, nothing is written: the backup would lack something, or not say what was meant. */
const IN_THE_WAY: readonly ProblemCode[] = [
  'bad-manifest',
  'old-api-version',
  'secrets-not-captured',
  'missing-secret',
  'missing-issuer',
  'nothing-found',
];

/** Faults of the source that `backup` writes down as they are, and `check` calls errors. */
const FAULTS: readonly ProblemCode[] = ['would-be-reissued', 'key-mismatch', 'temporary-certificate'];

/** These exist in every cluster. */
const BUILT_IN: readonly string[] = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/**
 * Makes a certkeep backup of somebody else's, without what must not be restored, and checks it. The report is that of the
 * new backup; what was left out is among its notes. Nothing is written where something needed is missing.
 * @throws CertkeepError wrong usage, output-not-empty, plaintext-secrets, damaged-backup: nothing was written
 */
export async function convert(request: ConvertRequest): Promise<Report> {
  await checkOutputDirectory(request.directory);
  const foreign = await load(request);
  const state = stateOf(foreign.foreign);
  const scope = scopeIssuers(state, { namespaces: [] });
  const held = heldReferences(state, scope, foreign.foreign.clusterResourceNamespace.name);
  const selection = selectSecrets(state, held, {
    secrets: 'all',
    certManagerNamespace: foreign.foreign.certManager.namespace || foreign.foreign.clusterResourceNamespace.name,
    allowMissing: request.allowMissing ?? [],
    absent: new Set(),
    listed: () => true,
  });
  const report = judgeForeign(foreign, request.toolVersion);
  report.problems = distinct([...afterConversion(report.problems), ...selection.problems]);
  if (report.problems.some((p) => p.severity === 'error' && IN_THE_WAY.includes(p.code))) return finished(report);
  const objects: KubeObject[] = [
    ...scope.issuers,
    ...state.certificates,
    ...selection.secrets.map(({ secret }) => secret),
  ];
  const contents = buildContents(state, {
    namespaces: namespacesOf(state, objects),
    secrets: selection.secrets,
    issuers: scope.issuers,
    foreign: [],
    crds: [],
    makers: makersOf(foreign.foreign),
    clusterResourceNamespace: foreign.foreign.clusterResourceNamespace.name,
  });
  const header = headerOf(foreign.foreign, {
    toolVersion: request.toolVersion,
    allowMissing: [...(request.allowMissing ?? []), ...selection.replaced],
    hasSecrets: contents.secrets.length > 0,
    wasTold: (request.clusterResourceNamespace ?? '') !== '',
  });
  const aside = unchecked(request.directory);
  try {
    const { recipients, encrypt, allowPlaintextSecrets } = request;
    const written = await writeBackup({
      directory: aside,
      shownAs: request.directory,
      header,
      contents,
      recipients,
      encrypt,
      allowPlaintextSecrets,
    });
    const { horizonMs, clock, toolVersion } = request;
    const checked = await check({
      path: written.path,
      identities: [],
      expectRoot: written.root,
      horizonMs,
      clock,
      progress: silent,
      toolVersion,
    });
    addFindings(report, checked, { aside, directory: request.directory });
    if (written.manifest.encryption !== 'none') addForecast(report, written, contents, clock.now());
    report.problems = distinct(report.problems.map(asCheck));
    if (report.problems.some((p) => p.severity === 'error' && !FAULTS.includes(p.code))) {
      await discard(aside);
      return finished(report);
    }
    await accept(written.path, request.directory);
    report.backup = backupSummary({ ...written, path: request.directory });
    return finished(report);
  } catch (error) {
    await discard(aside);
    throw error;
  }
}

async function load(request: ConvertRequest) {
  const found = await Promise.all(request.paths.map(async (path) => ({ path, kind: await detect(path) })));
  refuseMixture(found.map(({ kind }) => kind));
  if (found.some(({ kind }) => kind === 'certkeep')) {
    throw new CertkeepError(
      'wrong-usage',
      `${request.paths.join(', ')} is a certkeep backup already, or is not there: there is nothing to convert.`,
      'Leave --convert out, or give what kubectl or Velero wrote.',
    );
  }
  return loadForeign(found, request.stdin, foreignOptions(request), 'convert');
}

function heldReferences(state: ClusterState, scope: IssuerScope, clusterResourceNamespace: string): HeldReference[] {
  return [...scope.issuers, ...state.certificates].flatMap((holder) =>
    referencesOf(holder, clusterResourceNamespace, {
      challengeNamespaces: holder.kind === 'ClusterIssuer' ? (scope.usedIn.get(holder.metadata.name) ?? []) : [],
    }).map((reference) => ({ holder, reference })),
  );
}

/** The namespaces of the objects; of one that the backup does not hold its name is all that is known. */
function namespacesOf(state: ClusterState, objects: readonly KubeObject[]): KubeObject[] {
  const names = new Set(objects.flatMap(({ metadata: { namespace } }) => namespace ?? []));
  return [...names]
    .filter((name) => !BUILT_IN.includes(name))
    .sort()
    .map((name) => state.namespaces.get(name) ?? { apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
}

function asCheck(problem: Problem): Problem {
  return FAULTS.includes(problem.code) && problem.severity === 'warning' ? { ...problem, severity: 'error' } : problem;
}

function finished(report: Report): Report {
  const exitCode = exitCodeOf(report.problems);
  return { ...report, exitCode, verdict: exitCode === EXIT.ok ? 'sound' : 'unsound' };
}
