import { parseDuration } from '../model/duration.ts';
import { parseTime } from '../model/time.ts';
import { INPUTS, type InputName, LATER_MODES, MODES, type Mode, OTHER_NAMES } from './input-table.ts';
import { wrongInput } from './public-error.ts';

/** The inputs of the step, checked and typed. Credentials are in here: never log this object. */
export interface Inputs {
  mode: Mode;
  /** Path, content or base64 of a kubeconfig; '' for the ambient one. */
  kubeconfig: string;
  context: string;
  namespaces: string[];
  selector: string;
  certManagerNamespace: string;
  clusterResourceNamespace: string;
  timeoutMs: number | undefined;
  expectCluster: string;
  secrets: 'auto' | 'all' | 'issuer' | 'none';
  /** undefined where the workflow does not say. */
  baseline: 'secrets' | 'requests' | undefined;
  /** Public keys, or paths of files that hold some. */
  ageRecipients: string[];
  /** Secret keys line by line, or the path of a file that holds some. */
  ageIdentity: string;
  /** undefined where the workflow does not say. */
  encrypt: 'secrets' | 'all' | undefined;
  allowPlaintextSecrets: boolean;
  /** `crds` and `resource.group`. */
  include: string[];
  allowMissing: string[];
  allowEmpty: boolean;
  wait: boolean;
  onConflict: 'fail' | 'keep';
  /** Manifests, or a backup, to predict from; [] for the cluster. */
  from: string[];
  certManagerVersion: string;
  currentVersion: string;
  now: Date | undefined;
  /** Path of a file with CAs' limits, or ''. */
  caLimits: string;
  failOnReissue: boolean;
  failOnRenewal: boolean;
  horizonMs: number;
  noCanary: boolean;
  canaryNamespace: string;
  pause: 'auto' | 'never';
  maxPauseMs: number;
  /** '' for a file beside the backup. */
  journal: string;
  /** 1 to 10; undefined: what the restore wrote down. */
  replicas: number | undefined;
  force: boolean;
  /** `sha256:<64 hex>`, or ''. */
  expectRoot: string;
  path: string;
  artifactName: string;
  retentionDays: number | undefined;
  /** Digits, or ''. */
  runId: string;
  /** `owner/name`, or ''. */
  repository: string;
  workflow: string;
  githubToken: string;
  details: boolean;
  verbose: boolean;
}

/**
 * Reads every input from the `INPUT_*` variables that the runner sets (name in upper case, spaces as underscores). A
 * missing variable counts as the default of action.yml.
 *
 * @throws PublicError `wrong-usage` that names the input: a value that cannot be, an input that the mode does not look
 * at, or an `INPUT_*` variable that is no input at all (the runner passes those on with a mere warning).
 */
export function loadInputs(env: Record<string, string | undefined>): Inputs {
  rejectUnknown(env);
  const read = (name: InputName): string => {
    const value = (env[variable(name)] ?? '').trim();
    return value === '' ? INPUTS[name].default : value;
  };
  const mode = readMode(read('mode'));
  rejectUnused(mode, read);
  const inputs: Inputs = {
    mode,
    kubeconfig: read('kubeconfig'),
    context: read('context'),
    namespaces: list(read('namespace')).map((value) => dnsLabel('namespace', value)),
    selector: read('selector'),
    certManagerNamespace: dnsLabel('cert-manager-namespace', read('cert-manager-namespace')),
    clusterResourceNamespace: dnsLabel('cluster-resource-namespace', read('cluster-resource-namespace')),
    timeoutMs: read('timeout') === '' ? undefined : duration('timeout', read('timeout')),
    expectCluster: read('expect-cluster'),
    secrets: oneOf('secrets', read('secrets'), ['auto', 'all', 'issuer', 'none']),
    baseline:
      read('baseline') === ''
        ? undefined
        : oneOf<'secrets' | 'requests'>('baseline', read('baseline'), ['secrets', 'requests']),
    ageRecipients: list(read('age-recipients'), { comments: true }),
    ageIdentity: read('age-identity'),
    encrypt:
      read('encrypt') === '' ? undefined : oneOf<'secrets' | 'all'>('encrypt', read('encrypt'), ['secrets', 'all']),
    allowPlaintextSecrets: bool('allow-plaintext-secrets', read('allow-plaintext-secrets')),
    include: list(read('include')).map(included),
    allowMissing: list(read('allow-missing')).map(objectReference),
    allowEmpty: bool('allow-empty', read('allow-empty')),
    wait: bool('wait', read('wait')),
    onConflict: oneOf('on-conflict', read('on-conflict'), ['fail', 'keep']),
    from: list(read('from')),
    certManagerVersion: read('cert-manager-version'),
    currentVersion: read('current-version'),
    now: read('now') === '' ? undefined : time('now', read('now')),
    caLimits: read('ca-limits'),
    failOnReissue: bool('fail-on-reissue', read('fail-on-reissue')),
    failOnRenewal: bool('fail-on-renewal', read('fail-on-renewal')),
    horizonMs: duration('horizon', read('horizon')),
    noCanary: bool('no-canary', read('no-canary')),
    canaryNamespace: dnsLabel('canary-namespace', read('canary-namespace')),
    pause: oneOf('pause', read('pause'), ['auto', 'never']),
    maxPauseMs: duration('max-pause', read('max-pause')),
    journal: read('journal'),
    replicas: replicas(read('replicas')),
    force: bool('force', read('force')),
    expectRoot: root(read('expect-root')),
    path: read('path'),
    artifactName: artifactName(read('artifact-name')),
    retentionDays: retentionDays(read('retention-days')),
    runId: digits('run-id', read('run-id')),
    repository: repository(read('repository')),
    workflow: read('workflow'),
    githubToken: read('github-token'),
    details: bool('details', read('details')),
    verbose: bool('verbose', read('verbose')),
  };
  checkTogether(inputs);
  return inputs;
}

