import { join } from 'node:path';
import type { OpenedBackup } from '../archive/read.ts';
import type { BackupRequest } from '../backup/backup.ts';
import type { CheckRequest } from '../check/check.ts';
import type { Cluster } from '../cluster/client.ts';
import type { ConnectOptions } from '../cluster/connect.ts';
import { CertkeepError } from '../model/problems.ts';
import type { Clock } from '../model/progress.ts';
import type { Report } from '../model/report.ts';
import { CERTKEEP_VERSION } from '../model/version.ts';
import { readLimits } from '../predict/limits.ts';
import type { FileSource, PredictRequest } from '../predict/request.ts';
import type { PlanRequest, RestoreRequest } from '../restore/request.ts';
import type { ResumeRequest } from '../restore/resume.ts';
import type { VerifyRequest } from '../verify/verify.ts';
import type { downloadBackup, UploadedArtifact, uploadBackup } from './artifact.ts';
import type { AskGitHub, GitHubContext } from './github.ts';
import type { Inputs } from './inputs.ts';
import { hasNoKubeconfig, type KubeconfigSource, noKubeconfig } from './kubeconfig.ts';
import type { StepLog } from './log.ts';
import { checkOrigin, otherRun } from './origin.ts';
import { PublicError } from './public-error.ts';
import type { Exposure } from './visibility.ts';

/** What the modes do their work with; tests put others in their place. */
export interface Tools {
  connect(options: ConnectOptions): Promise<Cluster>;
  backup(request: BackupRequest): Promise<Report>;
  check(request: CheckRequest): Promise<Report>;
  predict(request: PredictRequest): Promise<Report>;
  plan(request: PlanRequest): Promise<Report>;
  restore(request: RestoreRequest): Promise<Report>;
  verify(request: VerifyRequest): Promise<Report>;
  resume(request: ResumeRequest): Promise<Report>;
  /** Keeps the word of a restore's lock for the post step. */
  keepHold(holder: string): void;
  readBackup(options: { path: string; identities: string[]; expectRoot?: string }): Promise<OpenedBackup>;
  upload: typeof uploadBackup;
  download: typeof downloadBackup;
}

/** Everything that a mode needs, settled before it starts. */
export interface StepContext {
  inputs: Inputs;
  recipients: string[];
  identities: string[];
  kubeconfig: KubeconfigSource;
  exposure: Exposure;
  github: GitHubContext;
  ask: AskGitHub;
  env: Record<string, string | undefined>;
  /** A directory of this step only. */
  workspace: string;
  log: StepLog;
  clock: Clock;
  signal: AbortSignal;
  tools: Tools;
}

/** What a mode has found out by the time it ends, however it ends: each field as soon as it is known. */
export interface Findings {
  backupPath: string;
  root: string;
  artifact?: UploadedArtifact;
  /** The run whose artifact it is, and its name. */
  source?: { repository: string; runId: string; artifactName: string };
  /** When the backup was made, RFC 3339. */
  createdAt?: string;
}

/**
 * Runs the mode that the inputs name. `found` is filled in on the way.
 *
 * @throws CertkeepError, like the functions of the core.
 */
export async function runMode(context: StepContext, found: Findings): Promise<Report> {
  switch (context.inputs.mode) {
    case 'backup':
      return runBackup(context, found);
    case 'predict':
      return runPredict(context);
    case 'resume':
      return runResume(context);
    default:
      return runOnBackup(context, found);
  }
}

function runResume(context: StepContext): Promise<Report> {
  const { inputs, log, tools } = context;
  return log.group(TITLE.resume, () =>
    withCluster(context, (cluster) =>
      tools.resume({
        cluster,
        ...clusterOptions(inputs),
        ...(inputs.replicas === undefined ? {} : { replicas: inputs.replicas }),
        force: inputs.force,
        ...common(context),
      }),
    ),
  );
}

