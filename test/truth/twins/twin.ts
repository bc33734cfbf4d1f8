import type { Plan } from '../plan.ts';

/** Changes one detail of a sound plan. The name says which. */
export interface Twin {
  name: string;
  change(plan: Plan): void;
}

export const twin = (name: string, change: (plan: Plan) => void): Twin => ({ name, change });

/** A twin that no sound cluster holds: damaged DER, or values that no API server takes. */
export const damagedTwin = (name: string, change: (plan: Plan) => void): Twin => ({
  name,
  change(plan) {
    plan.damaged = true;
    change(plan);
  },
});