function replicas(value: string): number | undefined {
  if (value === '') return undefined;
  if (/^([1-9]|10)$/.test(value)) return Number(value);
  throw wrongInput('replicas', 'it is not a number from 1 to 10.', 'Leave it out, or write 1.');
}

const variable = (name: string): string => `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`;

function rejectUnknown(env: Record<string, string | undefined>): void {
  const known = new Set(Object.keys(INPUTS).map(variable));
  for (const key of Object.keys(env)) {
    if (!key.toUpperCase().startsWith('INPUT_') || known.has(key.toUpperCase())) continue;
    const name = key.slice('INPUT_'.length).toLowerCase();
    if (name === '') continue;
    const shown = name.replace(/[^a-z0-9_.-]/g, '?').slice(0, 60);
    const meant = OTHER_NAMES[name.replaceAll('_', '-')] ?? nearest(name.replaceAll('_', '-'));
    throw wrongInput(
      shown,
      'this action has no such input, and an input that is not understood is never ignored.',
      meant === undefined
        ? "Take it out of the step's `with:`; the inputs are listed in action.yml and in the README."
        : `Did you mean \`${meant}\`? The inputs are listed in action.yml and in the README.`,
    );
  }
}

function nearest(name: string): InputName | undefined {
  let best: InputName | undefined;
  let bestDistance = 3;
  for (const candidate of Object.keys(INPUTS) as InputName[]) {
    const distance = editDistance(name, candidate);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein's distance: how many letters to add, drop or change. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min((row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1, change));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function rejectUnused(mode: Mode, read: (name: InputName) => string): void {
  for (const name of Object.keys(INPUTS) as InputName[]) {
    const modes: readonly Mode[] = INPUTS[name].modes;
    if (!modes.includes(mode) && !sameValue(read(name), INPUTS[name].default)) {
      throw wrongInput(
        name,
        `mode \`${mode}\` does not look at it, and an input that has no effect is never ignored.`,
        `Take it out of this step; it belongs to mode ${modes.map((m) => `\`${m}\``).join(', ')}.`,
      );
    }
  }
}

/** Booleans may be written in three ways. */
function sameValue(value: string, defaultValue: string): boolean {
  return value === defaultValue || (/^(true|false)$/.test(defaultValue) && value.toLowerCase() === defaultValue);
}

function readMode(value: string): Mode {
  if (LATER_MODES.includes(value)) {
    throw wrongInput('mode', `\`${value}\` comes with a later version.`, `This version has ${MODES.join(', ')}.`);
  }
  return oneOf('mode', value, MODES);
}

