import type { HazardReport, UpgradeReport } from '../model/report.ts';
import { hazardDiff } from './diff.ts';
import type { Judged } from './judge.ts';
import { nameOf } from './state.ts';

const EXAMPLES = 50;

/** The upgrade as a whole: whom it reissues, and which changes touch whom. */
export function upgradeReport(judged: readonly Judged[], from: string, to: string): UpgradeReport {
  const named = (those: readonly Judged[]): string[] => those.map(({ certificate }) => nameOf(certificate));
  return {
    from,
    to,
    reissued: named(judged.filter(({ upgrade }) => upgrade?.reissued === true)),
    reissuedIfCrdsFirst: named(judged.filter(({ upgrade }) => upgrade?.reissuedIfCrdsFirst === true)),
    hazards: hazards(judged),
  };
}

/** Each hazard once, in the order of the releases, those that reissue first. */
function hazards(judged: readonly Judged[]): HazardReport[] {
  const found = new Map<string, HazardReport>();
  for (const { certificate, upgrade } of judged) {
    for (const { code, effect, message, source, advice, change } of upgrade?.hazards ?? []) {
      const key = `${code} ${effect} ${message}`;
      let hazard = found.get(key);
      if (hazard === undefined) {
        const diff = hazardDiff(certificate, change);
        hazard = { code, effect, message, source, advice, certificates: 0, examples: [], diff };
        found.set(key, hazard);
      }
      hazard.certificates += 1;
      if (hazard.examples.length < EXAMPLES) hazard.examples.push(nameOf(certificate));
    }
  }
  const order = { reissue: 0, 'next-issuance': 1, cleanup: 2 };
  return [...found.values()].sort((a, b) => order[a.effect] - order[b.effect]);
}
