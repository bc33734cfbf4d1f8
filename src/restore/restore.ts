import { backupSummary } from '../archive/summary.ts';
import { objectName, refName } from '../model/objects.ts';
import { type CertkeepError, exitCodeOf, type Problem, worstExitCode } from '../model/problems.ts';
import type { CertificateReport, ObjectReport, Report } from '../model/report.ts';
import { withRbacCommand } from '../rights/command.ts';
import type { RightsOptions } from '../rights/options.ts';
import { verify } from '../verify/verify.ts';
import type { PlannedObject } from './actions.ts';
import { type Applied, applyPlan, hasWrite } from './apply.ts';
import { Journal, outOfOrder } from './journal.ts';
import { keptLeaves } from './kept.ts';
import { keyOf } from './kinds.ts';
import { beginPause } from './pause/pause.ts';
import { isClear, objectReport, planReport, planWords } from './plan.ts';
import { type Prepared, prepare } from './prepare.ts';
import type { RestoreRequest } from './request.ts';
import { refusedPause, requireRestoreRights, restoreRights } from './rights.ts';

export type { RestoreRequest } from './request.ts';

/**
 * Plans, refuses or applies, and verifies. It refuses, with nothing written, on any error of the plan: a conflict
 * (exit 7), a predicted reissue (3), a missing prerequisite (6). A run that stopped half-way is continued by the same
 * command: what is there and equal is left alone.
 * @throws CertkeepError where no plan can be made (see prepare.ts)
 */
export async function restore(request: RestoreRequest): Promise<Report> {
  const rights = { options: restoreRights('restore', request) };
  try {
    return await carryOut(request, rights);
  } catch (error) {
    throw withRbacCommand(error, rights.options);
  }
}

