import { describe, expect, it } from 'vitest';
import type { CertificateReport, Report } from '../model/report.ts';
import { predictLines } from './render-predict.ts';
import { style } from './terminal.ts';

const reissue = (name: string, reason: string, more: Partial<CertificateReport> = {}): CertificateReport => ({
  namespace: 'n'.repeat(63),
  name,
  prediction: 'reissue',
  reason,
  message: 'w'.repeat(30).concat(' ').repeat(5),
  at: null,
  ...more,
});
const report: Report = {
  command: 'predict',
  certkeep: '0',
  exitCode: 0,
  cluster: 'uid',
  certManager: 'v1.18.2',
  verdict: 'reissue',
  problems: [],
  certificates: [
    ...Array.from({ length: 120 }, (_, i) => reissue(`x${i}`, 'SecretMismatch')),
    reissue('\u001b[31mevil', 'DoesNotExist'),
    { namespace: 'a', name: 'b'.repeat(253), prediction: 'undecidable', reason: '', message: 'odd', at: null },
    { namespace: 'a', name: 'due', prediction: 'reissue', reason: 'Renewing', message: 'now', at: null },
    { namespace: 'a', name: 'c'.repeat(253), prediction: 'keep', reason: '', message: '', at: '2026-06-03T00:00:00Z' },
  ],
  forecast: {
    now: '2026-06-01T00:00:00Z',
    until: '2026-07-01T00:00:00Z',
    rules: { version: '1.18.2', known: true, assumed: false },
    weeks: [
      { from: '2026-06-01T00:00:00Z', renewals: 1 },
      { from: '2026-06-08T00:00:00Z', renewals: 100_000 },
    ],
    cost: [
      {
        server: `https://${'s'.repeat(200)}.example.com/`,
        ca: '',
        ordersNow: 1,
        renewals: 2,
        limits: [
          { per: 'exact-names', of: 'd'.repeat(253), limit: 5, window: '7d', orders: 6, exceeded: true },
          { per: 'account', of: 'ClusterIssuer/le', limit: 300, window: '3h', orders: 6, exceeded: false },
        ],
      },
    ],
  },
};
const hazard = {
  code: 'issuer-ref-defaults',
  level: 'certificate' as const,
  effect: 'reissue' as const,
  message: 'm'.repeat(200),
  source: 'somewhere',
  url: 'https://example.com/',
  advice: 'do it',
  certificates: 4,
  examples: ['a/b', 'a/c', 'a/d', 'a/e'],
  diff: `--- x\n+++ x\n@@ -1,1 +1,1 @@\n-  a: ${'y'.repeat(200)}\n+  a: z`,
};

describe('predictLines', () => {
  it('never exceeds 80 columns, and obeys no control character', () => {
    const upgrade = { from: '1.18.2', to: '1.19.0', reissued: [], reissuedIfCrdsFirst: [], hazards: [hazard] };
    for (const forecast of [report.forecast, { ...report.forecast, upgrade }]) {
      const lines = predictLines({ ...report, forecast } as Report, style(false));
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
      expect(lines.join('\n')).not.toContain('\u001b');
    }
  });

  it('sorts by urgency, and says the same words once', () => {
    const text = predictLines(report, style(false)).join('\n');
    const order = [
      'REISSUED AS THINGS STAND (121)',
      'CANNOT BE TOLD (1)',
      'DUE FOR RENEWAL NOW (1)',
      'RENEWS NEXT',
      'RENEWALS BY WEEK',
      'COST AT THE CA',
    ];
    const places = order.map((title) => text.indexOf(title));
    expect(places.every((place, i) => place > (places[i - 1] ?? -1))).toBe(true);
    expect(text.match(/SecretMismatch/g)).toHaveLength(1);
    expect(text).toMatch(/and 70\s+more/);
    expect(text).toContain('6 of 5 in 7d  OVER');
  });

  it('keeps apart what the upgrade does, in any order and only in one', () => {
    const touched = (name: string, reissued: boolean, reissuedIfCrdsFirst: boolean): CertificateReport => ({
      ...reissue(name, 'RequestChanged'),
      prediction: reissued ? 'reissue' : 'keep',
      upgrade: { before: 'keep', after: reissued ? 'reissue' : 'keep', reissued, reissuedIfCrdsFirst, hazards: [] },
    });
    const upgrade = { from: '1.18.2', to: '1.19.0', reissued: [], reissuedIfCrdsFirst: [], hazards: [hazard] };
    const text = predictLines(
      {
        ...report,
        certificates: [touched('any', true, false), touched('first', false, true), reissue('anyway', 'DoesNotExist')],
        forecast: { ...report.forecast, upgrade } as never,
      },
      style(false),
    ).join('\n');
    expect(text).toContain('REISSUED BY THE UPGRADE TO 1.19.0, IN ANY ORDER (1)');
    expect(text).toContain('REISSUED ONLY IF THE CRDS ARE CHANGED WHILE THE OLD CONTROLLER RUNS (1)');
    expect(text).toContain('REISSUED WITH OR WITHOUT THE UPGRADE (1)');
    expect(text).toContain('issuer-ref-defaults: 4 Certificates (a/b, a/c, a/d and 1 more)');
    expect(text).toContain('+  a: z');
  });
});
