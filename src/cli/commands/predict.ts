import { Command, type Command as Commander, Option } from 'commander';
import { CertkeepError } from '../../model/problems.ts';
import type { Clock, Progress } from '../../model/progress.ts';
import type { Report } from '../../model/report.ts';
import { CERTKEEP_VERSION } from '../../model/version.ts';
import { readLimits } from '../../predict/limits.ts';
import { type PredictRequest, predict } from '../../predict/predict.ts';
import { type CliContext, clusterOptions, withCluster } from '../context.ts';
import {
  booleanFlag,
  durationFlag,
  type IdentityFlags,
  readIdentities,
  repeatable,
  type ScopeFlags,
  timeFlag,
  withIdentityFlags,
  withScopeFlags,
} from '../flags.ts';

interface PredictFlags extends ScopeFlags, IdentityFlags {
  from?: string[];
  selector?: string;
  certManagerVersion?: string;
  currentVersion?: string;
  now?: Date;
  horizon: number;
  failOnReissue: boolean;
  failOnRenewal?: boolean;
  caLimits?: string;
  expectRoot?: string;
}

/** `certkeep predict` */
export function predictCommand(): Commander {
  return withIdentityFlags(withScopeFlags(new Command('predict')))
    .description('which Certificates would be reissued as things stand, or by an upgrade, and why; what renews when')
    .addOption(
      repeatable(
        '--from <path>',
        'judge a backup, or manifests (file, directory, - for standard input), instead of the cluster; repeatable for manifests',
      ),
    )
    .option('--cert-manager-version <v>', 'ask this cert-manager instead of the one that runs: an upgrade forecast')
    .option('--current-version <v>', 'the cert-manager that runs, where manifests do not say')
    .option('--selector <labels>', 'only Certificates with these labels, as for kubectl')
    .addOption(new Option('--now <RFC3339>', 'judge as of this time; with --from only').argParser(timeFlag('--now')))
    .addOption(
      new Option('--horizon <duration>', 'list renewals before then')
        .argParser(durationFlag('--horizon'))
        .default(30 * 86_400_000, '30d'),
    )
    .addOption(
      new Option(
        '--fail-on-reissue [bool]',
        'end with 3 where a Certificate would be reissued, 8 where that cannot be told',
      )
        .argParser(booleanFlag('--fail-on-reissue'))
        .preset('true')
        .default(false),
    )
    .option('--fail-on-renewal', 'end with 3 for an ordinary renewal before the horizon, too')
    .option('--ca-limits <file>', "CAs' limits besides Let's Encrypt's, in JSON (docs/predict.md)")
    .option('--expect-root <sha256:…>', 'refuse any backup but the one with this root digest');
}

export async function runPredict(context: CliContext, flags: PredictFlags, progress: Progress): Promise<Report> {
  const common = {
    namespaces: flags.namespace ?? [],
    ...(flags.selector === undefined ? {} : { selector: flags.selector }),
    ...(flags.certManagerVersion === undefined ? {} : { certManagerVersion: flags.certManagerVersion }),
    ...(flags.currentVersion === undefined ? {} : { currentVersion: flags.currentVersion }),
    horizonMs: flags.horizon,
    failOnReissue: flags.failOnReissue,
    failOnRenewal: flags.failOnRenewal === true,
    ...(flags.caLimits === undefined ? {} : { caLimits: await readLimits(flags.caLimits) }),
    progress,
    toolVersion: CERTKEEP_VERSION,
    signal: context.signal,
  } satisfies Partial<PredictRequest>;
  if (flags.from !== undefined) {
    refuseClusterFlags(flags);
    return predict({
      ...common,
      source: {
        paths: flags.from,
        stdin: context.stdin,
        identities: readIdentities(flags.identityFile, context.env),
        ...(flags.expectRoot === undefined ? {} : { expectRoot: flags.expectRoot }),
      },
      clock: flags.now === undefined ? context.clock : fixed(flags.now),
    });
  }
  if (flags.now !== undefined) throw onlyFrom('--now', 'a running cluster has its own time');
  if (flags.expectRoot !== undefined) throw onlyFrom('--expect-root', 'a running cluster has no root digest');
  return withCluster(context, flags, progress, (cluster) =>
    predict({
      ...common,
      source: { cluster, ...clusterOptions(flags) },
      clock: context.clock,
    }),
  );
}

const fixed = (now: Date): Clock => ({ now: () => now });

function onlyFrom(flag: string, why: string): CertkeepError {
  return new CertkeepError(
    'wrong-usage',
    `${flag} means something together with --from only: ${why}.`,
    `Leave out ${flag}, or give --from.`,
  );
}

/** What says which cluster: with --from none is asked, and a flag that is not obeyed is never taken. */
function refuseClusterFlags(flags: PredictFlags): void {
  const given = (['kubeconfig', 'context', 'certManagerNamespace', 'expectCluster', 'timeout'] as const).find(
    (name) => flags[name] !== undefined,
  );
  if (given === undefined) return;
  const flag = `--${given.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw new CertkeepError(
    'wrong-usage',
    `${flag} speaks of a cluster, and with --from none is asked.`,
    'Give one of the two.',
  );
}