/** Values separated by commas or line breaks. */
function list(value: string, options: { comments?: boolean } = {}): string[] {
  const lines = options.comments ? value.split('\n').map((line) => line.replace(/#.*/, '')) : [value];
  return lines
    .flatMap((line) => line.split(/[\n,]/))
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function oneOf<T extends string>(name: InputName, value: string, allowed: readonly T[]): T {
  const found = allowed.find((a) => a === value);
  if (found === undefined) {
    throw wrongInput(name, `${quote(value)} is none of its values.`, `Use one of: ${allowed.join(', ')}.`);
  }
  return found;
}

/** Booleans as YAML 1.2's core schema writes them, like @actions/core. */
function bool(name: InputName, value: string): boolean {
  if (/^(true|True|TRUE)$/.test(value)) return true;
  if (/^(false|False|FALSE)$/.test(value)) return false;
  throw wrongInput(name, `${quote(value)} is neither true nor false.`, 'Write `true` or `false`.');
}

function duration(name: InputName, value: string): number {
  const ms = parseDuration(value);
  if (ms === undefined || ms <= 0) {
    throw wrongInput(
      name,
      `${quote(value)} is no duration.`,
      'Write a number and a unit, such as `90s`, `10m` or `30d`.',
    );
  }
  return ms;
}

function time(name: InputName, value: string): Date {
  const parsed = parseTime(value);
  if (parsed === undefined) {
    throw wrongInput(name, `${quote(value)} is no time.`, 'Write it as RFC 3339, such as `2026-11-25T12:00:00Z`.');
  }
  return parsed;
}

function dnsLabel(name: InputName, value: string): string {
  if (value !== '' && !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(value)) {
    throw wrongInput(
      name,
      `${quote(value)} cannot be the name of a namespace.`,
      'Use lower-case letters, digits and `-`.',
    );
  }
  return value;
}

function objectReference(value: string): string {
  if (!/^[A-Za-z]+(\/[A-Za-z0-9.-]+){1,2}$/.test(value)) {
    throw wrongInput('allow-missing', `${quote(value)} does not name an object.`, 'Write `KIND/NAMESPACE/NAME`.');
  }
  return value;
}

function included(value: string): string {
  if (value !== 'crds' && !/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(value)) {
    throw wrongInput(
      'include',
      `${quote(value)} is neither \`crds\` nor a resource with its group.`,
      'Write it as `kubectl api-resources -o name` prints it, such as `bundles.trust.cert-manager.io`.',
    );
  }
  return value;
}

function root(value: string): string {
  if (/^[0-9a-f]{64}$/.test(value)) return `sha256:${value}`;
  if (value !== '' && !/^sha256:[0-9a-f]{64}$/.test(value)) {
    throw wrongInput(
      'expect-root',
      `${quote(value)} is no root digest.`,
      'Write `sha256:` and 64 hexadecimal digits: the output `root-digest` of the step that made the backup.',
    );
  }
  return value;
}

/** The rules of GitHub's artifact service for names, and none that looks like an option or a path. */
function artifactName(value: string): string {
  if (!/^[^"':<>|*?\\/\p{Cc}]{1,200}$/u.test(value) || /^[-.]/.test(value)) {
    throw wrongInput(
      'artifact-name',
      `${quote(value)} cannot be the name of an artifact.`,
      'Use letters, digits, spaces, `.`, `_` and `-`, beginning with a letter or digit.',
    );
  }
  return value;
}

function retentionDays(value: string): number | undefined {
  if (value === '') return undefined;
  const days = /^\d{1,3}$/.test(value) ? Number(value) : Number.NaN;
  if (!(days >= 1 && days <= 400)) {
    throw wrongInput('retention-days', `${quote(value)} is no number of days.`, 'Write a number from 1 to 400.');
  }
  return days;
}

function digits(name: InputName, value: string): string {
  if (value !== '' && !/^[1-9]\d{0,18}$/.test(value)) {
    throw wrongInput(name, `${quote(value)} is no id of a workflow run.`, "Write the number in the run's address.");
  }
  return value;
}

function repository(value: string): string {
  if (value !== '' && !/^[A-Za-z0-9_.-]{1,100}\/[A-Za-z0-9_.-]{1,100}$/.test(value)) {
    throw wrongInput('repository', `${quote(value)} is no repository.`, 'Write `owner/name`.');
  }
  return value;
}

function checkTogether(inputs: Inputs): void {
  for (const name of ['run-id', 'repository', 'workflow'] as const) {
    const value = { 'run-id': inputs.runId, repository: inputs.repository, workflow: inputs.workflow }[name];
    if (value === '') continue;
    if (inputs.path !== '') {
      throw wrongInput(name, 'it speaks of an artifact, but `path` names a backup on disk.', 'Give one of the two.');
    }
    if (inputs.runId === '') {
      throw wrongInput(
        name,
        'it only means something together with `run-id`.',
        'Give `run-id`, the id of the run that made the backup.',
      );
    }
  }
  if (inputs.from.length > 0 && inputs.path !== '') {
    throw wrongInput('from', '`path` names a source too.', 'Give one of the two.');
  }
  if (inputs.now !== undefined && inputs.from.length === 0 && inputs.path === '') {
    throw wrongInput('now', 'a running cluster has its own time.', 'Give `from`, or leave out `now`.');
  }
  if (inputs.mode === 'predict' && inputs.expectRoot !== '' && inputs.from.length === 0 && inputs.path === '') {
    throw wrongInput(
      'expect-root',
      'a running cluster has no root digest.',
      'Give `from`, or leave out `expect-root`.',
    );
  }
  const secretKey = inputs.ageRecipients.some((r) => r.toUpperCase().startsWith('AGE-SECRET-KEY-'));
  if (secretKey) {
    throw wrongInput(
      'age-recipients',
      'it holds a secret key (AGE-SECRET-KEY-…); a backup is encrypted to the public key.',
      'Give the line that begins with `age1` (`age-keygen -y FILE` prints it). If the secret key stood in the workflow file, treat it as known to others and make a new one.',
    );
  }
  if (inputs.noCanary && inputs.canaryNamespace !== '') {
    throw wrongInput('canary-namespace', 'with `no-canary` there is no canary to place.', 'Give one of the two.');
  }
}

/** A value for a message: short, and without what could be a credential by its length. */
function quote(value: string): string {
  const clean = value.replace(/[^\x20-\x7e]/g, '?').replaceAll('`', "'");
  return clean.length > 80 ? `a text of ${clean.length} characters` : `\`${clean}\``;
}
