import { Command, Option } from 'commander';
import { checkAny } from '../../check/any.ts';
import type { Progress } from '../../model/progress.ts';
import type { Report } from '../../model/report.ts';
import { CERTKEEP_VERSION } from '../../model/version.ts';
import type { CliContext } from '../context.ts';
import {
  type CommonFlags,
  durationFlag,
  type IdentityFlags,
  readIdentities,
  repeatable,
  withCommonFlags,
  withIdentityFlags,
} from '../flags.ts';

interface CheckFlags extends CommonFlags, IdentityFlags {
  expectRoot?: string;
  clusterResourceNamespace?: string;
  horizon: number;
  allowMissing?: string[];
}

/** `certkeep check PATH…` */
export function checkCommand(): Command {
  return withIdentityFlags(withCommonFlags(new Command('check')))
    .description('judge a backup offline: whole, consistent, decryptable, complete, and would restoring it go well?')
    .argument(
      '<path...>',
      'a backup: its directory, or the .zip of the workflow artifact; or a Velero tarball, or manifests (files, directories, - for standard input)',
    )
    .option('--expect-root <sha256:…>', 'refuse any backup but the one with this root digest')
    .option('--cluster-resource-namespace <ns>', 'where ClusterIssuers find their Secrets')
    .addOption(
      repeatable('--allow-missing <Kind/ns/name>', 'accept that this referenced object is not in it; repeatable'),
    )
    .addOption(
      new Option('--horizon <duration>', 'name what renews or expires before then')
        .argParser(durationFlag('--horizon'))
        .default(30 * 86_400_000, '30d'),
    );
}

export async function runCheck(
  context: CliContext,
  paths: string[],
  flags: CheckFlags,
  progress: Progress,
): Promise<Report> {
  return checkAny({
    paths,
    stdin: context.stdin,
    identities: readIdentities(flags.identityFile, context.env),
    ...(flags.expectRoot === undefined ? {} : { expectRoot: flags.expectRoot }),
    ...(flags.clusterResourceNamespace === undefined
      ? {}
      : { clusterResourceNamespace: flags.clusterResourceNamespace }),
    ...(flags.allowMissing === undefined ? {} : { allowMissing: flags.allowMissing }),
    horizonMs: flags.horizon,
    clock: context.clock,
    progress,
    toolVersion: CERTKEEP_VERSION,
  });
}
