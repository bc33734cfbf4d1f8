/**
 * Makes test/truth/golden anew: what each release of cert-manager decides, and its shim does, on the
 * cases of the fixed seeds.
 * Needs Go, and some minutes for every release that was not built before. Releases may be named as arguments.
 */
import { GOLDEN, SHIM_GOLDEN, type Version } from './build.ts';
import { compare, printTable, table } from './compare.ts';
import { FIXED_SEED, generate } from './generate.ts';
import { writeGolden } from './golden.ts';
import { judge } from './run.ts';
import { compareShim, shimTable } from './shim/compare.ts';
import { generateShim, FIXED_SEED as SHIM_SEED } from './shim/generate.ts';
import { writeShimGolden } from './shim/golden.ts';
import { judgeShim } from './shim/judge.ts';

const wanted = process.argv.slice(2);
const cases = await generate(FIXED_SEED);
let differ = 0;
for (const version of GOLDEN.filter((v) => wanted.length === 0 || wanted.includes(v)) as Version[]) {
  const verdicts = await judge(version, cases);
  writeGolden(version, cases, verdicts);
  const comparisons = cases.map((one, i) => compare(one, verdicts[i] as (typeof verdicts)[number], version));
  console.log(printTable(`cert-manager ${version}`, table(comparisons)));
  for (const { case: one, result, why } of comparisons)
    if (result === 'differ') console.log(`differs: ${one.id}: ${why}`);
  differ += comparisons.filter(({ result }) => result === 'differ').length;
}
const shimCases = generateShim(SHIM_SEED);
for (const version of SHIM_GOLDEN.filter((v) => wanted.length === 0 || wanted.includes(v))) {
  const verdicts = await judgeShim(version, shimCases);
  writeShimGolden(version, verdicts);
  const comparisons = shimCases.map((one, i) => compareShim(one, verdicts[i] as (typeof verdicts)[number], version));
  console.log(shimTable(`shim of cert-manager ${version}`, comparisons));
  const different = comparisons.filter(({ why }) => why !== '');
  for (const { id, why } of different) console.log(`differs: ${id}: ${why}`);
  differ += different.length;
}
if (differ > 0) {
  console.error(`${differ} decisions differ from cert-manager's.`);
  process.exitCode = 1;
}
