import type { Case } from './case.ts';
import { buildCase, soundPlan } from './plan.ts';
import { Random } from './random.ts';
import { Maker } from './run.ts';
import { DAMAGE } from './twins/damage.ts';
import { FLAGS } from './twins/flags.ts';
import { GATES } from './twins/gates.ts';
import { RENEWAL, WINDOWS } from './twins/renewal.ts';
import { LITERAL_SUBJECT, NAMES, OTHER_NAMES, REQUEST_FIELDS, REQUEST_FOUND, SUBJECT } from './twins/request.ts';
import { CERTIFICATE_NAME, EXISTENCE, ISSUER, KEY_PAIR, KEY_SPEC } from './twins/secret.ts';
import { type Twin, twin } from './twins/twin.ts';

/** All twins with how often each is made per thousand cases of its kind. */
const SETS: [Twin[], number][] = [
  [[twin('sound', () => {})], 60],
  [EXISTENCE, 4],
  [KEY_PAIR, 4],
  [ISSUER, 4],
  [CERTIFICATE_NAME, 3],
  [KEY_SPEC, 5],
  [NAMES, 3],
  [SUBJECT, 2],
  [LITERAL_SUBJECT, 3],
  [OTHER_NAMES, 4],
  [REQUEST_FIELDS, 3],
  [REQUEST_FOUND, 5],
  [RENEWAL, 8],
  [WINDOWS, 12],
  [GATES, 5],
  [FLAGS, 6],
  [DAMAGE, 4],
];

/** The seed of the cases that are the same in every run. */
export const FIXED_SEED = 20_261_124;

const AT_ONCE = 100;

/** The cases of one seed, two thousand and more. The same seed gives the same states; only the signatures differ. */
export async function generate(seed: number): Promise<Case[]> {
  const maker = await Maker.start();
  try {
    const all = SETS.flatMap(([twins, times]) => twins.flatMap((one) => Array.from({ length: times }, () => one)));
    const cases: Case[] = [];
    for (let from = 0; from < all.length; from += AT_ONCE) {
      const some = all.slice(from, from + AT_ONCE).map((one, i) => {
        const plan = soundPlan(new Random(seed * 1_000_003 + from + i), maker);
        one.change(plan);
        return buildCase(plan, `${seed}-${from + i}-${one.name}`, one.name);
      });
      cases.push(...(await Promise.all(some)));
    }
    return cases;
  } finally {
    maker.stop();
  }
}
