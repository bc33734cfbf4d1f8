import { describe, expect, it } from 'vitest';
import { inInputs } from './wording.ts';

const fix = (text: string) => inInputs({ severity: 'error', code: 'wrong-usage', message: text, fix: text }).fix;

describe('inInputs', () => {
  it.each([
    ['Add --recipient with an age public key.', 'Add `age-recipients` with an age public key.'],
    ['Give --identity-file, or --no-canary.', 'Give `age-identity`, or `no-canary`.'],
    ['Correct `--expect-cluster`; look with kubectl get ns.', 'Correct `expect-cluster`; look with kubectl get ns.'],
    [
      'Choose the right --context, or correct --expect-cluster.',
      'Choose the right `context`, or correct `expect-cluster`.',
    ],
  ])('%j', (text, expected) => expect(fix(text)).toBe(expected));

  it.each([
    'Run kubectl get secrets --namespace shop.',
    'Print the rights with certkeep rbac --for verify --namespace x.',
    'The flag --unheard-of is none.',
    'Set --wait=true there.',
  ])('leaves %j', (text) => expect(fix(text)).toBe(text));
});
