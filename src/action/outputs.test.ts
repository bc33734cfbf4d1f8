import { describe, expect, it } from 'vitest';
import type { CertificateReport } from '../model/report.ts';
import { isReissue, reissuedList } from './outputs.ts';

const reissued = (name: string): CertificateReport => ({ namespace: 'app1', name, verdict: 'reissued' });

describe('reissuedList', () => {
  it('lists what was, is being, or would be reissued', () => {
    const certificates: CertificateReport[] = [
      reissued('a'),
      { namespace: 'app1', name: 'b', verdict: 'unchanged', prediction: 'reissue' },
      { namespace: 'app1', name: 'c', verdict: 'issuing' },
      { namespace: 'app1', name: 'd', prediction: 'reissue' },
      { namespace: 'app1', name: 'e', prediction: 'keep' },
    ];
    expect(JSON.parse(reissuedList(certificates, true))).toEqual(['app1/a', 'app1/c', 'app1/d']);
    expect(reissuedList([], true)).toBe('[]');
  });

  it('holds a count only where names may not be shown', () => {
    expect(JSON.parse(reissuedList([reissued('a'), reissued('b')], false))).toEqual(['and 2 more']);
    expect(reissuedList([], false)).toBe('[]');
  });

  it('is cut at 100 kB, with a count', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => reissued(`certificate-${i}`));
    const text = reissuedList(many, true);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(100_000);
    const list = JSON.parse(text) as string[];
    expect(list.at(-1)).toBe(`and ${10_000 - (list.length - 1)} more`);
    expect(list.length).toBeGreaterThan(4000);
  });

  it('counts a Certificate by its verdict once there is one', () => {
    expect(isReissue({ namespace: 'a', name: 'b', prediction: 'reissue', verdict: 'unchanged' })).toBe(false);
  });
});
