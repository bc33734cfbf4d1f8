import { describe, expect, it } from 'vitest';
import { CronError, parseCron } from './cron.ts';
import { SECOND } from './goDuration.ts';
import { Unclear } from './read.ts';
import { zoneOf } from './zone.ts';

function next(spec: string, after: string, zone = 'UTC'): string {
  const time = parseCron(spec, zoneOf(zone)).next(BigInt(Date.parse(after)) * 1_000_000n);
  const milliseconds = Number(time / (SECOND / 1000n));
  return milliseconds < -6e13 ? 'never' : new Date(milliseconds).toISOString().slice(0, 19);
}

describe('the dialect', () => {
  it.each([
    ['0 0 * * *', '2026-11-24T00:00:00Z', '2026-11-25T00:00:00'],
    ['0 0 * * *', '2026-11-23T23:59:59.5Z', '2026-11-24T00:00:00'],
    ['*/15 * * * *', '2026-11-24T10:14:59Z', '2026-11-24T10:15:00'],
    ['*/35 * * * *', '2026-11-24T10:35:00Z', '2026-11-24T11:00:00'],
    ['5/20 * * * *', '2026-11-24T10:00:00Z', '2026-11-24T10:05:00'],
    ['0 0 1 jan ?', '2026-11-24T10:00:00Z', '2027-01-01T00:00:00'],
    ['0 0 * * SUN', '2026-11-24T10:00:00Z', '2026-11-29T00:00:00'],
    // Without a star in either, day of month and day of week are or-ed.
    ['0 0 1 * mon', '2026-11-24T10:00:00Z', '2026-11-30T00:00:00'],
    ['0 0 */40 * mon', '2026-11-24T10:00:00Z', '2026-11-30T00:00:00'],
    ['0 0 29 2 *', '2026-11-24T10:00:00Z', '2028-02-29T00:00:00'],
    ['0 0 30 2 *', '2026-11-24T10:00:00Z', 'never'],
    ['@weekly', '2026-11-24T10:00:00Z', '2026-11-29T00:00:00'],
    ['@every 1h30m', '2026-11-24T10:00:00.7Z', '2026-11-24T11:30:00'],
    ['@every 1ms', '2026-11-24T10:00:00Z', '2026-11-24T10:00:01'],
    ['  0\t0 * * *  ', '2026-11-24T10:00:00Z', '2026-11-25T00:00:00'],
    ['+5 0 * * *', '2026-11-24T10:00:00Z', '2026-11-25T00:05:00'],
  ])('%s after %s is %s', (spec, after, expected) => expect(next(spec, after)).toBe(expected));

  it.each([
    '',
    '0 0 * *',
    '0 0 * * * *',
    '60 0 * * *',
    '0 24 * * *',
    '0 0 0 * *',
    '0 0 32 * *',
    '0 0 * 0 *',
    '0 0 * * 7',
    '0 0 * * foo',
    '5-1 0 * * *',
    '*/0 0 * * *',
    '-1 0 * * *',
    '1-2-3 0 * * *',
    '1/2/3 0 * * *',
    '1.5 0 * * *',
    '@never',
    '@every',
    '@every 90d',
    '@Daily',
    'TZ=UTC 0 0 * * *',
    '0x1 0 * * *',
  ])('refuses %j', (spec) => expect(() => parseCron(spec, zoneOf('UTC'))).toThrow(CronError));
});

describe('changes of clocks', () => {
  it.each([
    // Forward: 02:30 does not exist in Berlin on 29 March 2026; it is skipped to the next day.
    ['30 2 * * *', '2026-03-28T12:00:00Z', 'Europe/Berlin', '2026-03-30T00:30:00'],
    ['0 3 * * *', '2026-03-28T12:00:00Z', 'Europe/Berlin', '2026-03-29T01:00:00'],
    // Back: 02:30 exists twice on 25 October 2026; both count.
    ['30 2 * * *', '2026-10-24T12:00:00Z', 'Europe/Berlin', '2026-10-25T00:30:00'],
    ['30 2 * * *', '2026-10-25T00:30:00Z', 'Europe/Berlin', '2026-10-25T01:30:00'],
    // Half an hour in Lord Howe.
    ['15 2 * * *', '2026-10-03T00:00:00Z', 'Australia/Lord_Howe', '2026-10-04T15:15:00'],
    // Midnight itself was skipped in São Paulo on 4 November 2018: that day is missed.
    ['0 0 * * *', '2018-11-03T12:00:00Z', 'America/Sao_Paulo', '2018-11-05T02:00:00'],
  ])('%s after %s in %s is %s', (spec, after, zone, expected) => expect(next(spec, after, zone)).toBe(expected));

  it('ends where upstream goes round for ever', () => {
    // Samoa had no 30 December 2011.
    expect(() => next('0 12 30 12 *', '2011-12-29T00:00:00Z', 'Pacific/Apia')).toThrow(Unclear);
    expect(() => next(', 0 * * *', '2026-11-24T00:00:00Z')).toThrow(Unclear);
  });
});
