import { CertkeepError } from '../model/problems.ts';

/** Writes that are under way at the same time. More gain nothing on an API server of ordinary size. */
export const WRITERS = 32;

/**
 * Does `work` for every item, at most `width` at a time, in order of their start. After the first failure nothing new
 * is begun; what is running ends, then that failure is thrown. An aborted signal is such a failure (`interrupted`).
 */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const failures: unknown[] = [];
  let next = 0;
  const worker = async () => {
    while (failures.length === 0 && next < items.length) {
      const item = items[next++] as T;
      try {
        if (signal?.aborted === true) throw interruption(signal);
        await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
}

/** The reason of an abort where it has words of its own, else that it was interrupted. */
function interruption({ reason }: AbortSignal): CertkeepError {
  if (reason instanceof CertkeepError) return reason;
  return new CertkeepError('interrupted', 'Interrupted.', 'Run the command again.');
}
