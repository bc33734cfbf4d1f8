import { gather } from '../gates.ts';
import type { ReissueInput } from '../input.ts';
import { type Policy, PolicyInput } from '../policies/policy.ts';
import { Unclear } from '../read.ts';
import type { Rules } from '../versions.ts';
import type { X509 } from '../x509.ts';
import type { Upgrade } from './row.ts';

const looked = new WeakMap<ReissueInput, Map<Rules, PolicyInput>>();

/**
 * What the policies look at under the rules of one release, at no time in particular: none of those that are asked here
 * looks at the clock. The objects must be of the right shape. Each is read once.
 */
export function policyInput(input: ReissueInput, rules: Rules): PolicyInput {
  const ofInput = looked.get(input) ?? new Map<Rules, PolicyInput>();
  looked.set(input, ofInput);
  const known = ofInput.get(rules);
  if (known !== undefined) return known;
  const { certificate, secret, requests } = input;
  const made = new PolicyInput(certificate, secret, gather(certificate, requests).current, new Date(0), rules);
  ofInput.set(rules, made);
  return made;
}

/**
 * Whether a policy is violated under the release to come and not under the one that runs. Where the release to come
 * cannot be decided it counts as violated: a hazard is rather named once too often. `seen` is what the release to come
 * sees, where that differs.
 */
export function newlyViolated(
  policy: Policy,
  input: ReissueInput,
  { from, to }: Upgrade,
  seen: ReissueInput = input,
): boolean {
  return verdict(policy, seen, to) !== 'fits' && verdict(policy, input, from) !== 'violated';
}

/** Whether a policy is violated under these rules; false where that cannot be decided. */
export function violated(policy: Policy, input: ReissueInput, rules: Rules): boolean {
  return verdict(policy, input, rules) === 'violated';
}

/** Whether a policy is violated under these rules, or may be. */
export function isOrMayBeViolated(policy: Policy, input: ReissueInput, rules: Rules): boolean {
  return verdict(policy, input, rules) !== 'fits';
}

/** A Secret that is not there violates none of the policies that are asked here. */
function verdict(policy: Policy, input: ReissueInput, rules: Rules): 'fits' | 'violated' | 'unclear' {
  if (input.secret === undefined) return 'fits';
  return ask(() => (policy(policyInput(input, rules)) === undefined ? 'fits' : 'violated'), 'unclear');
}

/** The answer of code that may throw Unclear, or `otherwise`. */
export function ask<T>(question: () => T, otherwise: T): T {
  try {
    return question();
  } catch (error) {
    if (error instanceof Unclear) return otherwise;
    throw error;
  }
}

/** The certificate in the Secret; undefined where there is none that can be read. */
export function leafOf(input: ReissueInput, rules: Rules): X509 | undefined {
  if (input.secret === undefined) return undefined;
  const read = ask(() => policyInput(input, rules).leaf(), undefined);
  return read?.kind === 'read' ? read.value : undefined;
}