async function runBackup(context: StepContext, found: Findings): Promise<Report> {
  const { inputs, log, tools, exposure } = context;
  const directory = inputs.path === '' ? join(context.workspace, 'backup') : inputs.path;
  const report = await log.group('Back up', () =>
    withCluster(context, (cluster) =>
      tools.backup({
        cluster,
        directory,
        ...scope(inputs),
        ...clusterOptions(inputs),
        secrets: inputs.secrets,
        ...baseline(inputs),
        recipients: context.recipients,
        encrypt: exposure.encrypt,
        allowPlaintextSecrets: exposure.allowPlaintextSecrets,
        include: inputs.include,
        allowMissing: inputs.allowMissing,
        allowEmpty: inputs.allowEmpty,
        wait: inputs.wait,
        ...common(context),
      }),
    ),
  );
  if (report.exitCode !== 0) return report;
  found.backupPath = directory;
  found.root = report.backup?.root ?? '';
  if (inputs.path === '') {
    const { github } = context;
    goOn(context);
    found.artifact = await log.group('Upload the backup', () =>
      tools.upload(directory, { name: inputs.artifactName, retentionDays: inputs.retentionDays, github }),
    );
    found.source = { repository: github.repository, runId: github.runId, artifactName: inputs.artifactName };
  }
  return report;
}

/** Of the cluster, or of what `from` or `path` names. */
async function runPredict(context: StepContext): Promise<Report> {
  const { inputs, log, tools, identities } = context;
  const paths = inputs.path === '' ? inputs.from : [inputs.path];
  const request = {
    namespaces: inputs.namespaces,
    ...(inputs.selector === '' ? {} : { selector: inputs.selector }),
    ...(inputs.certManagerVersion === '' ? {} : { certManagerVersion: inputs.certManagerVersion }),
    ...(inputs.currentVersion === '' ? {} : { currentVersion: inputs.currentVersion }),
    ...(inputs.caLimits === '' ? {} : { caLimits: await readLimits(inputs.caLimits) }),
    horizonMs: inputs.horizonMs,
    failOnReissue: inputs.failOnReissue,
    failOnRenewal: inputs.failOnRenewal,
    ...common(context),
  };
  return log.group(TITLE.predict, () => {
    if (paths.length === 0) {
      return withCluster(context, (cluster) => {
        return tools.predict({
          ...request,
          source: { cluster, ...clusterOptions(inputs) },
        });
      });
    }
    const source: FileSource = {
      paths,
      identities,
      ...(inputs.expectRoot === '' ? {} : { expectRoot: inputs.expectRoot }),
    };
    const { now } = inputs;
    return tools.predict({ ...request, source, ...(now === undefined ? {} : { clock: { now: () => now } }) });
  });
}

/** check, plan, restore and verify: all begin with a backup. */
async function runOnBackup(context: StepContext, found: Findings): Promise<Report> {
  const { inputs, log, tools, identities } = context;
  const path = await obtain(context, found);
  goOn(context);
  found.backupPath = path;
  const backup = { path, identities, ...(inputs.expectRoot === '' ? {} : { expectRoot: inputs.expectRoot }) };
  const onCluster = {
    ...scope(inputs),
    ...clusterOptions(inputs),
    failOnReissue: inputs.failOnReissue,
    failOnRenewal: inputs.failOnRenewal,
    ...common(context),
  };
  const canary = {
    canary: !inputs.noCanary,
    ...(inputs.canaryNamespace === '' ? {} : { canaryNamespace: inputs.canaryNamespace }),
  };
  const planned = { ...backup, ...onCluster, include: inputs.include, onConflict: inputs.onConflict };

  const report = await log.group(TITLE[inputs.mode], async () => {
    switch (inputs.mode) {
      case 'check':
        return tools.check({
          ...backup,
          ...(inputs.clusterResourceNamespace === ''
            ? {}
            : { clusterResourceNamespace: inputs.clusterResourceNamespace }),
          allowMissing: inputs.allowMissing,
          horizonMs: inputs.horizonMs,
          ...common(context),
        });
      case 'plan':
        return withCluster(context, (cluster) => tools.plan({ cluster, ...planned }));
      case 'restore':
        return withCluster(context, (cluster) =>
          tools.restore({
            cluster,
            ...planned,
            ...canary,
            pause: inputs.pause,
            maxPauseMs: inputs.maxPauseMs,
            onHold: tools.keepHold,
            ...(inputs.journal === '' ? {} : { journal: inputs.journal }),
          }),
        );
      case 'verify': {
        const opened = await tools.readBackup(backup);
        found.root = opened.root;
        found.createdAt = opened.manifest.createdAt;
        return withCluster(context, (cluster) =>
          tools.verify({ cluster, backup: opened, ...onCluster, ...canary, ...baseline(inputs) }),
        );
      }
      case 'backup':
      case 'resume':
      case 'predict':
        throw new Error(`mode ${inputs.mode} has no backup to begin with`);
    }
  });
  found.root = report.backup?.root ?? found.root;
  return report;
}

