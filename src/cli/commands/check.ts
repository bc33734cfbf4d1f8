import { Command, Option } from 'commander';
import { checkAny } from '../../check/any.ts';
import { convert } from '../../convert/convert.ts';
import { CertkeepError } from '../../model/problems.ts';
import type { Progress } from '../../model/progress.ts';
import type { Report } from '../../model/report.ts';
import { CERTKEEP_VERSION } from '../../model/version.ts';
import type { CliContext } from '../context.ts';
import {
  type CommonFlags,
  choice,
  durationFlag,
  type IdentityFlags,
  readIdentities,
  readRecipients,
  repeatable,
  withCommonFlags,
  withIdentityFlags,
} from '../flags.ts';
import { keepHeapSmall } from '../small-heap.ts';

interface CheckFlags extends CommonFlags, IdentityFlags {
  expectRoot?: string;
  clusterResourceNamespace?: string;
  horizon: number;
  allowMissing?: string[];
  convert?: string;
  recipient?: string[];
  recipientsFile?: string;
  encrypt: 'secrets' | 'all';
  allowPlaintextSecrets?: boolean;
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
    .option(
      '--convert <dir>',
      'make a certkeep backup of what kubectl or Velero wrote, without what must not be restored',
    )
    .addOption(repeatable('--recipient <age-public-key>', 'with --convert: encrypt to this age public key; repeatable'))
    .option('--recipients-file <file>', 'with --convert: age public keys, one a line')
    .addOption(
      choice(
        '--encrypt <what>',
        'with --convert: files with Secrets, or all but the manifest',
        ['secrets', 'all'],
        'secrets',
      ),
    )
    .option('--allow-plaintext-secrets', 'with --convert: write Secrets readable for whoever gets the files')
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
  keepHeapSmall();
  const request = {
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
  };
  const recipients = readRecipients(flags.recipient, flags.recipientsFile);
  if (flags.convert === undefined) {
    refuseConversionFlags(flags, recipients);
    return checkAny(request);
  }
  return convert({
    ...request,
    directory: flags.convert,
    recipients,
    encrypt: flags.encrypt,
    allowPlaintextSecrets: flags.allowPlaintextSecrets === true,
  });
}

/** A flag that is not obeyed is never taken. */
function refuseConversionFlags(flags: CheckFlags, recipients: readonly string[]): void {
  if (recipients.length === 0 && flags.allowPlaintextSecrets === undefined && flags.encrypt === 'secrets') return;
  throw new CertkeepError(
    'wrong-usage',
    'Recipients and encryption mean something together with --convert only: a check writes nothing.',
    'Add --convert DIR, or leave them out.',
  );
}
