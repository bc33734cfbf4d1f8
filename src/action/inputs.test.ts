import { readFileSync } from 'node:fs';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { CertkeepError } from '../model/problems.ts';
import { INPUTS, type InputName, MODES, OTHER_NAMES } from './input-table.ts';
import { loadInputs } from './inputs.ts';
import { OUTPUTS } from './outputs.ts';

interface ActionYml {
  inputs: Record<string, { description: string; default: string }>;
  outputs: Record<string, { description: string }>;
  runs: Record<string, string>;
}
const actionYml = load(readFileSync(new URL('../../action.yml', import.meta.url), 'utf8')) as ActionYml;

const given = (inputs: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]));
const loadWith = (inputs: Record<string, string>) => loadInputs(given(inputs));

function errorOf(inputs: Record<string, string>): CertkeepError {
  try {
    loadWith(inputs);
  } catch (error) {
    if (error instanceof CertkeepError) return error;
    throw error;
  }
  throw new Error('no error');
}

describe('action.yml', () => {
  it('has the inputs that loadInputs reads, with the same defaults', () => {
    const defaults = Object.fromEntries(Object.entries(actionYml.inputs).map(([name, input]) => [name, input.default]));
    // biome-ignore lint/suspicious/noTemplateCurlyInString: an expression of GitHub Actions
    expect(defaults['github-token']).toBe('${{ github.token }}');
    expect({ ...defaults, 'github-token': '' }).toEqual(
      Object.fromEntries(Object.entries(INPUTS).map(([name, spec]) => [name, spec.default])),
    );
  });

  it('has the outputs that are set', () => {
    expect(Object.keys(actionYml.outputs)).toEqual([...OUTPUTS]);
  });

  it('describes every input and output, and names every mode', () => {
    for (const { description } of [...Object.values(actionYml.inputs), ...Object.values(actionYml.outputs)]) {
      expect(description.length).toBeGreaterThan(20);
    }
    for (const mode of MODES) expect(actionYml.inputs.mode?.description).toContain(`\`${mode}\``);
  });

  it('runs on node24 with a post step that always runs', () => {
    expect(actionYml.runs).toEqual({
      using: 'node24',
      main: 'dist/main.js',
      post: 'dist/post.js',
      'post-if': 'always()',
    });
  });
});

describe('loadInputs', () => {
  it('takes the defaults where the runner sets nothing', () => {
    expect(loadInputs({})).toMatchObject({
      mode: 'backup',
      secrets: 'auto',
      encrypt: undefined,
      failOnReissue: true,
      horizonMs: 30 * 86_400_000,
      artifactName: 'cert-manager-backup',
      namespaces: [],
      timeoutMs: undefined,
      retentionDays: undefined,
    });
  });

  it('takes the defaults as the runner sets them', () => {
    const defaults = Object.fromEntries(Object.entries(INPUTS).map(([name, spec]) => [name, spec.default]));
    expect(loadWith(defaults)).toEqual(loadInputs({}));
  });

  it('reads values', () => {
    const inputs = loadWith({
      namespace: 'app1, app2\napp3',
      timeout: '1h30m',
      'age-recipients': '# the team\nage1aaaaaaaaaaaaaaaa # anna\n\nage1bbbbbbbbbbbbbbbb,age1cccccccccccccccc',
      'allow-missing': 'Secret/app1/x',
      'allow-empty': 'TRUE',
      'retention-days': '7',
      encrypt: 'all',
    });
    expect(inputs).toMatchObject({
      namespaces: ['app1', 'app2', 'app3'],
      timeoutMs: 5_400_000,
      ageRecipients: ['age1aaaaaaaaaaaaaaaa', 'age1bbbbbbbbbbbbbbbb', 'age1cccccccccccccccc'],
      allowMissing: ['Secret/app1/x'],
      allowEmpty: true,
      retentionDays: 7,
      encrypt: 'all',
    });
  });

  it.each<[InputName, string]>([
    ['mode', 'destroy'],
    ['namespace', 'App_1'],
    ['timeout', 'soon'],
    ['timeout', '0s'],
    ['secrets', 'some'],
    ['encrypt', 'none'],
    ['allow-empty', 'yes'],
    ['allow-missing', 'x'],
    ['include', 'Bundles'],
    ['artifact-name', 'a/b'],
    ['artifact-name', '--dir'],
    ['artifact-name', 'a\nb'],
    ['retention-days', '-1'],
    ['cert-manager-namespace', 'a b'],
  ])('refuses %s: %j and names the input', (name, value) => {
    const error = errorOf({ [name]: value });
    expect(error.code).toBe('wrong-usage');
    expect(error.message).toContain(`Input \`${name}\``);
    expect(error.fix).not.toBe('');
  });

  it.each<[InputName, string]>([
    ['expect-root', 'abc'],
    ['expect-root', `sha256:${'A'.repeat(64)}`],
    ['run-id', '12a'],
    ['repository', 'acme'],
    ['repository', 'acme/../x'],
    ['workflow', 'backup.yml'],
  ])('refuses %s: %j in mode check', (name, value) => {
    expect(errorOf({ mode: 'check', [name]: value }).message).toContain(`Input \`${name}\``);
  });

  it('refuses later modes by saying so', () => {
    for (const mode of ['guard']) {
      expect(errorOf({ mode }).message).toContain('comes with a later version');
    }
  });

  it('refuses an input that the mode does not look at', () => {
    expect(errorOf({ mode: 'check', namespace: 'app1' }).message).toContain('mode `check` does not look at it');
    expect(errorOf({ 'on-conflict': 'keep' }).fix).toContain('`restore`');
    expect(loadWith({ mode: 'check', wait: 'False' }).wait).toBe(false);
  });

  it('refuses variables of inputs that do not exist, and guesses what was meant', () => {
    expect(errorOf({ recipients: 'x' }).fix).toContain('`age-recipients`');
    expect(errorOf({ namspace: 'x' }).fix).toContain('`namespace`');
    expect(errorOf({ fail_on_reissue: 'x' }).fix).toContain('`fail-on-reissue`');
    expect(errorOf({ 'something-else': 'x' }).fix).toContain('Take it out');
    for (const meant of Object.values(OTHER_NAMES)) expect(Object.keys(INPUTS)).toContain(meant);
  });

  it('refuses inputs that contradict each other', () => {
    expect(errorOf({ mode: 'predict', from: 'a', path: 'b' }).message).toContain('`from`');
    expect(errorOf({ mode: 'predict', now: '2026-06-01T00:00:00Z' }).message).toContain('`now`');
    expect(errorOf({ mode: 'predict', from: 'a', now: 'soon' }).message).toContain('`now`');
    expect(errorOf({ mode: 'check', path: 'b', 'run-id': '1' }).message).toContain('`run-id`');
    expect(errorOf({ mode: 'verify', 'no-canary': 'true', 'canary-namespace': 'x' }).message).toContain('no canary');
  });

  it('never repeats a secret key that stands in the wrong place', () => {
    const key = 'AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ';
    const error = errorOf({ 'age-recipients': key });
    expect(error.message).toContain('secret key');
    expect(error.message + error.fix).not.toContain(key);
    expect(errorOf({ 'artifact-name': `${key}/${key}` }).message).not.toContain(key);
  });
});
