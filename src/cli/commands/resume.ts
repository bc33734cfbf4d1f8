import { Command, Option } from 'commander';
import { CertkeepError } from '../../model/problems.ts';
import type { Progress } from '../../model/progress.ts';
import type { Report } from '../../model/report.ts';
import { CERTKEEP_VERSION } from '../../model/version.ts';
import { resume } from '../../restore/resume.ts';
import { type CliContext, clusterOptions, withCluster } from '../context.ts';
import { type ClusterFlags, withConnectionFlags } from '../flags.ts';

interface ResumeFlags extends ClusterFlags {
  replicas?: number;
  force?: boolean;
}

/** `certkeep resume` */
export function resumeCommand(): Command {
  return withConnectionFlags(new Command('resume'))
    .description('start a cert-manager controller that an interrupted restore left paused')
    .addOption(
      new Option('--replicas <n>', 'how many to start, 1 to 10 (default: what the restore wrote down)').argParser(
        replicas,
      ),
    )
    .option('--force', 'start it although Certificates would be reissued');
}

function replicas(value: string): number {
  if (/^([1-9]|10)$/.test(value)) return Number(value);
  throw new CertkeepError('wrong-usage', `--replicas ${value}: not a number from 1 to 10`, 'give --replicas 1');
}

export async function runResume(context: CliContext, flags: ResumeFlags, progress: Progress): Promise<Report> {
  const { clusterResourceNamespace: _, ...options } = clusterOptions(flags);
  return withCluster(context, flags, progress, (cluster) =>
    resume({
      cluster,
      ...options,
      ...(flags.replicas === undefined ? {} : { replicas: flags.replicas }),
      force: flags.force === true,
      signal: context.signal,
      clock: context.clock,
      progress,
      toolVersion: CERTKEEP_VERSION,
    }),
  );
}
