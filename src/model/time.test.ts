import { describe, expect, it } from 'vitest';
import { parseTime } from './time.ts';

describe('parseTime', () => {
  it.each([
    ['2026-11-25T12:00:00Z', '2026-11-25T12:00:00.000Z'],
    ['2026-11-25t12:00:00.5+02:00', '2026-11-25T10:00:00.500Z'],
    ['2028-02-29T23:59:59-01:30', '2028-03-01T01:29:59.000Z'],
  ])('reads %s', (text, iso) => expect(parseTime(text)?.toISOString()).toBe(iso));

  it.each([
    '',
    'now',
    '2026-11-25',
    '2026-11-25T12:00:00',
    '2026-11-25 12:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-11-25T24:00:00Z',
    '2026-11-25T12:00:00+25:00',
    '1764072000',
  ])('refuses %j', (text) => expect(parseTime(text)).toBeUndefined());
});
