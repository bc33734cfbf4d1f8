import { rfc3339 } from '../model/time.ts';

const WEEK_MS = 7 * 86_400_000;
/** A horizon of ten years has no more bars than that. */
const MOST_WEEKS = 520;

/** How many of the times fall into each week from `now` to `until`; both and the times in milliseconds since 1970. */
export function byWeek(times: readonly number[], now: number, until: number): { from: string; renewals: number }[] {
  const count = Math.min(MOST_WEEKS, Math.ceil((until - now) / WEEK_MS));
  const weeks = Array.from({ length: Math.max(0, count) }, (_, i) => ({
    from: rfc3339(new Date(now + i * WEEK_MS)),
    renewals: 0,
  }));
  for (const time of times) {
    // The last moment of the horizon belongs to its last week.
    const index = Math.min(weeks.length - 1, Math.floor((time - now) / WEEK_MS));
    const week = time <= until ? weeks[index] : undefined;
    if (week !== undefined) week.renewals += 1;
  }
  return weeks;
}