/** `rights.options` is filled in with what is found out on the way. */
async function carryOut(request: RestoreRequest, rights: { options: RightsOptions }): Promise<Report> {
  const { progress } = request;
  const prepared = await prepare(request, false);
  rights.options = restoreRights('restore', request, prepared);
  if (!isClear(prepared)) {
    progress.warn('The plan has errors: nothing was written.');
    return { ...planReport(prepared, request.toolVersion), command: 'restore', verdict: 'unproven' };
  }
  progress.info(planWords(prepared.planned));
  await requireRestoreRights(request.cluster, rights.options, prepared);
  const { applied, said } = await applyPaused(request, prepared, rights.options);
  prepared.problems = [...prepared.problems.filter((p) => !PAST.has(p.code) || p.severity === 'error'), ...said];
  if (applied.failure !== undefined) {
    const failure = withRbacCommand(applied.failure, rights.options) as CertkeepError;
    return stopped(request, prepared, { ...applied, failure });
  }

  const proof = await verify({
    cluster: request.cluster,
    backup: prepared.opened,
    namespaces: [],
    ...(request.certManagerNamespace === undefined ? {} : { certManagerNamespace: request.certManagerNamespace }),
    canary: request.canary,
    ...(request.canaryNamespace === undefined ? {} : { canaryNamespace: request.canaryNamespace }),
    failOnReissue: request.failOnReissue,
    failOnRenewal: request.failOnRenewal ?? false,
    restored: true,
    ...(request.timeoutMs === undefined ? {} : { timeoutMs: request.timeoutMs }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    clock: request.clock,
    progress,
    toolVersion: request.toolVersion,
  });
  const kept = new Set(keptLeaves(prepared.planned, prepared.opened.contents).map(objectName));
  const problems = merged(
    prepared.problems,
    proof.problems.map((p) => (p.code === 'reissued' && kept.has(p.object ?? '') ? withKept(p) : p)),
  );
  return {
    ...proof,
    command: 'restore',
    exitCode: worstExitCode([proof.exitCode, exitCodeOf(problems)]),
    certificates: withPredictions(proof.certificates, prepared).map((c) =>
      c.verdict === 'reissued' && kept.has(refName('Certificate', c.namespace, c.name)) ? withKept(c) : c,
    ),
    objects: writtenObjects(prepared.planned, applied),
    problems,
    backup: backupSummary(prepared.opened),
  };
}

/** What the plan found and the end of the pause has put right; whether the controller runs by then is verify's to say. */
const PAST: ReadonlySet<string> = new Set(['controller-paused', 'controller-not-running']);

/** How long a pause lasts at most, unless the request says otherwise. */
const MAX_PAUSE_MS = 600_000;

/** Carries the plan out while cert-manager's controller is paused, and starts it again whatever happened. */
async function applyPaused(
  request: RestoreRequest,
  prepared: Prepared,
  rights: RightsOptions,
): Promise<{ applied: Applied; said: readonly Problem[] }> {
  const { cluster, clock, progress } = request;
  const writes = prepared.planned.some(hasWrite);
  const pause = await beginPause({
    cluster,
    info: prepared.info,
    mode: request.pause ?? 'auto',
    needed: writes,
    refused: await refusedPause(cluster, rights),
    maxPauseMs: request.maxPauseMs ?? MAX_PAUSE_MS,
    signal: request.signal,
    clock,
    progress,
    ...(request.onHold === undefined ? {} : { onHold: request.onHold }),
    ...(request.lockDoubtMs === undefined ? {} : { doubtMs: request.lockDoubtMs }),
  });
  let ended: Problem[] = [];
  let applied: Applied;
  let journal: Journal | undefined;
  try {
    journal = writes ? openJournal(request, prepared) : undefined;
    const isSafe = safeCertificates(prepared);
    applied = await applyPlan({
      cluster,
      planned: prepared.planned,
      isSafe: (item) => pause.stopped || isSafe(item),
      signal: pause.signal,
      journal,
      clock,
      progress,
    });
  } finally {
    ended = await pause.end();
    journal?.close();
  }
  const order = journal === undefined ? [] : orderProblems(journal);
  return { applied, said: [...pause.problems, ...ended, ...order] };
}

/** Where it was not asked for, a journal that cannot be written stops nothing: the re-run does not need it. */
function openJournal(request: RestoreRequest, prepared: Prepared): Journal | undefined {
  if (request.journal === '') return undefined;
  const head = { backup: prepared.opened.root, cluster: prepared.clusterUid };
  if (request.journal !== undefined) return new Journal(request.journal, head, request.clock);
  try {
    return new Journal(`${request.path.replace(/\/+$/, '')}.journal.ndjson`, head, request.clock);
  } catch (error) {
    request.progress.warn(`No journal is written: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** The order of the writes, by the times in the journal. */
function orderProblems(journal: Journal): Problem[] {
  const found = outOfOrder(journal.writes.filter((write) => write.answeredAt !== ''));
  if (found === undefined) return [];
  return [
    {
      severity: 'error',
      code: 'unproven',
      message: `${found.early.object} was written before ${found.late.object} of an earlier stage was there, by the times in the journal ${journal.path}: the clock jumped, or this is a fault of certkeep.`,
      fix: 'Look at the verdicts: what was not reissued is well all the same. Report it with the journal.',
      object: found.early.object,
    },
  ];
}

/** The report of a run whose writes stopped before the end. */
function stopped(request: RestoreRequest, prepared: Prepared, applied: Applied): Report {
  const failure = applied.failure?.toProblem();
  const count = [...applied.written.values()].filter((w) => w.created).length;
  const problems: Problem[] = [
    ...prepared.problems,
    ...(failure === undefined
      ? []
      : [
          {
            ...failure,
            message: `${failure.message} The restore stopped there: ${count} objects were written before (see objects in the report).`,
            fix: /run the (same )?command again/i.test(failure.fix)
              ? failure.fix
              : `${failure.fix} Then run the same command again: it continues where this one stopped.`,
          },
        ]),
  ];
  return {
    ...planReport(prepared, request.toolVersion),
    command: 'restore',
    exitCode: exitCodeOf(problems),
    verdict: 'unproven',
    objects: writtenObjects(prepared.planned, applied),
    problems,
  };
}

/** Certificates that cert-manager has no reason to issue, brake or not: their status needs no condition. */
function safeCertificates(prepared: Prepared): (item: PlannedObject) => boolean {
  const safe = new Set(
    prepared.predicted
      .filter(({ decision }) => decision.outcome === 'keep' && decision.gate === undefined)
      .map(({ certificate }) => keyOf(certificate)),
  );
  return (item) => item.object.kind !== 'Certificate' || safe.has(keyOf(item.object));
}

function writtenObjects(planned: readonly PlannedObject[], applied: Applied): ObjectReport[] {
  return planned.map((item) => {
    const report = objectReport(item);
    const written = applied.written.get(keyOf(item.object));
    if (written === undefined) {
      const open = applied.failure !== undefined && item.action === 'create';
      return open ? { ...report, why: 'not written: the restore stopped before' } : report;
    }
    return {
      ...report,
      ...(written.created ? {} : { action: 'unchanged' as const }),
      ...(written.note === undefined ? {} : { why: written.note }),
      writtenAt: written.created ? written.writtenAt : '',
      resourceVersion: written.resourceVersion,
    };
  });
}

/** The verdicts of verify, each with what had been predicted. */
function withPredictions(certificates: readonly CertificateReport[], prepared: Prepared): CertificateReport[] {
  const predictions = new Map(prepared.predicted.map((p) => [`${p.report.namespace}/${p.report.name}`, p.report]));
  return certificates.map((report) => ({ ...predictions.get(`${report.namespace}/${report.name}`), ...report }));
}

/** The same, with the words that this restore has no part in it. */
function withKept<T extends { message?: string }>(told: T): T {
  return {
    ...told,
    message:
      `${told.message ?? ''} It was already another certificate before this restore; kept by --on-conflict keep.`.trim(),
  };
}

/** Problems of the plan and of the proof, each once. */
function merged(first: readonly Problem[], second: readonly Problem[]): Problem[] {
  const seen = new Set(first.map((p) => `${p.code} ${p.object ?? ''} ${p.message}`));
  return [...first, ...second.filter((p) => !seen.has(`${p.code} ${p.object ?? ''} ${p.message}`))];
}
