import { Command, Option } from 'commander';
import { readBackup } from '../../archive/read.ts';
import type { Progress } from '../../model/progress.ts';
import type { Report } from '../../model/report.ts';
import { CERTKEEP_VERSION } from '../../model/version.ts';
import { verify } from '../../verify/verify.ts';
import { type CliContext, clusterOptions, withCluster } from '../context.ts';
import {
  booleanFlag,
  type IdentityFlags,
  readIdentities,
  type ScopeFlags,
  withIdentityFlags,
  withScopeFlags,
} from '../flags.ts';

interface VerifyFlags extends ScopeFlags, IdentityFlags {
  expectRoot?: string;
  failOnReissue: boolean;
  failOnRenewal?: boolean;
  baseline?: 'secrets' | 'requests';
  canary: boolean;
  canaryNamespace?: string;
}

/** `certkeep verify PATH` */
export function verifyCommand(): Command {
  return withIdentityFlags(withScopeFlags(new Command('verify')))
    .description('prove, against the baseline in a backup, that no Certificate was reissued since')
    .argument('<path>', 'the backup: its directory, or the .zip of the workflow artifact')
    .option('--expect-root <sha256:…>', 'refuse any backup but the one with this root digest')
    .addOption(
      new Option('--fail-on-reissue <bool>', 'end with 3 where a Certificate was reissued')
        .argParser(booleanFlag('--fail-on-reissue'))
        .default(true),
    )
    .option('--fail-on-renewal', 'end with 3 for an ordinary renewal, too')
    .addOption(
      new Option(
        '--baseline <source>',
        'where the leaves to compare come from; requests: the current CertificateRequests, nothing of Secrets is read (default: as in the backup)',
      ).choices(['secrets', 'requests']),
    )
    .option('--no-canary', 'do without the throw-away canary Certificate')
    .option('--canary-namespace <ns>', "where the canary is made (default: cert-manager's namespace)");
}

export async function runVerify(
  context: CliContext,
  path: string,
  flags: VerifyFlags,
  progress: Progress,
): Promise<Report> {
  const backup = await readBackup({
    path,
    identities: readIdentities(flags.identityFile, context.env),
    ...(flags.expectRoot === undefined ? {} : { expectRoot: flags.expectRoot }),
  });
  return withCluster(context, flags, progress, (cluster) =>
    verify({
      cluster,
      backup,
      namespaces: flags.namespace ?? [],
      ...clusterOptions(flags),
      ...(flags.baseline === undefined ? {} : { baseline: flags.baseline }),
      canary: flags.canary,
      ...(flags.canaryNamespace === undefined ? {} : { canaryNamespace: flags.canaryNamespace }),
      failOnReissue: flags.failOnReissue,
      failOnRenewal: flags.failOnRenewal === true,
      clock: context.clock,
      progress,
      toolVersion: CERTKEEP_VERSION,
      signal: context.signal,
    }),
  );
}
