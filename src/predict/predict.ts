import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isZip } from '../archive/zip.ts';
import { CertkeepError, exitCodeOf, type Problem } from '../model/problems.ts';
import type { CertificateReport, Prediction, Report } from '../model/report.ts';
import { labelSelector } from '../model/selector.ts';
import { rfc3339 } from '../model/time.ts';
import type { UpgradeFacts } from '../reissue/hazards.ts';
import { predictionReport } from '../reissue/report.ts';
import { NEWEST_KNOWN, rulesFor } from '../reissue/versions.ts';
import { costOf } from './cost.ts';
import { findings } from './findings.ts';
import { fromBackup } from './from-backup.ts';
import { fromCluster } from './from-cluster.ts';
import { fromManifests } from './from-manifests.ts';
import { type Input, inputsOf } from './inputs.ts';
import { issuerFinder } from './issuers.ts';
import { isRenewal, type Judged, judge, judgeNew, type Outlooks, type Releases, renewalTime } from './judge.ts';
import type { FileSource, PredictRequest } from './request.ts';
import { makerReport, newInputs, shimOutlook } from './shim.ts';
import { nameOf, type PredictState } from './state.ts';
import { upgradeReport } from './upgrade.ts';
import { byWeek } from './weeks.ts';

export type { PredictRequest } from './request.ts';

/** Certificates between two words about how far it is. */
const STEP = 1000;

/**
 * Which Certificates cert-manager would reissue as things stand, and why; what renews next; and what that costs at the
 * CA. With `certManagerVersion`, what an upgrade to it does.
 *
 * The verdict is `reissue` where any Certificate would be, else `undecidable` where any is, else `keep`. An ordinary
 * renewal that is due counts as a reissue in the verdict, and fails the run only with `failOnRenewal`.
 *
 * @throws CertkeepError: wrong usage, a source that cannot be read, a cert-manager before 1.11.
 */
export async function predict(request: PredictRequest): Promise<Report> {
  const matches = labelSelector(request.selector ?? '');
  for (const version of [request.certManagerVersion, request.currentVersion])
    if (version !== undefined) rulesFor(version);
  const state = await read(request);
  const { releases, assumed, problems } = chooseReleases(state, request);
  const now = request.clock.now();
  const outlooks: Outlooks = {
    version: shimOutlook(state, releases.version),
    ...(releases.from === undefined ? {} : { from: shimOutlook(state, releases.from) }),
  };
  const namespaces = new Set(request.namespaces);
  const isWanted = ({ certificate: { metadata } }: Input): boolean =>
    (namespaces.size === 0 || namespaces.has(metadata.namespace ?? '')) && matches(metadata.labels);
  const inputs = inputsOf(state).filter(isWanted);
  const decided: Judged[] = [];
  const issuerOf = issuerFinder(state.issuers);
  const factsOf = ({ certificate }: Input): UpgradeFacts => ({ ...state.facts, issuer: issuerOf(certificate) });
  for (const input of inputs) {
    if (decided.length % STEP === 0) {
      request.signal?.throwIfAborted();
      if (decided.length > 0) request.progress.step('deciding', decided.length, inputs.length);
    }
    decided.push(judge(input, releases, outlooks, now, factsOf(input)));
  }
  for (const input of newInputs(outlooks.version).filter(isWanted)) {
    decided.push(judgeNew(input, releases, outlooks, now, factsOf(input)));
  }
  const judged = byUrgency(decided);
  const until = now.getTime() + request.horizonMs;
  const all: Problem[] = [
    ...state.problems,
    ...problems,
    ...nothing(state, judged),
    ...outlooks.version.problems,
    ...findings(judged, request, now),
  ];
  const renewals = judged.flatMap(({ decision }) => renewalTime(decision) ?? []);
  const { version, from } = releases;
  return {
    command: 'predict',
    certkeep: request.toolVersion,
    exitCode: exitCodeOf(all),
    cluster: state.cluster,
    certManager: state.version,
    verdict: overall(judged.map(({ decision }) => decision.outcome)),
    certificates: judged.map(certificateReport),
    problems: all,
    ...(state.backup === undefined ? {} : { backup: state.backup }),
    forecast: {
      now: rfc3339(now),
      until: rfc3339(new Date(until)),
      rules: { version: version.replace(/^v/, ''), known: rulesFor(version).known, assumed },
      weeks: byWeek(renewals, now.getTime(), until),
      cost: costOf(judged, state.issuers, { now: now.getTime(), until }, request.caLimits ?? []),
      ...(from === undefined
        ? {}
        : { upgrade: upgradeReport(judged, state, from.replace(/^v/, ''), version.replace(/^v/, '')) }),
    },
  };
}

async function read(request: PredictRequest): Promise<PredictState> {
  const { source } = request;
  if ('cluster' in source) return fromCluster(source, request);
  const backup = await backupAmong(source);
  const state = backup === undefined ? await fromManifests(source) : await fromBackup(backup, source);
  request.progress.info(
    `Read ${state.certificates.length} Certificates, ${state.secrets.length} Secrets and ${state.requests.length} CertificateRequests of ${state.name}.`,
  );
  return state;
}

