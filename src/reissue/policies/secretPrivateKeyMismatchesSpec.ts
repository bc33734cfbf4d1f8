import { privateKeyMatchesSpec } from '../matches.ts';
import { keyOr } from './errors.ts';
import { type Policy, REASON, Violated } from './policy.ts';

/** Algorithm and size of the private key must be those of the spec. */
export const secretPrivateKeyMismatchesSpec: Policy = (input) => {
  const key = keyOr(input.privateKey(), input.rules);
  if (key instanceof Violated) return key.violation;
  const violations = privateKeyMatchesSpec(key, input.certificate.spec);
  if (violations.length === 0) return undefined;
  return {
    reason: REASON.SecretMismatch,
    message: `Existing private key is not up to date for spec: [${violations.join(' ')}]`,
  };
};
