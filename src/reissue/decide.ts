import { FAO_LABEL } from '../model/kinds.ts';
import { condition, type Secret } from '../model/objects.ts';
import { NEARING_EXPIRY, triggerPolicyChain } from './chain.ts';
import { unreadableFlag, withFlags } from './flags.ts';
import { backOffUntil, type Gathered, gather, isIssuing, ownsSecret } from './gates.ts';
import { SECOND } from './goDuration.ts';
import { rfc3339 } from './goTime.ts';
import type { Decision, Gate, ReissueInput, ReissueOptions } from './input.ts';
import { renewalMessage, renewalOf } from './policies/currentCertificateNearingExpiry.ts';
import { PolicyInput, REASON } from './policies/policy.ts';
import { Unclear } from './read.ts';
import { wrongCertificate, wrongRequest, wrongSecret } from './shape.ts';
import { type Rules, rulesFor } from './versions.ts';

export type { Decision, Gate, ReissueInput, ReissueOptions } from './input.ts';

/**
 * cert-manager's decision on one Certificate: is it issued anew, by which policy, and when?
 *
 * Where an issuance is already under way the outcome is reissue with the gate `issuing`. Where the back-off after a
 * failure stands before a violated policy it is reissue with the gate `back-off` and `at` = the end of the back-off.
 * A Certificate that does not own its Secret is kept. With `horizonMs`, a renewal within the horizon is a reissue whose
 * `at` lies in the future.
 *
 * Never throws because of an object: what cannot be read is undecidable. Throws CertkeepError for a version before 1.11
 * (`unsupported-cert-manager`) or one that is none (`wrong-usage`).
 */
export function decide(given: ReissueInput, options: ReissueOptions): Decision {
  const { certificate } = given;
  const rules = withFlags(rulesFor(options.version), options.flags);
  const wrongShape = wrongCertificate(certificate) ?? wrongSecret(given.secret);
  if (wrongShape !== undefined) return undecidable(wrongShape);
  const unreadable = unreadableFlag(options.flags);
  if (unreadable !== undefined) return undecidable(`the value of the controller's flag --${unreadable} cannot be read`);
  const secret = isSeen(given.secret, rules) ? given.secret : undefined;
  const input = { ...given, secret };
  if (rules.deletionGate && certificate.metadata.deletionTimestamp) return keep(null, 'deleting');
  if (isIssuing(certificate)) {
    const issuing = condition(certificate.status?.conditions, 'Issuing');
    return {
      outcome: 'reissue',
      policy: '',
      reason: issuing?.reason ?? '',
      message: issuing?.message ?? '',
      at: null,
      gate: 'issuing',
    };
  }
  const gathered = gather(certificate, input.requests);
  const policyInput = new PolicyInput(certificate, secret, gathered.current, options.now, rules);
  try {
    return ask(policyInput, gathered, input, options);
  } catch (error) {
    if (error instanceof Unclear) return undecidable(error.message);
    throw error;
  }
}

/** Whether the Secret is in one of cert-manager's caches (internal/informers/core_filteredsecrets.go). */
function isSeen(secret: Secret | undefined, rules: Rules): boolean {
  return !rules.filteredSecrets || (secret?.metadata.labels?.[FAO_LABEL] ?? 'true') === 'true';
}

function ask(policyInput: PolicyInput, gathered: Gathered, input: ReissueInput, options: ReissueOptions): Decision {
  const { certificate, rules } = policyInput;
  const wrongShape = wrongRequest(gathered.current) ?? wrongRequest(gathered.next);
  if (wrongShape !== undefined) throw new Unclear(wrongShape);
  if (rules.certificateName && !ownsSecret(certificate, input.secret, input.siblings, rules)) {
    return keep(renewalIfClear(policyInput), 'not-owner');
  }
  if (gathered.error !== undefined) return { ...keep(null, 'duplicate-requests'), message: gathered.error };
  const brake = backOffUntil(certificate, gathered.next, policyInput.now, rules);
  const decision = evaluate(policyInput, options.horizonMs ?? 0);
  if (brake === undefined || decision.outcome === 'undecidable') return decision;
  const at = format(brake);
  // Under the brake nothing happens; afterwards the chain is asked again.
  if (decision.outcome === 'reissue') return { ...decision, at: later(decision.at, at), gate: 'back-off' };
  return { ...decision, gate: 'back-off' };
}

const later = (a: string | null, b: string): string => (a !== null && a > b ? a : b);

/** The policy chain alone. */
function evaluate(input: PolicyInput, horizonMs: number): Decision {
  for (const { name, check } of triggerPolicyChain(input.rules)) {
    const violation = check(input);
    if (violation === undefined) continue;
    const at = name === NEARING_EXPIRY.name ? nextRenewal(input) : null;
    return { outcome: 'reissue', policy: name, ...violation, at };
  }
  const renewal = renewalOf(input);
  const at = renewal?.at ?? null;
  if (renewal !== undefined && at !== null && at <= input.now + BigInt(Math.trunc(horizonMs)) * 1_000_000n) {
    const message = renewalMessage(input, renewal.windowError);
    return { outcome: 'reissue', policy: NEARING_EXPIRY.name, reason: REASON.Renewing, message, at: format(at) };
  }
  return keep(at === null ? null : format(at));
}

function nextRenewal(input: PolicyInput): string | null {
  const at = renewalOf(input)?.at ?? null;
  return at === null ? null : format(at);
}

/** For a Certificate that is kept whatever its renewal time. */
function renewalIfClear(input: PolicyInput): string | null {
  try {
    return nextRenewal(input);
  } catch (error) {
    if (error instanceof Unclear) return null;
    throw error;
  }
}

function format(nanoseconds: bigint): string {
  return rfc3339(Number(nanoseconds / SECOND));
}

function keep(at: string | null, gate?: Gate): Decision {
  return { outcome: 'keep', policy: '', reason: '', message: '', at, ...(gate === undefined ? {} : { gate }) };
}

function undecidable(message: string): Decision {
  return { outcome: 'undecidable', policy: '', reason: '', message, at: null };
}
