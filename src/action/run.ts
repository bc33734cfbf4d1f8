import { appendFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as core from '@actions/core';
import { readBackup } from '../archive/read.ts';
import { backup } from '../backup/backup.ts';
import { checkAny } from '../check/any.ts';
import { connect } from '../cluster/connect.ts';
import { systemClock } from '../model/progress.ts';
import type { Report } from '../model/report.ts';
import { CERTKEEP_VERSION } from '../model/version.ts';
import { predict } from '../predict/predict.ts';
import { plan } from '../restore/plan.ts';
import { restore } from '../restore/restore.ts';
import { resume } from '../restore/resume.ts';
import { verify } from '../verify/verify.ts';
import { loadIdentities, loadRecipients } from './age-keys.ts';
import { downloadBackup, uploadBackup } from './artifact.ts';
import { fail, headline, reportOf } from './failure.ts';
import { askGitHub, githubContext } from './github.ts';
import { HOLD_STATE } from './hold-state.ts';
import { type Inputs, loadInputs } from './inputs.ts';
import { resolveKubeconfig } from './kubeconfig.ts';
import { stepLog } from './log.ts';
import { type Findings, runMode, type Tools } from './modes.ts';
import { type OutputName, reportOutputs } from './outputs.ts';
import { PublicError } from './public-error.ts';
import { renderSummary } from './summary.ts';
import { exposure, findVisibility, isOpen } from './visibility.ts';
import { inInputs } from './wording.ts';
import { makeWorkspace, WORKSPACE_STATE } from './workspace.ts';

const TOOLS: Tools = {
  connect,
  backup,
  check: ({ path, ...request }) => checkAny({ ...request, paths: [path] }),
  predict,
  plan,
  restore,
  verify,
  resume,
  keepHold: (holder) => core.saveState(HOLD_STATE, holder),
  readBackup,
  upload: uploadBackup,
  download: downloadBackup,
};

export interface RunOptions {
  env: Record<string, string | undefined>;
  signal: AbortSignal;
  tools?: Tools;
}

/**
 * The main step: reads the inputs, runs the mode, and leaves outputs, report and summary behind, whatever comes of it. A
 * report whose exit code is not 0 fails the step.
 *
 * @throws PublicError where the inputs are wrong: failEarly leaves outputs and a report then.
 */
export async function run(options: RunOptions): Promise<void> {
  const { env } = options;
  const inputs = loadInputs(env);
  if (inputs.githubToken !== '') core.setSecret(inputs.githubToken);
  const identities = loadIdentities(inputs.ageIdentity || (env.CERTKEEP_IDENTITY ?? '').trim(), core.setSecret);
  const kubeconfig = resolveKubeconfig(inputs.kubeconfig, core.setSecret);
  const recipients = loadRecipients(inputs.ageRecipients);

  const github = githubContext(env);
  const ask = askGitHub(github.apiUrl, inputs.githubToken);
  const visibility = await findVisibility(github, ask);
  const names = !isOpen(visibility) || inputs.details;
  const log = stepLog({ names, verbose: inputs.verbose });
  log.say(`certkeep ${CERTKEEP_VERSION}, mode ${inputs.mode}, visibility of the repository: ${visibility}.`);
  if (!names)
    log.say('Strangers can read this log, or might, so it names nothing of the cluster. `details: true` shows names.');

  const workspace = makeWorkspace(env);
  core.saveState(WORKSPACE_STATE, workspace);
  const found: Findings = { backupPath: '', root: '' };
  let report: Report;
  let error: unknown;
  try {
    report = await runMode(
      {
        inputs,
        recipients,
        identities,
        kubeconfig,
        exposure: inputs.mode === 'backup' ? exposure(inputs, recipients, visibility) : CLOSED,
        github,
        ask,
        env,
        workspace,
        log,
        clock: systemClock,
        signal: options.signal,
        tools: options.tools ?? TOOLS,
      },
      found,
    );
  } catch (caught) {
    error = caught;
    report = reportOf(inputs.mode, caught);
  }
  // Whatever was paused is started again, or the report says why not: nothing for the post step to do.
  core.saveState(HOLD_STATE, '');
  // For people in the words of this action; the report on disk keeps the core's own.
  const shown = { ...report, problems: report.problems.map(inInputs) };
  const openProblems = names || error instanceof PublicError;
  await leave({
    inputs,
    report,
    shown,
    found,
    names,
    openProblems,
    workspace,
    uses: github.uses,
    summaryFile: env.GITHUB_STEP_SUMMARY,
  });
  if (report.exitCode === 0) {
    log.annotate(shown.problems, 0);
  } else {
    fail(shown, error, { names, verbose: inputs.verbose });
    const said = headline(shown);
    log.annotate(
      shown.problems.filter((problem) => problem !== said),
      1,
    );
  }
}

/** For the modes that write no backup. */
const CLOSED = { encrypt: 'all', allowPlaintextSecrets: false } as const;

interface Leaving {
  inputs: Inputs;
  report: Report;
  /** The same, worded for people. */
  shown: Report;
  found: Findings;
  names: boolean;
  openProblems: boolean;
  workspace: string;
  uses: string;
  summaryFile: string | undefined;
}

async function leave(leaving: Leaving): Promise<void> {
  const { inputs, report, shown, found, names, workspace } = leaving;
  const reportPath = join(workspace, 'report.json');
  await writeFile(reportPath, `${JSON.stringify(report, undefined, 2)}\n`, { mode: 0o600 });
  const outputs: Record<OutputName, string> = {
    'artifact-id': found.artifact === undefined ? '' : String(found.artifact.id),
    'artifact-url': found.artifact?.url ?? '',
    'artifact-digest': found.artifact?.digest ?? '',
    'backup-path': found.backupPath,
    'root-digest': found.root,
    ...reportOutputs(report, names),
    'report-path': reportPath,
  };
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value);

  if (leaving.summaryFile !== undefined && leaving.summaryFile !== '') {
    const { artifact, source } = found;
    const summary = renderSummary({
      mode: inputs.mode,
      report: shown,
      names,
      openProblems: leaving.openProblems,
      path: found.backupPath,
      root: found.root,
      now: systemClock.now(),
      failOnReissue: inputs.failOnReissue,
      ...(found.createdAt === undefined ? {} : { createdAt: found.createdAt }),
      ...(artifact === undefined ? {} : { artifact: { name: inputs.artifactName, ...artifact } }),
      ...(source === undefined ? {} : { source: { ...source, uses: leaving.uses } }),
    });
    await appendFile(leaving.summaryFile, summary);
  }
}