/** The path that is a backup of certkeep; undefined where none is. */
async function backupAmong({ paths, expectRoot }: FileSource): Promise<string | undefined> {
  for (const path of paths) {
    if (path === '-' || !((await isZip(path)) || (await exists(join(path, 'manifest.json'))))) continue;
    if (paths.length === 1) return path;
    throw new CertkeepError(
      'wrong-usage',
      `${path} is a backup, and a backup is judged by itself.`,
      'Give one --from.',
    );
  }
  if (expectRoot !== undefined && expectRoot !== '') {
    throw new CertkeepError(
      'wrong-usage',
      'A root digest was given, but plain manifests have none.',
      'Leave out --expect-root, or give a backup of certkeep.',
    );
  }
  return undefined;
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** By which rules is judged, and what has to be said about that. */
function chooseReleases(
  state: PredictState,
  { certManagerVersion, currentVersion }: PredictRequest,
): { releases: Releases; assumed: boolean; problems: Problem[] } {
  const current = currentVersion ?? knownOrEmpty(state.version);
  const version = certManagerVersion ?? (current === '' ? NEWEST_KNOWN : current);
  const problems: Problem[] = [];
  const assumed = certManagerVersion === undefined && current === '';
  if (assumed) {
    problems.push({
      severity: 'note',
      code: 'undecidable',
      message: `Which cert-manager runs is not known from ${state.name}; judged by the rules of ${NEWEST_KNOWN}, the newest that certkeep knows.`,
      fix: 'Name it with --current-version.',
    });
  } else if (!rulesFor(version).known) {
    problems.push({
      severity: 'warning',
      code: 'undecidable',
      message: `cert-manager ${version} is newer than the releases that certkeep knows; judged by the rules of ${NEWEST_KNOWN}.`,
      fix: 'Look for a newer certkeep.',
    });
  }
  if (certManagerVersion === undefined) return { releases: { version }, assumed, problems };
  if (current !== '') return { releases: { version, from: current }, assumed, problems };
  problems.push({
    severity: 'note',
    code: 'undecidable',
    message: `Which cert-manager runs now is not known from ${state.name}: this says what ${version} decides, and not what the upgrade changes.`,
    fix: 'Name the one that runs with --current-version.',
  });
  return { releases: { version }, assumed, problems };
}

/** A version that the source names; '' where it is none that can be read. Throws for one before 1.11. */
function knownOrEmpty(version: string): string {
  try {
    if (version !== '') rulesFor(version);
    return version;
  } catch (error) {
    if (error instanceof CertkeepError && error.code === 'wrong-usage') return '';
    throw error;
  }
}

function nothing(state: PredictState, judged: readonly Judged[]): Problem[] {
  if (judged.length > 0 || state.problems.some(({ severity }) => severity === 'error')) return [];
  const none = state.certificates.length === 0;
  return [
    {
      severity: 'warning',
      code: 'nothing-found',
      message: none
        ? `There is no Certificate in ${state.name}.`
        : `None of the ${state.certificates.length} Certificates in ${state.name} is in that namespace or has those labels.`,
      fix: none
        ? 'Export what decides: kubectl get certificates,certificaterequests,secrets,issuers,clusterissuers -A -o yaml'
        : 'Correct --namespace or --selector.',
    },
  ];
}

/** One reissue makes it a reissue; else one undecidable makes it undecidable. */
function overall(outcomes: readonly Prediction[]): Prediction {
  if (outcomes.includes('reissue')) return 'reissue';
  return outcomes.includes('undecidable') ? 'undecidable' : 'keep';
}

function certificateReport({ certificate, decision, upgrade, shim }: Judged): CertificateReport {
  return {
    ...predictionReport(certificate, decision),
    ...(shim === undefined ? {} : { maker: makerReport(shim) }),
    ...(upgrade === undefined
      ? {}
      : {
          upgrade: {
            before: upgrade.before.outcome,
            after: upgrade.after.outcome,
            reissued: upgrade.reissued,
            reissuedIfCrdsFirst: upgrade.reissuedIfCrdsFirst,
            hazards: upgrade.hazards.map(({ code }) => code),
          },
        }),
  };
}

/** Reissued now, undecidable, due for renewal, then by the time of the next renewal. */
function byUrgency(judged: readonly Judged[]): Judged[] {
  return judged
    .map((one) => ({ one, rank: rank(one), time: time(one), name: nameOf(one.certificate) }))
    .sort((a, b) => a.rank - b.rank || a.time - b.time || (a.name < b.name ? -1 : 1))
    .map(({ one }) => one);
}

function rank({ decision, upgrade }: Judged): number {
  if (decision.outcome === 'undecidable') return 2;
  if (isRenewal(decision)) return 3;
  if (decision.outcome === 'reissue') return 0;
  return upgrade?.reissuedIfCrdsFirst === true ? 1 : 4;
}

function time({ decision }: Judged): number {
  const at = decision.at === null ? Number.NaN : Date.parse(decision.at);
  return Number.isNaN(at) ? Number.MAX_SAFE_INTEGER : at;
}
