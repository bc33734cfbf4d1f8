import { describe, expect, it } from 'vitest';
import type { CertificateSpec } from '../model/objects.ts';
import { SECOND } from './goDuration.ts';
import { rfc3339 } from './goTime.ts';
import { Unclear } from './read.ts';
import { renewalTime } from './renewalTime.ts';
import { rulesFor } from './versions.ts';

type Renewal = Pick<CertificateSpec, 'renewBefore' | 'renewBeforePercentage' | 'renewal'>;

const seconds = (text: string): number => Date.parse(text) / 1000;

function renewal(spec: Renewal, options: { from?: string; to?: string; version?: string } = {}) {
  const { from = '2026-01-01T00:00:00Z', to = '2026-04-01T00:00:00Z', version = '1.21.2' } = options;
  const whole = { secretName: 's', issuerRef: { name: 'i' }, ...spec } as CertificateSpec;
  const { at, windowError } = renewalTime(seconds(from), seconds(to), whole, rulesFor(version));
  return { at: at === null ? null : rfc3339(Number(at / SECOND)), windowError };
}

const at = (...args: Parameters<typeof renewal>): string | null => renewal(...args).at;

describe('without windows', () => {
  it('is two thirds through by default', () => expect(at({})).toBe('2026-03-02T00:00:00Z'));
  it('takes renewBefore', () => expect(at({ renewBefore: '24h' })).toBe('2026-03-31T00:00:00Z'));
  it('leaves a renewBefore that is not shorter than the lifetime', () => {
    expect(at({ renewBefore: '2160h' })).toBe('2026-03-02T00:00:00Z');
    expect(at({ renewBefore: '2159h' })).toBe('2026-01-01T01:00:00Z');
  });
  it('cuts to whole seconds, downwards', () => expect(at({ renewBefore: '1h0.1s' })).toBe('2026-03-31T22:59:59Z'));
  it('takes a percentage of the lifetime', () =>
    expect(at({ renewBeforePercentage: 10 })).toBe('2026-03-23T00:00:00Z'));
  it('leaves percentages outside 1 to 99', () => {
    for (const renewBeforePercentage of [0, 100, -1])
      expect(at({ renewBeforePercentage })).toBe('2026-03-02T00:00:00Z');
  });
  it('prefers renewBefore to a percentage', () =>
    expect(at({ renewBefore: '24h', renewBeforePercentage: 50 })).toBe('2026-03-31T00:00:00Z'));
  it('holds a lifetime within 292 years, as Go does', () =>
    expect(at({}, { to: '9999-12-31T23:59:59Z' })).toBe('9902-07-30T00:04:13Z'));
  it('never renews what is disabled', () => expect(at({ renewal: { policy: 'Disabled' } })).toBeNull());
});

describe('by version', () => {
  it('inverted the percentage in 1.16.0 to 1.16.2', () => {
    expect(at({ renewBeforePercentage: 10 }, { version: '1.16.2' })).toBe('2026-01-10T00:00:00Z');
    expect(at({ renewBeforePercentage: 10 }, { version: '1.16.3' })).toBe('2026-03-23T00:00:00Z');
  });
  it('did not know percentages before 1.16', () =>
    expect(at({ renewBeforePercentage: 10 }, { version: '1.15.5' })).toBe('2026-03-02T00:00:00Z'));
  it('overflowed before 1.21', () => {
    const long = { from: '2026-01-01T00:00:00Z', to: '2036-01-01T00:00:00Z' };
    expect(at({ renewBeforePercentage: 90 }, long)).toBe('2027-01-01T07:12:00Z'.replace('T07:12:00Z', 'T04:48:00Z'));
    expect(at({ renewBeforePercentage: 90 }, { ...long, version: '1.20.2' })).not.toBe(
      at({ renewBeforePercentage: 90 }, long),
    );
  });
  it('renewed a Certificate with a negative renewBefore after its end before 1.16', () =>
    expect(at({ renewBefore: '-24h' }, { version: '1.15.5' })).toBe('2026-04-02T00:00:00Z'));
  it('ignores spec.renewal before 1.21', () =>
    expect(at({ renewal: { policy: 'Disabled' } }, { version: '1.20.2' })).toBe('2026-03-02T00:00:00Z'));
  it('cannot decide where the controller crashes', () => {
    expect(() => at({ renewal: { policy: 'Disabled' } }, { version: '1.21.0' })).toThrow(Unclear);
    expect(() => at({ renewal: {} })).toThrow(Unclear);
    expect(() => at({ renewal: { policy: 'RenewBefore', windows: [{ cron: '0 0 * * *' }] } })).toThrow(Unclear);
    expect(() => at({ renewal: { policy: 'RenewBefore', windows: [{ cron: 'x', windowDuration: '1h' }] } })).toThrow(
      Unclear,
    );
    expect(() => at({ renewBefore: '90d' })).toThrow(Unclear);
  });
});

describe('with windows', () => {
  const windows = (...list: { cron: string; windowDuration: string; timezone?: string }[]): Renewal => ({
    renewBefore: '696h', // 3 March 2026, 00:00, a Tuesday
    renewal: { policy: 'RenewBefore', windows: list },
  });

  it('keeps a time within a window', () =>
    expect(at(windows({ cron: '0 23 * * *', windowDuration: '2h' }))).toBe('2026-03-03T00:00:00Z'));
  it('waits for the next opening', () =>
    expect(at(windows({ cron: '0 2 * * sat', windowDuration: '2h' }))).toBe('2026-03-07T02:00:00Z'));
  it('takes the earliest of several', () =>
    expect(
      at(windows({ cron: '0 2 * * sat', windowDuration: '2h' }, { cron: '0 5 * * wed', windowDuration: '1h' })),
    ).toBe('2026-03-04T05:00:00Z'));
  it('reads the cron in the zone', () =>
    expect(at(windows({ cron: '0 2 * * sat', windowDuration: '2h', timezone: 'America/New_York' }))).toBe(
      '2026-03-07T07:00:00Z',
    ));
  it('renews at the desired time where no window comes', () =>
    expect(renewal(windows({ cron: '0 0 30 2 *', windowDuration: '1h' }))).toEqual({
      at: '2026-03-03T00:00:00Z',
      windowError: true,
    }));
  it('forgets, as upstream, what earlier windows found when a later one never opens again', () =>
    expect(
      renewal(windows({ cron: '0 2 * * sat', windowDuration: '2h' }, { cron: '0 0 1 1 *', windowDuration: '1h' })),
    ).toEqual({ at: '2026-03-03T00:00:00Z', windowError: true }));
});
