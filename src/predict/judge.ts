import type { Certificate, Secret } from '../model/objects.ts';
import { type Decision, decide } from '../reissue/decide.ts';
import type { UpgradeFacts } from '../reissue/hazards.ts';
import { forecastUpgrade, type UpgradeForecast } from '../reissue/upgrade.ts';
import type { Input } from './inputs.ts';

/** One Certificate, and what becomes of it. */
export interface Judged {
  certificate: Certificate;
  secret: Secret | undefined;
  /** By the release that was asked for. */
  decision: Decision;
  upgrade?: UpgradeForecast;
}

export interface Releases {
  /** Without v. */
  version: string;
  /** The release before, for an upgrade forecast. */
  from?: string;
}

/** Decides one Certificate, whose issuer is among the facts where it is known. Never throws because of it. */
export function judge(input: Input, releases: Releases, now: Date, facts: UpgradeFacts): Judged {
  const { certificate, secret, unknown } = input;
  if (unknown !== '') return { certificate, secret, decision: undecidable(unknown) };
  const { version, from } = releases;
  if (from === undefined)
    return {
      certificate,
      secret,
      decision: decide(input, { now, version, ...(facts.flags === undefined ? {} : { flags: facts.flags }) }),
    };
  const upgrade = forecastUpgrade(input, { now, from, to: version, facts });
  return { certificate, secret, decision: upgrade.after, upgrade };
}

function undecidable(message: string): Decision {
  return { outcome: 'undecidable', policy: '', reason: '', message, at: null };
}

/** cert-manager's reason for a renewal at its time (internal/controller/certificates/policies/constants.go). */
const RENEWING = 'Renewing';

/** Whether an ordinary renewal is due now. */
export function isRenewal({ outcome, reason }: Decision): boolean {
  return outcome === 'reissue' && reason === RENEWING;
}

/** The time of the next ordinary renewal, in milliseconds since 1970; undefined where there is none, or it is not known. */
export function renewalTime({ outcome, at }: Decision): number | undefined {
  if (outcome !== 'keep' || at === null) return undefined;
  return Date.parse(at);
}
