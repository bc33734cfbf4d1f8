import { describe, expect, it } from 'vitest';
import type { ForecastReport, Report } from '../model/report.ts';
import { forecastSection } from './summary-forecast.ts';

const FORECAST: ForecastReport = {
  now: '2026-06-01T00:00:00Z',
  until: '2026-07-01T00:00:00Z',
  rules: { version: '1.18.2', known: true, assumed: false },
  weeks: [
    { from: '2026-06-01T00:00:00Z', renewals: 0 },
    { from: '2026-06-08T00:00:00Z', renewals: 7 },
  ],
  cost: [
    {
      server: 'https://acme.example.com/dir',
      ca: 'My | CA',
      ordersNow: 60,
      renewals: 7,
      limits: [
        { per: 'registered-domain', of: 'secret.example', limit: 50, window: '7d', orders: 60, exceeded: true },
        { per: 'account', of: 'ClusterIssuer/le', limit: 300, window: '3h', orders: 60, exceeded: false },
      ],
    },
  ],
  upgrade: {
    from: '1.18.2',
    to: '1.19.0',
    reissued: ['a/b'],
    reissuedIfCrdsFirst: ['a/c', 'a/d'],
    hazards: [
      {
        code: 'issuer-ref-defaults',
        level: 'certificate',
        effect: 'reissue',
        message: 'a | b',
        source: 'somewhere',
        url: 'https://example.com',
        advice: 'do it',
        certificates: 3,
        examples: ['a/b'],
        diff: '',
      },
    ],
  },
};
const section = (forecast: ForecastReport | undefined, names = true) =>
  forecastSection({ forecast } as unknown as Report, names);

describe('forecastSection', () => {
  it('tells the upgrade, the weeks with renewals, and the limits that are exceeded', () => {
    const text = section(FORECAST);
    expect(text).toContain('1 reissued in any order; 2 more only if the CRDs are changed');
    expect(text).toContain('| 2026-06-08 | 7 |');
    expect(text).not.toContain('2026-06-01 | 0');
    expect(text).toContain('**1 limit exceeded**');
    expect(text).toContain('60 of 50 in 7d, registered-domain: <code>secret.example</code>');
    // No text may end a cell.
    expect(text).toContain('a &#124; b');
  });

  it('names nothing where strangers can read it', () => {
    const text = section(FORECAST, false);
    for (const name of ['secret.example', 'acme.example.com', 'a/b', 'a/c']) expect(text).not.toContain(name);
    expect(text).toContain('**1 limit exceeded**');
  });

  it('is empty where nothing was predicted', () => expect(section(undefined)).toBe(''));
});