const TITLE: Record<Inputs['mode'], string> = {
  backup: 'Back up',
  check: 'Check the backup',
  predict: 'Predict',
  plan: 'Plan the restore',
  restore: 'Restore and verify',
  verify: 'Verify',
  resume: "Start cert-manager's controller again",
};

/** The path of the backup: as given, or downloaded. */
async function obtain(context: StepContext, found: Findings): Promise<string> {
  const { inputs, github, log, tools } = context;
  if (inputs.path !== '') return inputs.path;
  const from = otherRun(inputs, github);
  if (from !== undefined) {
    if (inputs.githubToken === '') {
      throw new PublicError(
        'wrong-usage',
        'Input `github-token` is empty, and an artifact of another run cannot be read without it.',
        'Leave the input out, so that it is the token of the job, and give the job `permissions: { actions: read }`.',
      );
    }
    if (inputs.expectRoot === '') {
      await log.group('Whose backup is it?', async () => {
        await checkOrigin(from, inputs.workflow, github, context.ask);
        log.say(`Run ${from.runId} is of this repository and its default branch, and of no pull request.`);
      });
    }
  }
  const downloaded = await log.group('Download the backup', () =>
    tools.download(join(context.workspace, 'download'), { name: inputs.artifactName, from, token: inputs.githubToken }),
  );
  found.source = {
    repository: from?.repository ?? github.repository,
    runId: from?.runId ?? github.runId,
    artifactName: inputs.artifactName,
  };
  return downloaded.path;
}

/** Stops between two pieces of work where the job was cancelled. */
function goOn({ signal }: StepContext): void {
  if (!signal.aborted) return;
  throw new PublicError('interrupted', 'The job was cancelled while this step was at work.', 'Run the job again.');
}

async function withCluster(context: StepContext, work: (cluster: Cluster) => Promise<Report>): Promise<Report> {
  const { inputs, log } = context;
  const options = {
    ...context.kubeconfig,
    ...(inputs.context === '' ? {} : { context: inputs.context }),
    env: context.env,
    debug: (line: string) => log.debug(line),
  };
  const cluster = await context.tools.connect(options).catch((error: unknown) => {
    throw error instanceof CertkeepError && error.code === 'bad-kubeconfig' && hasNoKubeconfig(options)
      ? noKubeconfig(error)
      : error;
  });
  try {
    return await work(cluster);
  } finally {
    await cluster.close();
  }
}

function scope(inputs: Inputs) {
  return { namespaces: inputs.namespaces, ...(inputs.selector === '' ? {} : { selector: inputs.selector }) };
}

function baseline(inputs: Inputs) {
  return inputs.baseline === undefined ? {} : { baseline: inputs.baseline };
}

function clusterOptions(inputs: Inputs) {
  return {
    ...(inputs.certManagerNamespace === '' ? {} : { certManagerNamespace: inputs.certManagerNamespace }),
    ...(inputs.clusterResourceNamespace === '' ? {} : { clusterResourceNamespace: inputs.clusterResourceNamespace }),
    ...(inputs.expectCluster === '' ? {} : { expectCluster: inputs.expectCluster }),
    ...(inputs.timeoutMs === undefined ? {} : { timeoutMs: inputs.timeoutMs }),
  };
}

function common(context: StepContext) {
  return { clock: context.clock, progress: context.log, toolVersion: CERTKEEP_VERSION, signal: context.signal };
}
