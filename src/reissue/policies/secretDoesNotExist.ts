import { type Policy, REASON } from './policy.ts';

/** The Secret that spec.secretName names must exist. */
export const secretDoesNotExist: Policy = ({ secret }) =>
  secret === undefined
    ? { reason: REASON.DoesNotExist, message: 'Issuing certificate as Secret does not exist' }
    : undefined;
