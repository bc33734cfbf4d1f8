import type { Certificate, Secret } from '../model/objects.ts';
import { type Decision, decide } from '../reissue/decide.ts';
import type { UpgradeFacts } from '../reissue/hazards.ts';
import type { ShimForecast } from '../reissue/shim/forecast.ts';
import { shimHazards } from '../reissue/shim/hazards.ts';
import { forecastUpgrade, type UpgradeForecast } from '../reissue/upgrade.ts';
import type { Input } from './inputs.ts';
import type { ShimOutlook } from './shim.ts';
import { nameOf } from './state.ts';

/** One Certificate, and what becomes of it. */
export interface Judged {
  certificate: Certificate;
  secret: Secret | undefined;
  /** By the release that was asked for. */
  decision: Decision;
  upgrade?: UpgradeForecast;
  /** What its maker does to it first, where that is why it is reissued, or cannot be decided. */
  shim?: ShimForecast;
}

export interface Releases {
  /** Without v. */
  version: string;
  /** The release before, for an upgrade forecast. */
  from?: string;
}

/** What the shims of the two releases do; `from` in an upgrade forecast only. */
export interface Outlooks {
  version: ShimOutlook;
  from?: ShimOutlook;
}

/** Decides one Certificate, whose issuer is among the facts where it is known. Never throws because of it. */
export function judge(
  input: Input,
  releases: Releases,
  outlooks: Outlooks,
  now: Date,
  facts: UpgradeFacts = {},
): Judged {
  const { certificate, secret, unknown } = input;
  if (unknown !== '') return { certificate, secret, decision: undecidable(unknown) };
  const { version, from } = releases;
  const name = nameOf(certificate);
  const step = outlooks.version.steps.get(name);
  const then = outlooks.version.inputs.get(name);
  const given = { now, ...(facts.flags === undefined ? {} : { flags: facts.flags }) };
  if (from === undefined) {
    const asked = { ...given, version };
    const plain = decide(input, asked);
    const decision = afterShim(plain, step, () => decideUnlessUnknown(then, (one) => decide(one, asked)));
    return { certificate, secret, decision, ...because(decision, plain, step) };
  }
  const options = { now, from, to: version, facts };
  const plain = forecastUpgrade(input, options);
  const stepBefore = outlooks.from?.steps.get(name);
  const before = afterShim(plain.before, stepBefore, () =>
    decideUnlessUnknown(outlooks.from?.inputs.get(name), (one) => decide(one, { ...given, version: from })),
  );
  const after = afterShim(plain.after, step, () =>
    decideUnlessUnknown(then, (one) => forecastUpgrade(one, options).after),
  );
  const reissued = before.outcome === 'keep' && after.outcome === 'reissue';
  const upgrade: UpgradeForecast = {
    ...plain,
    before,
    after,
    reissued,
    reissuedIfCrdsFirst: plain.reissuedIfCrdsFirst && !reissued && before.outcome === 'keep',
    hazards: [...plain.hazards, ...shimHazards(stepBefore, step, options, reissued)],
  };
  return { certificate, secret, decision: after, upgrade, ...because(after, plain.after, step) };
}

/** Decides a Certificate that is not there yet: an Ingress, Gateway or ListenerSet asks for it. */
export function judgeNew(
  input: Input,
  releases: Releases,
  outlooks: Outlooks,
  now: Date,
  facts: UpgradeFacts = {},
): Judged {
  const judged = judge(input, releases, outlooks, now, facts);
  const name = nameOf(input.certificate);
  const shim = outlooks.version.steps.get(name);
  const why = shim?.action === 'undecidable' ? undecidable(shim.problems.at(-1)?.message ?? '') : judged.decision;
  const { upgrade } = judged;
  // Without the upgrade nobody makes it, unless the shim that runs does so too.
  const isNew = upgrade !== undefined && outlooks.from?.steps.get(name) === undefined;
  const reissued = isNew && why.outcome === 'reissue';
  return {
    ...judged,
    decision: why,
    ...(upgrade === undefined
      ? {}
      : { upgrade: isNew ? { ...upgrade, before: KEEP, after: why, reissued, reissuedIfCrdsFirst: false } : upgrade }),
    ...(shim === undefined ? {} : { shim }),
  };
}

/**
 * The decision once the shim has done its step. What would be reissued as it stands is so still, for the shim and the
 * trigger look at it at the same time; what only the shim's change would save is left open.
 */
function afterShim(plain: Decision, step: ShimForecast | undefined, decideThen: () => Decision): Decision {
  if (step === undefined || step.action === 'delete' || plain.gate === 'issuing') return plain;
  const isReissue = plain.outcome === 'reissue';
  if (step.action === 'undecidable') return isReissue ? plain : undecidable(step.problems.at(-1)?.message ?? '');
  const then = decideThen();
  if (then.outcome === 'reissue') return isReissue ? plain : then;
  if (!isReissue) return plain.outcome === 'undecidable' ? plain : then;
  return undecidable(
    `it would be reissued as it stands (${plain.reason}), and not once ${step.maker} has changed it: whichever of cert-manager's controllers is first decides`,
  );
}

/** The maker, where the outcome is its doing. */
function because(decision: Decision, plain: Decision, step: ShimForecast | undefined): Pick<Judged, 'shim'> {
  return step === undefined || decision === plain || decision.outcome === 'keep' ? {} : { shim: step };
}

function decideUnlessUnknown(input: Input | undefined, decideIt: (input: Input) => Decision): Decision {
  if (input === undefined) return undecidable('what its maker makes of it is not known');
  return input.unknown === '' ? decideIt(input) : undecidable(input.unknown);
}

const KEEP: Decision = { outcome: 'keep', policy: '', reason: '', message: '', at: null };

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
