import type { CertificateStatus } from '../../model/objects.ts';
import { SECOND } from '../goDuration.ts';
import { parseTime, printTime, ZERO_SECONDS } from '../goTime.ts';
import { Unclear } from '../read.ts';
import { type RenewalTime, renewalTime } from '../renewalTime.ts';
import type { X509 } from '../x509.ts';
import { certificateOr } from './errors.ts';
import { type Policy, type PolicyInput, REASON, Violated } from './policy.ts';

/**
 * The renewal time must lie in the future. The message quotes status.renewalTime, which is not what decides.
 */
export const currentCertificateNearingExpiry: Policy = (input) => {
  const leaf = certificateOr(input.leaf(), input.rules);
  if (leaf instanceof Violated) return leaf.violation;
  const { at, windowError } = renewalTimeOf(input, leaf);
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
  return renewalTimeOf(input, leaf.value);
}

/**
 * The window that the ACME server suggests goes before everything but the policy Disabled, where it belongs to this
 * certificate and not to the one before (checks.go CurrentCertificateNearingExpiry).
 */
function renewalTimeOf({ certificate, rules }: PolicyInput, { notBefore, notAfter }: X509): RenewalTime {
  const disabled = rules.renewal === 'full' && certificate.spec.renewal?.policy === 'Disabled';
  if (rules.acmeRenewalInfo && !disabled) {
    const start = suggestedStart(certificate.status);
    if (start !== undefined && start !== ZERO_SECONDS && start > notBefore) {
      return { at: BigInt(start) * SECOND, windowError: false };
    }
  }
  return renewalTime(notBefore, notAfter, certificate.spec, rules);
}

function suggestedStart(status: CertificateStatus | undefined): number | undefined {
  const window = status?.acme?.ari?.suggestedWindow ?? undefined;
  if (window === undefined) return undefined;
  const start = parseTime(window.start ?? '');
  if (start === undefined) throw new Unclear('status.acme.ari.suggestedWindow.start is not a time');
  return start;
}
