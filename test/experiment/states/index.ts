import type { State } from '../state.ts';
import { GATES } from './gates.ts';
import { RENEWAL } from './renewal.ts';
import { REQUEST } from './request.ts';
import { SECRET } from './secret.ts';

/** Every state of the experiment, and those that one release's CRDs and webhook take. */
export const STATES: readonly State[] = [...GATES, ...SECRET, ...REQUEST, ...RENEWAL];

export function statesOf(version: '1.18.2' | '1.21.2'): State[] {
  if (version === '1.21.2') return [...STATES];
  return STATES.filter((state) => state.since === undefined).map(({ in118, ...state }) =>
    in118 === undefined ? state : { ...state, outcome: in118 },
  );
}
