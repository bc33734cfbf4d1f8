import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inInputs } from './wording.ts';

const fix = (text: string) => inInputs({ severity: 'error', code: 'wrong-usage', message: text, fix: text }).fix;

describe('inInputs', () => {
  it.each([
    [
      'Add --recipient with an age public key (age-keygen makes a pair): then all Secrets are captured.',
      'Add `age-recipients` with an age public key (age-keygen makes a pair): then all Secrets are captured.',
    ],
    ['Give --identity-file, or --no-canary.', 'Give `age-identity`, or `no-canary: true`.'],
    ['Correct `--expect-cluster`; look with kubectl get ns.', 'Correct `expect-cluster`; look with kubectl get ns.'],
    [
      'Choose the right --context, or correct --expect-cluster.',
      'Choose the right `context`, or correct `expect-cluster`.',
    ],
    ['Leave the live one as it is with --on-conflict keep.', 'Leave the live one as it is with `on-conflict: keep`.'],
    ['Accept it with --fail-on-reissue=false.', 'Accept it with `fail-on-reissue: false`.'],
    ['Give one with --kubeconfig FILE, or set KUBECONFIG.', 'Give one with `kubeconfig`, or set KUBECONFIG.'],
    ['Use --secrets all with --recipient.', 'Use `secrets: all` with `age-recipients`.'],
    ['Accept the gap with --allow-missing Secret/a.b/c-d.', 'Accept the gap with `allow-missing: Secret/a.b/c-d`.'],
    [
      'Grant it (certkeep rbac --for verify), or choose another with --canary-namespace.',
      'Grant it (certkeep rbac --for verify), or choose another with `canary-namespace`.',
    ],
    [
      'Look at its log (kubectl logs -l app.kubernetes.io/x=y -A), with a longer --timeout where it is busy.',
      'Look at its log (kubectl logs -l app.kubernetes.io/x=y -A), with a longer `timeout` where it is busy.',
    ],
    [
      'Give the directory that `certkeep backup --output` wrote.',
      'Give as `path` the directory that mode `backup` wrote.',
    ],
    ['Run it again with --verbose and report.', 'Run it again with `verbose: true` and report.'],
  ])('%j', (text, expected) => expect(fix(text)).toBe(expected));

  it.each([
    'Run kubectl get secrets --namespace shop.',
    'Print the rights with certkeep rbac --for verify --namespace x.',
    'Grant what "certkeep rbac --namespace x" prints.',
    'Run `kubectl get certificates --context x`.',
    'Start its cert-manager with --cluster-resource-namespace=x.',
    'The flag --unheard-of is none.',
  ])('leaves %j', (text) => expect(fix(text)).toBe(text));
});

/** Not about this program: arguments of cert-manager's controller, of Velero and of cmctl. */
const OF_OTHERS =
  /--(leader-election-namespace\b|cluster-resource-namespace=|max-|certificate-request-|feature-gates|enable-|x$|restore-resource-priorities\b|exclude-resources\b|include-cluster-resources=|output-version\b)/;
/** RESTORE.md is for a terminal, and samples are Deployments. */
const NO_MESSAGES = ['restore-md.ts', 'samples.ts', 'controller-deployment.ts'];

/** String literals with a flag in the modules that make problems, with X for what is put in. */
function messages(): string[] {
  const found: string[] = [];
  for (const directory of [
    'backup',
    'check',
    'predict',
    'restore',
    'verify',
    'archive',
    'cluster',
    'reissue',
    'refs',
  ]) {
    const root = join(import.meta.dirname, '..', directory);
    for (const file of readdirSync(root, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts') || file.endsWith('.test.ts') || NO_MESSAGES.some((name) => file.endsWith(name)))
        continue;
      for (const line of readFileSync(join(root, file), 'utf8').split('\n')) {
        if (/^\s*(\/\/|\/?\*)/.test(line)) continue;
        for (const [literal] of line.matchAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`/g)) {
          if (!/--[a-z-]+/.test(literal)) continue;
          found.push(
            literal
              .slice(1, -1)
              .replace(/\$\{kubectl\}/g, 'kubectl -n X')
              .replace(/\$\{[^}]*\}/g, 'X'),
          );
        }
      }
    }
  }
  return found;
}

describe('every message of the core that names a flag', () => {
  const all = messages();
  it('is found', () => expect(all.length).toBeGreaterThan(40));

  it.each(all)('%j', (text) => {
    const said = fix(text);
    for (const match of said.matchAll(/--[a-z]+[a-z=-]*/g)) {
      const before = said.slice(0, match.index);
      const inCommand = /(kubectl|certkeep (rbac|restore|plan|verify|check)) [^`;,)]*$/.test(before);
      expect(inCommand || OF_OTHERS.test(match[0]), said).toBe(true);
    }
    expect(said).not.toMatch(/`[a-z-]+` (keep|fail|all|none|true|false|FILE)\b/);
    expect(said.split('`').length % 2, said).toBe(1);
  });
});
