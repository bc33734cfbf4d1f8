import { describe, expect, it } from 'vitest';
import { byWeek } from './weeks.ts';

const NOW = Date.parse('2026-06-01T12:00:00Z');
const DAY = 86_400_000;

describe('byWeek', () => {
  it('puts each renewal into its week, and none beyond the horizon', () => {
    const times = [0, 6.99, 7, 29, 30, 31].map((days) => NOW + days * DAY);
    expect(byWeek(times, NOW, NOW + 30 * DAY)).toEqual([
      { from: '2026-06-01T12:00:00Z', renewals: 2 },
      { from: '2026-06-08T12:00:00Z', renewals: 1 },
      { from: '2026-06-15T12:00:00Z', renewals: 0 },
      { from: '2026-06-22T12:00:00Z', renewals: 0 },
      { from: '2026-06-29T12:00:00Z', renewals: 2 },
    ]);
  });
  it('counts what falls on the last moment', () =>
    expect(byWeek([NOW + 7 * DAY], NOW, NOW + 7 * DAY).map(({ renewals }) => renewals)).toEqual([1]));
});
