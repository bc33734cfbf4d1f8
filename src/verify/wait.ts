import { setTimeout as sleep } from 'node:timers/promises';
import { explainApiError } from '../cluster/errors.ts';
import type { CertkeepError } from '../model/problems.ts';

/** A moment by which something must have happened, on the monotonic clock. */
export class Deadline {
  readonly #end: number;

  constructor(ms: number) {
    this.#end = performance.now() + ms;
  }

  /** Milliseconds left, never below 0. */
  get left(): number {
    return Math.max(0, this.#end - performance.now());
  }

  /** The earlier of this and one `ms` from now. */
  within(ms: number): Deadline {
    return new Deadline(Math.min(ms, this.left));
  }
}

export interface WaitOptions {
  deadline: Deadline;
  /** Pause between two looks in milliseconds; a look that takes long makes it longer, so that waiting is no load. */
  everyMs: number;
  signal?: AbortSignal | undefined;
}

/** Looks until `probe` finds something, or undefined at the deadline (after one last look). Throws when aborted. */
export async function waitFor<T>(probe: () => Promise<T | undefined>, options: WaitOptions): Promise<T | undefined> {
  for (;;) {
    options.signal?.throwIfAborted();
    const left = options.deadline.left;
    const start = performance.now();
    const found = await probe();
    if (found !== undefined) return found;
    if (left === 0) return undefined;
    const pause = Math.max(options.everyMs, 3 * (performance.now() - start));
    const signal = options.signal === undefined ? {} : { signal: options.signal };
    await sleep(Math.min(pause, options.deadline.left), undefined, signal);
  }
}

/**
 * What to throw for an error of a wait or of a cluster call: `interrupted` where the signal says so (a sleep throws an
 * AbortError, `throwIfAborted` the reason, a request whatever it met: all are the same interrupt).
 */
export function explainWait(error: unknown, what: string, signal: AbortSignal | undefined): CertkeepError {
  return explainApiError(signal?.aborted === true ? new DOMException('aborted', 'AbortError') : error, what);
}
