import { defaulted, withDefaults } from './crdDefaults.ts';
import { decide } from './decide.ts';
import { type Hazard, hazardsOf, type UpgradeFacts } from './hazards.ts';
import type { Decision, ReissueInput, ReissueOptions } from './input.ts';
import { rulesFor } from './versions.ts';

export interface UpgradeOptions {
  now: Date;
  /** The release that runs now, and the one that is to run. */
  from: string;
  to: string;
  horizonMs?: number;
  /** What is known besides: the controller's flags, the issuer and more; see UpgradeFacts. */
  facts?: UpgradeFacts;
}

/** What an upgrade of cert-manager does to one Certificate. */
export interface UpgradeForecast {
  /** As the release that runs now decides. */
  before: Decision;
  /** As the other one decides, on the objects as its CRDs show them. */
  after: Decision;
  /** Kept now, reissued then: in whatever order the upgrade is done. */
  reissued: boolean;
  /**
   * Reissued only where the CRDs are changed while the old controller still runs: it meets Certificates with the new
   * defaults before their requests have them.
   */
  reissuedIfCrdsFirst: boolean;
  /** Changes between the two releases that touch this Certificate, also those that show at the next issuance only. */
  hazards: Hazard[];
}

/** Forecasts one Certificate. Throws as `decide` does for a version that certkeep does not know. */
export function forecastUpgrade(input: ReissueInput, options: UpgradeOptions): UpgradeForecast {
  const { from, to, facts = {}, ...given } = options;
  const rest = { ...given, ...(facts.flags === undefined ? {} : { flags: facts.flags }) };
  const before = decide(input, { ...rest, version: from });
  const after = decide(rulesFor(to).issuerRefCrdDefaults ? withDefaults(input) : input, { ...rest, version: to });
  const reissued = before.outcome === 'keep' && after.outcome === 'reissue';
  return {
    before,
    after,
    reissued,
    reissuedIfCrdsFirst: !reissued && before.outcome === 'keep' && isReissuedIfCrdsFirst(input, from, to, rest),
    hazards: hazardsOf(input, from, to, { now: options.now, ...facts }),
  };
}

function isReissuedIfCrdsFirst(
  input: ReissueInput,
  from: string,
  to: string,
  rest: Omit<ReissueOptions, 'version'>,
): boolean {
  if (!rulesFor(to).issuerRefCrdDefaults || rulesFor(from).issuerRefCrdDefaults) return false;
  const halfway = { ...input, certificate: defaulted(input.certificate) };
  return decide(halfway, { ...rest, version: from }).outcome === 'reissue';
}
