import { randomInt } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { controllerFlags } from '../../src/reissue/flags.ts';
import { forecastUpgrade } from '../../src/reissue/upgrade.ts';
import { decideAll, soundStates } from './bench.ts';
import { GOLDEN, LIVE } from './build.ts';
import type { Case } from './case.ts';
import { type Agreement, type Comparison, compare, isByChance, printAgreement, printTable, table } from './compare.ts';
import { FIXED_SEED, generate } from './generate.ts';
import { readGolden } from './golden.ts';
import { judge, type Verdict } from './run.ts';

/**
 * certkeep's decisions against cert-manager's own code. Building that takes minutes when it was never built here before.
 * CERTKEEP_TRUTH_SEED repeats a run whose seed failed.
 */
const TIMEOUT = 30 * 60_000;
const freshSeed = Number(process.env.CERTKEEP_TRUTH_SEED ?? randomInt(1, 2 ** 31));
const fixed = generateOnce(FIXED_SEED);

function generateOnce(seed: number): () => Promise<Case[]> {
  let cases: Promise<Case[]> | undefined;
  return () => {
    cases ??= generate(seed);
    return cases;
  };
}

const agreements: Agreement[] = [];
afterAll(() => console.log(`Agreement by release\n${printAgreement(agreements)}`));

/** Fails on one difference, on too many undecidable ones, and on a policy that no case reaches. */
function expectAgreement(title: string, version: string, comparisons: Comparison[]): void {
  const rows = table(comparisons);
  const count = (result: Comparison['result']): number => comparisons.filter((one) => one.result === result).length;
  agreements.push({
    version,
    cases: comparisons.length,
    agree: count('agree'),
    undecidable: count('undecidable'),
    differ: count('differ'),
  });
  console.log(printTable(title, rows));
  const differences = comparisons.filter(({ result }) => result === 'differ').map((c) => `${c.case.id}: ${c.why}`);
  expect(differences.slice(0, 20), `${title}: ${differences.length} differences`).toEqual([]);
  // Where cert-manager itself crashes, or decides by chance, there is nothing to decide.
  const undamaged = comparisons.filter(
    ({ case: one, theirs }) => !one.damaged && theirs.outcome !== 'panic' && !isByChance(one, version),
  );
  const undecidable = undamaged.filter(({ result }) => result === 'undecidable').map((c) => `${c.case.id}: ${c.why}`);
  expect(
    undecidable.length,
    `${title}: undecidable, of ${undamaged.length}: ${undecidable.slice(0, 20).join('\n')}`,
  ).toBeLessThanOrEqual(undamaged.length * 0.01);
  expect(rows.length).toBeGreaterThan(10);
}

function compareAll(cases: readonly Case[], verdicts: readonly Verdict[], version: string): Comparison[] {
  return cases.map((one, i) => compare(one, verdicts[i] as Verdict, version));
}

describe(`the decision of cert-manager ${LIVE}, live`, () => {
  it('agrees on the cases of the fixed seed', { timeout: TIMEOUT }, async () => {
    const cases = await fixed();
    expect(cases.length).toBeGreaterThanOrEqual(2000);
    expectAgreement(`cert-manager ${LIVE}, fixed seed`, LIVE, compareAll(cases, await judge(LIVE, cases), LIVE));
  });

  // The seed of a failing run is in the name of this test, and in the title of its differences.
  it(`agrees on the cases of the fresh seed ${freshSeed}`, { timeout: TIMEOUT }, async () => {
    const cases = await generate(freshSeed);
    expectAgreement(`cert-manager ${LIVE}, seed ${freshSeed}`, LIVE, compareAll(cases, await judge(LIVE, cases), LIVE));
  });
});

describe('the decisions of other releases, as kept', () => {
  for (const version of GOLDEN) {
    it(`agrees with ${version}`, { timeout: TIMEOUT }, async () => {
      const golden = readGolden(version);
      const cases = (await fixed()).filter((one) => !one.damaged);
      expect([...golden.keys()], 'golden verdicts of other cases: npm run truth').toEqual(cases.map(({ id }) => id));
      expectAgreement(`cert-manager ${version}`, version, compareAll(cases, [...golden.values()], version));
    });
  }
});

describe('the upgrade from 1.18.2 to 1.19.0', () => {
  it('reissues those with a bare issuerRef and a current request, if the CRDs are changed first', {
    timeout: TIMEOUT,
  }, async () => {
    const sound = (await fixed()).filter(({ twin }) => twin === 'sound');
    const found = sound.map((one) => {
      const input = { ...one, secret: one.secret ?? undefined, siblings: [one.certificate] };
      const forecast = forecastUpgrade(input, { now: new Date(one.now), from: '1.18.2', to: '1.19.0' });
      const { kind, group } = one.certificate.spec.issuerRef;
      const bare = one.requests.length > 0 && (kind === undefined || group === undefined);
      expect([forecast.reissued, forecast.reissuedIfCrdsFirst, forecast.hazards.length], one.id).toEqual([
        false,
        bare,
        bare ? 1 : 0,
      ]);
      return bare;
    });
    expect(new Set(found)).toEqual(new Set([true, false]));
  });
});

describe('an upgrade', () => {
  // Over each change of the rules, forth and back, and over all of them at once.
  const steps = GOLDEN.slice(1).flatMap((to, i): [string, string][] => {
    const from = GOLDEN[i] as string;
    return [
      [from, to],
      [to, from],
    ];
  });
  const [first, last] = [GOLDEN[0], GOLDEN.at(-1) as string];
  it.each([...steps, [first, last], [last, first]])(
    'from %s to %s: every reissue is named by a hazard',
    {
      timeout: TIMEOUT,
    },
    async (from, to) => {
      const [before, after] = [readGolden(from), readGolden(to)];
      const changed = (await fixed()).filter(
        ({ id }) => before.get(id)?.outcome === 'keep' && after.get(id)?.outcome === 'reissue',
      );
      const unnamed = changed.filter((one) => {
        const input = { ...one, secret: one.secret ?? undefined, siblings: [one.certificate, ...one.siblings] };
        const facts = { flags: controllerFlags(one.flags ?? []) };
        const forecast = forecastUpgrade(input, { now: new Date(one.now), from, to, facts });
        const named = forecast.hazards.some(({ effect }) => effect === 'reissue' || effect === 'renewal');
        return forecast.reissued && !named;
      });
      expect(unnamed.map(({ id }) => id)).toEqual([]);
    },
  );
});

describe('speed', () => {
  it('needs at most 20 s of CPU for 50,000 Certificates, that is 10 s on two cores', { timeout: TIMEOUT }, async () => {
    const states = await soundStates(5000);
    decideAll(states.slice(0, 500));
    const before = process.cpuUsage();
    expect(decideAll(states)).toBe(states.length);
    const { user, system } = process.cpuUsage(before);
    const seconds = ((user + system) / 1e6) * 10;
    console.log(`50,000 Certificates: ${seconds.toFixed(1)} s of CPU`);
    expect(seconds).toBeLessThan(20);
  });
});
