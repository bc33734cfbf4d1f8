import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { parseDuration } from '../model/duration.ts';
import { CertkeepError } from '../model/problems.ts';
import { parseTime } from '../model/time.ts';

/** The flags that several commands share, and how their texts become values. One place, so that they mean the same. */

/** Values of the flags that every command has. */
export interface CommonFlags {
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
  /** commander's form of --no-color. */
  color: boolean;
}

export interface ClusterFlags extends CommonFlags {
  kubeconfig?: string;
  context?: string;
  certManagerNamespace?: string;
  clusterResourceNamespace?: string;
  timeout?: number;
  expectCluster?: string;
}

export interface ScopeFlags extends ClusterFlags {
  namespace?: string[];
}

export interface IdentityFlags {
  identityFile?: string[];
}

const collect = (value: string, all: string[] | undefined): string[] => [...(all ?? []), value];

/** A flag's value as a duration in milliseconds. Throws CertkeepError wrong-usage. */
export function durationFlag(flag: string): (value: string) => number {
  return (value) => {
    const ms = parseDuration(value);
    if (ms === undefined) {
      throw new CertkeepError(
        'wrong-usage',
        `${flag} ${value}: not a duration`,
        'write it like 90s, 10m, 1h30m or 30d',
      );
    }
    return ms;
  };
}

/** A flag's value as a time with its zone. Throws CertkeepError wrong-usage. */
export function timeFlag(flag: string): (value: string) => Date {
  return (value) => {
    const time = parseTime(value);
    if (time === undefined) {
      throw new CertkeepError(
        'wrong-usage',
        `${flag} ${value}: not a time`,
        'write it as RFC 3339, like 2026-11-25T12:00:00Z',
      );
    }
    return time;
  };
}

const choice = (flags: string, description: string, choices: string[], preset: string) =>
  new Option(flags, description).choices(choices).default(preset);

/** A repeatable flag: a list, undefined where it is not given. */
export const repeatable = (flags: string, description: string) => new Option(flags, description).argParser(collect);

export { choice };

export function withCommonFlags(command: Command): Command {
  return command
    .option('--json', 'print the report as JSON on stdout, and nothing else there')
    .option('--quiet', 'print warnings and errors only')
    .option('--verbose', 'say every step, and show the stack of an unexpected error')
    .option('--no-color', 'no colours (also: NO_COLOR, or output to a pipe)');
}

/** Flags of every command that talks to a cluster. */
export function withConnectionFlags(command: Command): Command {
  return withCommonFlags(command)
    .option('--kubeconfig <file>', 'kubeconfig file (default: KUBECONFIG, then ~/.kube/config, then in-cluster)')
    .option('--context <name>', 'context of the kubeconfig (default: its current one)')
    .option('--cert-manager-namespace <ns>', 'where cert-manager runs (default: discovered)')
    .option(
      '--cluster-resource-namespace <ns>',
      "where ClusterIssuers find their Secrets (default: from the controller's arguments)",
    )
    .addOption(
      new Option('--timeout <duration>', 'give up after this long (default: grows with the objects)').argParser(
        durationFlag('--timeout'),
      ),
    )
    .option('--expect-cluster <uid>', 'refuse any cluster but the one whose kube-system namespace has this uid');
}

/** The same for the commands that can be narrowed to some namespaces. */
export function withScopeFlags(command: Command): Command {
  return withConnectionFlags(command).addOption(
    repeatable('--namespace <ns>', 'only this namespace; repeatable (default: all)'),
  );
}

export function withIdentityFlags(command: Command): Command {
  return command.addOption(
    repeatable(
      '--identity-file <file>',
      'age identity to decrypt with; repeatable (also: the variable CERTKEEP_IDENTITY)',
    ),
  );
}

/** A positive or negative boolean flag with a value: `--fail-on-reissue=false`. */
export function booleanFlag(flag: string): (value: string) => boolean {
  return (value) => {
    if (value === 'true') return true;
    if (value === 'false') return false;
    throw new CertkeepError(
      'wrong-usage',
      `${flag} ${value}: neither true nor false`,
      `write ${flag}=true or ${flag}=false`,
    );
  };
}

/**
 * The age identities of a command: the texts of the files and of the variable. Nothing is parsed here.
 * Throws CertkeepError cannot-decrypt when a file cannot be read.
 */
export function readIdentities(files: string[] | undefined, env: NodeJS.ProcessEnv): string[] {
  const texts = (files ?? []).map((file) => {
    try {
      return readFileSync(file, 'utf8');
    } catch (cause) {
      throw new CertkeepError(
        'cannot-decrypt',
        `the identity file ${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'error'})`,
        'give the file that age-keygen wrote, readable by this user',
        { cause },
      );
    }
  });
  const variable = env.CERTKEEP_IDENTITY;
  return variable === undefined || variable.trim() === '' ? texts : [...texts, variable];
}

/** The age recipients of a command: of the flags and of the file's lines. Throws CertkeepError wrong-usage. */
export function readRecipients(flags: string[] = [], file: string | undefined): string[] {
  if (file === undefined) return flags;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CertkeepError(
      'wrong-usage',
      `the recipients file ${file} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'error'})`,
      'give a file with one age public key per line',
      { cause },
    );
  }
  const lines = text.split('\n').map((line) => line.trim());
  return [...flags, ...lines.filter((line) => line !== '' && !line.startsWith('#'))];
}
