import { Random } from '../random.ts';
import type { ShimCase } from './case.ts';
import { build, soundPlan } from './plan.ts';
import { SOUND, TWINS } from './twins.ts';

/** The seed of the cases that are the same in every run. */
export const FIXED_SEED = 20_261_125;

/** States with several changes at once. */
const MIXED = 400;

/** The cases of one seed: each twin for each kind of maker that it is for, some that are sound, and mixtures. */
export function generateShim(seed: number): ShimCase[] {
  const random = (i: number): Random => new Random(seed * 1_000_003 + i);
  const single = [...TWINS, ...Array.from({ length: 10 }, () => SOUND)].flatMap((twin) =>
    twin.kinds.map((kind) => ({ twin, kind })),
  );
  const cases = single.map(({ twin, kind }, i) => {
    const plan = soundPlan(random(i), kind);
    twin.change(plan);
    return build(plan, `${seed}-${i}-${kind}-${twin.name}`);
  });
  for (let i = 0; i < MIXED; i++) {
    const plan = soundPlan(random(single.length + i));
    const twins = plan.random.some(
      TWINS.filter(({ kinds }) => kinds.includes(plan.kind)),
      2,
      6,
    );
    for (const { change } of twins) change(plan);
    cases.push(
      build(plan, `${seed}-${single.length + i}-${plan.kind}-mixed:${twins.map(({ name }) => name).join('+')}`),
    );
  }
  return cases;
}
