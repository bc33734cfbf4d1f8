import { ApiError } from '../cluster/client.ts';
import { CertkeepError } from '../model/problems.ts';
import { DEFAULTS, type RightsOptions } from './options.ts';

/** `certkeep rbac --for verify --namespace app1`: the command that prints these rights. */
export function rbacCommand(options: RightsOptions, user = ''): string {
  const flag = (name: string, value: string, usual: string): string[] =>
    value === usual ? [] : [`--${name} ${value}`];
  const { use, certManagerNamespace, makers } = options;
  const makersFlag = makers.length === 1 && makers[0] === DEFAULTS.makers[0] ? [] : makers;
  return [
    `certkeep rbac --for ${use}`,
    ...options.namespaces.map((namespace) => `--namespace ${namespace}`),
    ...(use === 'backup' ? flag('secrets', options.secrets, DEFAULTS.secrets) : []),
    ...flag('baseline', options.baseline, DEFAULTS.baseline),
    ...(options.canary ? [] : ['--no-canary']),
    ...(options.pause ? [] : ['--pause never']),
    ...flag('controller-deployment', options.controllerDeployment, DEFAULTS.controllerDeployment),
    ...flag('cert-manager-namespace', certManagerNamespace, DEFAULTS.certManagerNamespace),
    ...flag('cluster-resource-namespace', options.clusterResourceNamespace, certManagerNamespace),
    ...flag('canary-namespace', options.canaryNamespace, certManagerNamespace),
    ...flag('leader-election-namespace', options.leaderElectionNamespace, DEFAULTS.leaderElectionNamespace),
    ...flag('controller-config', options.controllerConfig, ''),
    ...makersFlag.map((kind) => `--makers ${kind}`),
    ...options.include.map((resource) => `--include ${resource}`),
    ...subjectFlag(user),
  ].join(' ');
}

function subjectFlag(user: string): string[] {
  const account = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user);
  if (account !== null) return [`--service-account ${account[1]}/${account[2]}`];
  // Anything else than a plain word would need the quotes of some shell.
  return /^[\w.@:+-]+$/.test(user) ? [`--user ${user}`] : [];
}

/**
 * The same error; where it is about a missing right, its fix names the command that prints all rights of the run. The
 * one who knows the whole run is asked last, and has the last word.
 */
export function withRbacCommand(error: unknown, options: RightsOptions): unknown {
  if (!(error instanceof CertkeepError) || error.code !== 'forbidden') return error;
  return new CertkeepError(error.code, error.message, rbacFix(options, userOf(error)), {
    cause: error.cause,
    ...(error.object === undefined ? {} : { object: error.object }),
  });
}

/** What to do about a missing right. */
export function rbacFix(options: RightsOptions, user = ''): string {
  const reads =
    options.use === 'backup' && options.secrets === 'none' && options.baseline === 'secrets'
      ? ' With --baseline requests nothing of Secrets is read.'
      : '';
  return `Grant it; this prints all rights that ${options.use} needs, for kubectl apply -f -: ${rbacCommand(options, user)}.${reads}`;
}

/** The user as the API server knows it, where a refusal named one. */
function userOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof ApiError && cause.user !== '') return cause.user;
  }
  return '';
}
