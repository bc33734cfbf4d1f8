import { Command, Option } from 'commander';
import type { Progress } from '../../model/progress.ts';
import type { Report } from '../../model/report.ts';
import { CERTKEEP_VERSION } from '../../model/version.ts';
import { plan } from '../../restore/plan.ts';
import { restore } from '../../restore/restore.ts';
import { type CliContext, clusterOptions, withCluster } from '../context.ts';
import {
  booleanFlag,
  type ClusterFlags,
  choice,
  durationFlag,
  type IdentityFlags,
  readIdentities,
  repeatable,
  withConnectionFlags,
  withIdentityFlags,
} from '../flags.ts';

interface PlanFlags extends ClusterFlags, IdentityFlags {
  expectRoot?: string;
  include?: string[];
  onConflict: 'fail' | 'keep';
  failOnReissue: boolean;
  failOnRenewal?: boolean;
}

interface RestoreFlags extends PlanFlags {
  dryRun?: boolean;
  canary: boolean;
  canaryNamespace?: string;
  pause: 'auto' | 'never';
  maxPause: number;
  journal?: string;
}

function withPlanFlags(command: Command): Command {
  return withIdentityFlags(withConnectionFlags(command))
    .argument('<path>', 'the backup: its directory, or the .zip of the workflow artifact')
    .option('--expect-root <sha256:…>', 'refuse any backup but the one with this root digest')
    .addOption(
      repeatable(
        '--include <resource.group>',
        'restore objects of this kind too, which the backup was made with; or "crds"; repeatable',
      ),
    )
    .addOption(
      choice(
        '--on-conflict <what>',
        'an object that exists and differs: stop, or keep the live one',
        ['fail', 'keep'],
        'fail',
      ),
    )
    .addOption(
      new Option('--fail-on-reissue <bool>', 'end with 3 where a Certificate would be, or was, reissued')
        .argParser(booleanFlag('--fail-on-reissue'))
        .default(true),
    )
    .option('--fail-on-renewal', 'end with 3 for an ordinary renewal, too');
}

/** `certkeep plan PATH` */
export function planCommand(): Command {
  return withPlanFlags(new Command('plan')).description(
    'what restore would create and leave alone, in which order, and which Certificates would be reissued afterwards',
  );
}

/** `certkeep restore PATH` */
export function restoreCommand(): Command {
  return withPlanFlags(new Command('restore'))
    .description('plan, apply the plan in order, then verify')
    .option('--dry-run', 'the same as plan')
    .option('--no-canary', 'verify without the throw-away canary Certificate')
    .option('--canary-namespace <ns>', "where the canary is made (default: cert-manager's namespace)")
    .addOption(
      choice(
        '--pause <when>',
        "scale cert-manager's controller to 0 while that matters, or never",
        ['auto', 'never'],
        'auto',
      ),
    )
    .addOption(
      new Option('--max-pause <duration>', 'the longest that the controller stays paused')
        .argParser(durationFlag('--max-pause'))
        .default(600_000, '10m'),
    )
    .option('--journal <file>', 'where each write is told ahead (default: BACKUP.journal.ndjson)');
}

function planRequest(context: CliContext, path: string, flags: PlanFlags, progress: Progress) {
  return {
    path,
    identities: readIdentities(flags.identityFile, context.env),
    ...(flags.expectRoot === undefined ? {} : { expectRoot: flags.expectRoot }),
    ...clusterOptions(flags),
    include: flags.include ?? [],
    onConflict: flags.onConflict,
    failOnReissue: flags.failOnReissue,
    failOnRenewal: flags.failOnRenewal === true,
    clock: context.clock,
    progress,
    toolVersion: CERTKEEP_VERSION,
  };
}

export async function runPlan(
  context: CliContext,
  path: string,
  flags: PlanFlags,
  progress: Progress,
): Promise<Report> {
  return withCluster(context, flags, progress, (cluster) =>
    plan({ cluster, ...planRequest(context, path, flags, progress) }),
  );
}

export async function runRestore(
  context: CliContext,
  path: string,
  flags: RestoreFlags,
  progress: Progress,
): Promise<Report> {
  if (flags.dryRun === true) return runPlan(context, path, flags, progress);
  return withCluster(context, flags, progress, (cluster) =>
    restore({
      cluster,
      ...planRequest(context, path, flags, progress),
      canary: flags.canary,
      ...(flags.canaryNamespace === undefined ? {} : { canaryNamespace: flags.canaryNamespace }),
      pause: flags.pause,
      maxPauseMs: flags.maxPause,
      ...(flags.journal === undefined ? {} : { journal: flags.journal }),
      signal: context.signal,
    }),
  );
}
