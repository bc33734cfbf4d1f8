import { objectName } from '../model/objects.ts';
import { HAZARD_EFFECTS, type HazardReport, type UpgradeReport } from '../model/report.ts';
import { type Hazard, hazardsOfCluster, hazardsOfIssuer } from '../reissue/hazards.ts';
import { hazardDiff } from './diff.ts';
import { issuerName } from './issuers.ts';
import type { Judged } from './judge.ts';
import { nameOf, type PredictState } from './state.ts';

const EXAMPLES = 50;

/** The upgrade as a whole: whom it reissues, and which changes touch whom. */
export function upgradeReport(judged: readonly Judged[], state: PredictState, from: string, to: string): UpgradeReport {
  const named = (those: readonly Judged[]): string[] => those.map(({ certificate }) => nameOf(certificate));
  return {
    from,
    to,
    reissued: named(judged.filter(({ upgrade }) => upgrade?.reissued === true)),
    reissuedIfCrdsFirst: named(judged.filter(({ upgrade }) => upgrade?.reissuedIfCrdsFirst === true)),
    hazards: hazards(judged, state, from, to),
  };
}

/** Each hazard once, in the order of the releases, those that reissue first. */
function hazards(judged: readonly Judged[], state: PredictState, from: string, to: string): HazardReport[] {
  const found = new Map<string, HazardReport>();
  const add = (hazard: Hazard, name: string, certificates: number, diff: () => string): void => {
    const { code, level, effect, message, source, url, advice } = hazard;
    const key = `${code} ${effect} ${message}`;
    const known = found.get(key);
    const one = known ?? {
      code,
      level,
      effect,
      message,
      source,
      url,
      advice,
      certificates: 0,
      examples: [],
      diff: diff(),
    };
    found.set(key, one);
    one.certificates += certificates;
    if (name !== '' && one.examples.length < EXAMPLES) one.examples.push(name);
  };
  for (const { certificate, upgrade } of judged) {
    for (const hazard of upgrade?.hazards ?? []) {
      add(hazard, nameOf(certificate), 1, () => hazardDiff(certificate, hazard.changes));
    }
  }
  const users = Map.groupBy(judged, ({ certificate }) => issuerName(certificate));
  for (const issuer of state.issuers) {
    const name = objectName(issuer);
    const certificates = users.get(name)?.length ?? 0;
    for (const hazard of hazardsOfIssuer(issuer, from, to, state.facts)) add(hazard, name, certificates, () => '');
  }
  for (const hazard of hazardsOfCluster(from, to, state.facts)) add(hazard, '', 0, () => '');
  return [...found.values()].sort((a, b) => HAZARD_EFFECTS.indexOf(a.effect) - HAZARD_EFFECTS.indexOf(b.effect));
}
