export const MODES = ['backup', 'check', 'predict', 'plan', 'restore', 'verify', 'resume'] as const;
export type Mode = (typeof MODES)[number];

/** What one input of action.yml is to the modes. A test compares this table with action.yml. */
export interface InputSpec {
  /** The default in action.yml. */
  default: string;
  /** The modes that look at it; in any other mode a value other than the default is an error, never ignored. */
  modes: readonly Mode[];
}

const ALL = MODES;
const CLUSTER: readonly Mode[] = ['backup', 'predict', 'plan', 'restore', 'verify', 'resume'];
const READS_BACKUP: readonly Mode[] = ['check', 'plan', 'restore', 'verify'];
const PREDICT: readonly Mode[] = ['predict'];
const BACKUP: readonly Mode[] = ['backup'];

const spec = (value: string, modes: readonly Mode[]): InputSpec => ({ default: value, modes });

/**
 * Every input. Inputs that say where and who (kubeconfig, keys, tokens, names) are taken in every mode, so that one
 * block of settings can serve all steps of a job; inputs that narrow or change what is done only where they are obeyed.
 */
export const INPUTS = {
  mode: spec('backup', ALL),
  kubeconfig: spec('', ALL),
  context: spec('', ALL),
  namespace: spec('', ['backup', 'predict', 'verify']),
  selector: spec('', ['backup', 'predict']),
  'cert-manager-namespace': spec('', ALL),
  'cluster-resource-namespace': spec('', ALL),
  timeout: spec('', CLUSTER),
  'expect-cluster': spec('', CLUSTER),
  secrets: spec('auto', BACKUP),
  baseline: spec('', ['backup', 'verify']),
  'age-recipients': spec('', ALL),
  'age-identity': spec('', ALL),
  encrypt: spec('', BACKUP),
  'allow-plaintext-secrets': spec('false', BACKUP),
  include: spec('', ['backup', 'plan', 'restore']),
  'allow-missing': spec('', ['backup', 'check']),
  'allow-empty': spec('false', BACKUP),
  wait: spec('false', BACKUP),
  'on-conflict': spec('fail', ['plan', 'restore']),
  from: spec('', PREDICT),
  'cert-manager-version': spec('', PREDICT),
  'current-version': spec('', PREDICT),
  now: spec('', PREDICT),
  'ca-limits': spec('', PREDICT),
  'fail-on-reissue': spec('true', ['predict', 'plan', 'restore', 'verify']),
  'fail-on-renewal': spec('false', ['predict', 'plan', 'restore', 'verify']),
  horizon: spec('30d', ['check', 'predict']),
  'no-canary': spec('false', ['restore', 'verify']),
  'canary-namespace': spec('', ['restore', 'verify']),
  pause: spec('auto', ['restore']),
  'max-pause': spec('10m', ['restore']),
  journal: spec('', ['restore']),
  replicas: spec('', ['resume']),
  force: spec('false', ['resume']),
  'expect-root': spec('', [...READS_BACKUP, 'predict']),
  path: spec('', ALL),
  'artifact-name': spec('cert-manager-backup', ALL),
  'retention-days': spec('', BACKUP),
  'run-id': spec('', READS_BACKUP),
  repository: spec('', READS_BACKUP),
  workflow: spec('', READS_BACKUP),
  'github-token': spec('', ALL),
  details: spec('false', ALL),
  verbose: spec('false', ALL),
} as const satisfies Record<string, InputSpec>;
export type InputName = keyof typeof INPUTS;

/** Flags of the command line under another name here, and names that people try first. */
export const OTHER_NAMES: Record<string, InputName> = {
  recipient: 'age-recipients',
  recipients: 'age-recipients',
  'recipients-file': 'age-recipients',
  'age-recipient': 'age-recipients',
  identity: 'age-identity',
  'identity-file': 'age-identity',
  'age-identities': 'age-identity',
  output: 'path',
  'backup-path': 'path',
  namespaces: 'namespace',
  canary: 'no-canary',
  includes: 'include',
  token: 'github-token',
  name: 'artifact-name',
  artifact: 'artifact-name',
  command: 'mode',
  'root-digest': 'expect-root',
  'kube-config': 'kubeconfig',
};

/** Modes of the interface that later versions bring. */
export const LATER_MODES: readonly string[] = ['guard'];
