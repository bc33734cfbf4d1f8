import { printTime } from '../goTime.ts';
import { Unclear } from '../read.ts';
import { type RenewalTime, renewalTime } from '../renewalTime.ts';
import { certificateOr } from './errors.ts';
import { type Policy, type PolicyInput, REASON, Violated } from './policy.ts';

/**
 * The renewal time must lie in the future. cert-manager's alpha feature ACMEUseARI is off by default and not taken into
 * account. The message quotes status.renewalTime, which is not what decides.
 */
export const currentCertificateNearingExpiry: Policy = (input) => {
  const leaf = certificateOr(input.leaf(), input.rules);
  if (leaf instanceof Violated) return leaf.violation;
  const { at, windowError } = renewalTime(leaf.notBefore, leaf.notAfter, input.certificate.spec, input.rules);
  if (at === null || at > input.now) return undefined;
  return { reason: REASON.Renewing, message: renewalMessage(input, windowError) };
};

/** What the Issuing condition says; trigger_controller.go puts its own text where the windows could not be satisfied. */
export function renewalMessage({ certificate }: PolicyInput, windowError: boolean): string {
  const printed = printTime(certificate.status?.renewalTime ?? undefined);
  if (printed === undefined) throw new Unclear('status.renewalTime is not a time');
  return windowError
    ? `Renewing certificate without satisfying renewal windows at: ${printed}`
    : `Renewing certificate as renewal was scheduled at ${printed}`;
}

/** When the certificate in the Secret is renewed; undefined where that cannot be said. */
export function renewalOf(input: PolicyInput): RenewalTime | undefined {
  const leaf = input.leaf();
  if (leaf.kind !== 'read') return undefined;
  return renewalTime(leaf.value.notBefore, leaf.value.notAfter, input.certificate.spec, input.rules);
}
