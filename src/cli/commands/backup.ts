import { Command } from 'commander';
import { backup, checkTarget } from '../../backup/backup.ts';
import type { Progress } from '../../model/progress.ts';
import type { Report } from '../../model/report.ts';
import { CERTKEEP_VERSION } from '../../model/version.ts';
import { type CliContext, clusterOptions, withCluster } from '../context.ts';
import { choice, readRecipients, repeatable, type ScopeFlags, withScopeFlags } from '../flags.ts';

interface BackupFlags extends ScopeFlags {
  output: string;
  selector?: string;
  secrets: 'auto' | 'all' | 'issuer' | 'none';
  baseline: 'secrets' | 'requests';
  recipient?: string[];
  recipientsFile?: string;
  encrypt: 'secrets' | 'all';
  allowPlaintextSecrets?: boolean;
  include?: string[];
  allowMissing?: string[];
  allowEmpty?: boolean;
  wait?: boolean;
}

/** `certkeep backup --output DIR` */
export function backupCommand(): Command {
  return withScopeFlags(new Command('backup'))
    .description("capture a cluster's cert-manager configuration and a baseline of every issued certificate")
    .requiredOption('--output <dir>', 'directory to write; must not exist or be empty')
    .option('--selector <labels>', 'only Certificates with these labels, as kubectl -l')
    .addOption(
      choice(
        '--secrets <which>',
        'Secrets to capture; auto: all with a recipient, else none',
        ['auto', 'all', 'issuer', 'none'],
        'auto',
      ),
    )
    .addOption(
      choice(
        '--baseline <source>',
        'where the leaves to compare come from; requests: the current CertificateRequests, nothing of Secrets is read',
        ['secrets', 'requests'],
        'secrets',
      ),
    )
    .addOption(repeatable('--recipient <age-public-key>', 'encrypt to this age public key; repeatable'))
    .option('--recipients-file <file>', 'age public keys, one a line')
    .addOption(
      choice(
        '--encrypt <what>',
        'what to encrypt: files with Secrets, or all but the manifest',
        ['secrets', 'all'],
        'secrets',
      ),
    )
    .option('--allow-plaintext-secrets', 'write Secrets readable for whoever gets the files')
    .addOption(
      repeatable(
        '--include <resource.group>',
        'capture these objects too, such as bundles.trust.cert-manager.io, or "crds"; repeatable',
      ),
    )
    .addOption(
      repeatable('--allow-missing <Kind/ns/name>', 'accept that this referenced object does not exist; repeatable'),
    )
    .option('--allow-empty', 'accept a cluster or scope without any Certificate')
    .option('--wait', 'wait for issuances under way to settle, up to --timeout');
}

export async function runBackup(context: CliContext, flags: BackupFlags, progress: Progress): Promise<Report> {
  const recipients = readRecipients(flags.recipient, flags.recipientsFile);
  // What is wrong with the command line is told before the cluster is asked.
  await checkTarget({ directory: flags.output, recipients });
  return withCluster(context, flags, progress, (cluster) =>
    backup({
      cluster,
      directory: flags.output,
      namespaces: flags.namespace ?? [],
      ...(flags.selector === undefined ? {} : { selector: flags.selector }),
      ...clusterOptions(flags),
      secrets: flags.secrets,
      baseline: flags.baseline,
      recipients,
      encrypt: flags.encrypt,
      allowPlaintextSecrets: flags.allowPlaintextSecrets === true,
      include: flags.include ?? [],
      allowMissing: flags.allowMissing ?? [],
      allowEmpty: flags.allowEmpty === true,
      wait: flags.wait === true,
      toolVersion: CERTKEEP_VERSION,
      clock: context.clock,
      progress,
    }),
  );
}
