import { Command, Option } from 'commander';
import { readBackup } from '../../archive/read.ts';
import { CertkeepError } from '../../model/problems.ts';
import { knownObjects } from '../../rights/known.ts';
import { manifestsOf, type Subject } from '../../rights/manifests.ts';
import { DEFAULTS, type MakerKind, type RightsOptions, USES, type Use, withDefaults } from '../../rights/options.ts';
import { rightsFor } from '../../rights/rights.ts';
import { listOf, yamlOf } from '../../rights/yaml.ts';
import type { CliContext } from '../context.ts';
import {
  type CommonFlags,
  choice,
  type IdentityFlags,
  readIdentities,
  repeatable,
  withCommonFlags,
  withIdentityFlags,
} from '../flags.ts';

export interface RbacFlags extends CommonFlags, IdentityFlags {
  for: Use;
  from?: string;
  namespace?: string[];
  secrets: 'auto' | 'all' | 'issuer' | 'none';
  baseline: 'secrets' | 'requests';
  canary: boolean;
  canaryNamespace?: string;
  pause: 'auto' | 'never';
  controllerDeployment?: string;
  certManagerNamespace?: string;
  clusterResourceNamespace?: string;
  leaderElectionNamespace?: string;
  controllerConfig?: string;
  makers?: (MakerKind | 'none')[];
  include?: string[];
  serviceAccount?: string;
  user?: string;
}

/** `certkeep rbac --for backup|verify|restore` */
export function rbacCommand(): Command {
  const collect = (value: string, all: string[] | undefined): string[] => [...(all ?? []), value];
  return withIdentityFlags(withCommonFlags(new Command('rbac')))
    .description(
      'print the least rights that a command needs, as ClusterRole, Role and binding manifests (YAML; with --json a JSON List)',
    )
    .addOption(new Option('--for <use>', 'the command that is to run').choices(USES).makeOptionMandatory())
    .option('--service-account <ns/name>', 'bind them to this service account')
    .option('--user <name>', 'bind them to this user')
    .option('--from <backup>', 'only for the namespaces, and the Secrets by name, that this backup knows')
    .addOption(repeatable('--namespace <ns>', 'as for the command: only this namespace; repeatable'))
    .addOption(
      choice('--secrets <which>', 'as for backup: Secrets to capture', ['auto', 'all', 'issuer', 'none'], 'auto'),
    )
    .addOption(
      choice(
        '--baseline <source>',
        'as for backup and verify: where leaves come from',
        ['secrets', 'requests'],
        'secrets',
      ),
    )
    .option('--no-canary', 'as for verify and restore')
    .addOption(choice('--pause <when>', 'as for restore', ['auto', 'never'], 'auto'))
    .option('--controller-deployment <name>', "the controller's Deployment, for the pause (default: cert-manager)")
    .option('--canary-namespace <ns>', "as for verify and restore (default: cert-manager's namespace)")
    .option('--cert-manager-namespace <ns>', 'where cert-manager runs (default: cert-manager)')
    .option('--cluster-resource-namespace <ns>', "where ClusterIssuers find their Secrets (default: cert-manager's)")
    .option('--leader-election-namespace <ns>', "where the controller's lease is (default: kube-system)")
    .option('--controller-config <name>', "the ConfigMap of the controller's --config, where it runs with one")
    .addOption(
      new Option('--makers <kind>', 'what Certificates are made from; repeatable (default: Ingress)')
        .choices(['Ingress', 'Gateway', 'ListenerSet', 'XListenerSet', 'none'])
        .argParser(collect),
    )
    .addOption(
      repeatable(
        '--include <resource.group>',
        'as for backup, plan and restore: what is captured or restored besides; repeatable',
      ),
    );
}

/** Prints the manifests. Throws CertkeepError for flags that do not go together, and for a backup that cannot be read. */
export async function runRbac(context: CliContext, flags: RbacFlags): Promise<void> {
  const subject = subjectOf(flags);
  const options = await optionsOf(context, flags);
  const manifests = manifestsOf(rightsFor(options), options.use, subject);
  context.stdout.write(
    flags.json === true
      ? `${JSON.stringify(listOf(manifests), null, 2)}\n`
      : yamlOf(manifests, options, subject !== undefined),
  );
}

