import { backupSummary } from '../archive/summary.ts';
import { EXIT, exitCodeOf } from '../model/problems.ts';
import type { ObjectReport, Prediction, Report } from '../model/report.ts';
import { withRbacCommand } from '../rights/command.ts';
import type { PlannedObject } from './actions.ts';
import { type Prepared, prepare } from './prepare.ts';
import type { PlanRequest } from './request.ts';
import { restoreRights } from './rights.ts';

export type { PlanRequest } from './request.ts';

/**
 * What `restore` would do, object by object and in order, and which Certificates would be reissued afterwards. Every
 * write is tried without writing (server-side dry run). Nothing is written.
 * @throws CertkeepError where no plan can be made (see prepare.ts)
 */
export async function plan(request: PlanRequest): Promise<Report> {
  const prepared = await prepare(request, true).catch((error: unknown) => {
    throw withRbacCommand(error, restoreRights('plan', request));
  });
  request.progress.info(planWords(prepared.planned));
  return planReport(prepared, request.toolVersion);
}

/** The report of a plan. */
export function planReport(prepared: Prepared, toolVersion: string): Report {
  return {
    command: 'plan',
    certkeep: toolVersion,
    exitCode: exitCodeOf(prepared.problems),
    cluster: prepared.clusterUid,
    certManager: prepared.info.version,
    verdict: overall(prepared.predicted.map((p) => p.decision.outcome)),
    certificates: prepared.predicted.map((p) => p.report),
    objects: prepared.planned.map(objectReport),
    problems: prepared.problems,
    backup: backupSummary(prepared.opened),
  };
}

/** `The plan: 3 create, 2 unchanged, 2 status.` The last counts equal objects that get their status back. */
export function planWords(planned: readonly PlannedObject[]): string {
  const counts = new Map<string, number>();
  const count = (what: string): unknown => counts.set(what, (counts.get(what) ?? 0) + 1);
  for (const item of planned) count(item.action);
  for (const item of planned) if (item.completesStatus) count('status');
  const words = [...counts].map(([action, n]) => `${n} ${action}`).join(', ');
  return `The plan: ${words || 'nothing to do'}.`;
}

/** One object as the report shows it before anything is written. */
export function objectReport(item: PlannedObject): ObjectReport {
  const { kind, metadata } = item.object;
  return {
    kind,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    name: metadata.name,
    action: item.action,
    why: item.why,
    stage: item.stage,
    writtenAt: '',
    resourceVersion: '',
  };
}

/** One reissue makes it a reissue; else one undecidable makes it undecidable. */
function overall(outcomes: readonly Prediction[]): Prediction {
  if (outcomes.includes('reissue')) return 'reissue';
  return outcomes.includes('undecidable') ? 'undecidable' : 'keep';
}

/** True when a plan may be carried out: warnings do not stop it. */
export function isClear(prepared: Prepared): boolean {
  return exitCodeOf(prepared.problems) === EXIT.ok && prepared.problems.every((p) => p.severity !== 'error');
}
