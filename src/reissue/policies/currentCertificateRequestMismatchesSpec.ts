import { certificateMatchesSpec, requestMatchesSpec } from '../matches.ts';
import { Unclear } from '../read.ts';
import { certificateOr } from './errors.ts';
import { type Policy, type PolicyInput, REASON, Violated, type Violation } from './policy.ts';

/**
 * The current CertificateRequest must fit the spec. Where it is not there, the issued certificate is compared instead:
 * loosely, yet with false alarms of its own (names that the CA or a literalSubject put in).
 */
export const currentCertificateRequestMismatchesSpec: Policy = (input) => {
  const { current, certificate, rules } = input;
  if (current === undefined) return currentSecretValidForSpec(input);
  const csr = input.currentCsr();
  if (csr.kind === 'unclear') throw new Unclear(csr.why);
  // Upstream: a request that cannot be decoded is no reason to issue again.
  if (csr.kind === 'invalid') return undefined;
  const violations = requestMatchesSpec(current, csr.value, certificate.spec, rules);
  if (violations.length === 0) return undefined;
  return {
    reason: REASON.RequestChanged,
    message: `Fields on existing CertificateRequest resource not up to date: [${violations.join(' ')}]`,
  };
};

/** currentSecretValidForSpec of checks.go. */
function currentSecretValidForSpec(input: PolicyInput): Violation | undefined {
  const leaf = certificateOr(input.leaf(), input.rules);
  if (leaf instanceof Violated) return input.rules.rewrittenChain ? leaf.violation : undefined;
  const violations = certificateMatchesSpec(leaf, input.certificate.spec, input.rules);
  if (violations.length === 0) return undefined;
  return {
    reason: REASON.SecretMismatch,
    message: `${input.rules.rewrittenChain ? 'Issuing certificate as ' : ''}Existing issued Secret is not up to date for spec: [${violations.join(' ')}]`,
  };
}