function subjectOf({ serviceAccount, user }: RbacFlags): Subject | undefined {
  if (serviceAccount !== undefined && user !== undefined) {
    throw new CertkeepError('wrong-usage', '--service-account and --user exclude each other.', 'Give one of the two.');
  }
  if (user !== undefined) return { kind: 'User', name: user };
  if (serviceAccount === undefined) return undefined;
  const [, namespace, name] = /^([a-z0-9-]+)\/([a-z0-9.-]+)$/.exec(serviceAccount) ?? [];
  if (namespace === undefined || name === undefined) {
    throw new CertkeepError(
      'wrong-usage',
      `--service-account ${serviceAccount}: not the name of a service account`,
      'write it as NAMESPACE/NAME',
    );
  }
  return { kind: 'ServiceAccount', namespace, name };
}

async function optionsOf(context: CliContext, flags: RbacFlags): Promise<RightsOptions> {
  const { use, secrets } = { use: flags.for, secrets: flags.secrets };
  if (use === 'resume' && (flags.namespace !== undefined || flags.from !== undefined)) {
    throw new CertkeepError(
      'wrong-usage',
      'resume looks at all Certificates, so its rights cannot be narrowed.',
      'Leave out --namespace and --from.',
    );
  }
  if (flags.baseline === 'requests' && use !== 'backup' && use !== 'verify') {
    throw new CertkeepError(
      'wrong-usage',
      `--baseline requests has no meaning for ${use}.`,
      'Use it with --for backup or --for verify.',
    );
  }
  if (flags.baseline === 'requests' && (secrets === 'all' || secrets === 'issuer')) {
    throw new CertkeepError(
      'wrong-usage',
      `--baseline requests reads nothing of Secrets, and --secrets ${secrets} captures some.`,
      'Leave one of the two out.',
    );
  }
  const given = {
    use,
    namespaces: flags.namespace ?? [],
    secrets: flags.baseline === 'requests' ? 'none' : secrets === 'auto' ? DEFAULTS.secrets : secrets,
    baseline: flags.baseline,
    canary: flags.canary,
    pause: flags.pause === 'auto',
    controllerDeployment: flags.controllerDeployment ?? '',
    certManagerNamespace: flags.certManagerNamespace ?? '',
    clusterResourceNamespace: flags.clusterResourceNamespace ?? '',
    leaderElectionNamespace: flags.leaderElectionNamespace ?? '',
    canaryNamespace: flags.canaryNamespace ?? '',
    controllerConfig: flags.controllerConfig ?? '',
    makers: (flags.makers ?? DEFAULTS.makers).filter((kind) => kind !== 'none'),
    include: flags.include ?? [],
  } satisfies Partial<RightsOptions>;
  return flags.from === undefined ? withDefaults(given) : narrowed(context, flags, flags.from, given);
}

/** The options with what the backup knows; a flag that was given wins. */
async function narrowed(
  context: CliContext,
  flags: RbacFlags,
  path: string,
  given: Partial<RightsOptions> & { use: Use },
): Promise<RightsOptions> {
  const { manifest, contents, sealed } = await readBackup({
    path,
    identities: readIdentities(flags.identityFile, context.env),
  });
  const unseen = sealed.filter((file) => !/^(objects\/30-secrets|state\/digest-key)/.test(file));
  if (unseen.length > 0) {
    throw new CertkeepError(
      'cannot-decrypt',
      `The backup ${path} does not say which objects it holds: ${unseen.join(', ')} is encrypted, and no identity was given.`,
      'Give the age identity with --identity-file, or in CERTKEEP_IDENTITY.',
    );
  }
  const { certManager, scope } = manifest;
  const leader = certManager.flags.findLast((flag) => flag.startsWith('--leader-election-namespace='));
  return withDefaults({
    ...given,
    namespaces: given.namespaces?.length ? given.namespaces : given.use === 'backup' ? scope.namespaces : [],
    certManagerNamespace: given.certManagerNamespace || certManager.namespace,
    clusterResourceNamespace: given.clusterResourceNamespace || certManager.clusterResourceNamespace,
    leaderElectionNamespace: given.leaderElectionNamespace || (leader?.split('=')[1] ?? ''),
    include:
      given.use === 'backup' ? [...new Set([...(given.include ?? []), ...scope.include])] : (given.include ?? []),
    known: knownObjects(manifest, contents),
  });
}
