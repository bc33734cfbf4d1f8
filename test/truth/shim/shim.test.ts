import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { LIVE, SHIM_GOLDEN } from '../build.ts';
import type { ShimCase, ShimVerdict } from './case.ts';
import { type Comparison, compareShim, shimTable } from './compare.ts';
import { FIXED_SEED, generateShim } from './generate.ts';
import { readShimGolden } from './golden.ts';
import { judgeShim } from './judge.ts';

/**
 * certkeep's forecast of the certificate-shim against cert-manager's own SyncFnFor: every create, update and delete with
 * the whole spec, labels, annotations and owner references. CERTKEEP_TRUTH_SEED repeats a fresh seed that failed.
 */
const TIMEOUT = 30 * 60_000;
const freshSeed = Number(process.env.CERTKEEP_TRUTH_SEED ?? randomInt(1, 2 ** 31));
const fixed = generateShim(FIXED_SEED);

function compareAll(cases: readonly ShimCase[], verdicts: readonly ShimVerdict[], version: string): Comparison[] {
  return cases.map((one, i) => compareShim(one, verdicts[i] as ShimVerdict, version));
}

/** Fails on one difference, and where the cases do not reach all that the shim can do. */
function expectAgreement(title: string, comparisons: readonly Comparison[]): void {
  console.log(shimTable(title, comparisons));
  const differences = comparisons.filter(({ why }) => why !== '').map(({ id, why }) => `${id}: ${why}`);
  expect(differences.slice(0, 20), `${title}: ${differences.length} differences`).toEqual([]);
  for (const row of ['create', 'update', 'delete', 'delete and update', 'nothing', 'bad object', 'bad annotation']) {
    expect(
      comparisons.some((one) => one.row === row),
      `${title}: no case of ${row}`,
    ).toBe(true);
  }
}

describe(`the shim of cert-manager ${LIVE}, live`, () => {
  it('does what is forecast in the cases of the fixed seed', { timeout: TIMEOUT }, async () => {
    expect(fixed.length).toBeGreaterThanOrEqual(400);
    expectAgreement(`shim ${LIVE}, fixed seed`, compareAll(fixed, await judgeShim(LIVE, fixed), LIVE));
  });

  it(`does what is forecast in the cases of the fresh seed ${freshSeed}`, { timeout: TIMEOUT }, async () => {
    const cases = generateShim(freshSeed);
    expectAgreement(`shim ${LIVE}, seed ${freshSeed}`, compareAll(cases, await judgeShim(LIVE, cases), LIVE));
  });
});

describe('the shims of other releases, as kept', () => {
  for (const version of SHIM_GOLDEN) {
    it(`does what is forecast for ${version}`, () => {
      const golden = readShimGolden(version);
      expect([...golden.keys()], 'golden verdicts of other cases: npm run truth').toEqual(fixed.map(({ id }) => id));
      expectAgreement(`shim ${version}`, compareAll(fixed, [...golden.values()], version));
    });
  }
});
