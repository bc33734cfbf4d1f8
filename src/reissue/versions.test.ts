import { describe, expect, it } from 'vitest';
import type { CertkeepError } from '../model/problems.ts';
import { rulesFor } from './versions.ts';

describe('the rules of a release', () => {
  it.each([
    ['1.18.2', false],
    ['1.18.3', true],
    ['1.18.9', true],
    ['1.19.0', false],
    ['1.19.1', true],
    ['1.20.0', true],
    ['1.17.9', false],
    ['1.21.2', true],
    ['1.99.0', true],
  ] as const)('%s: issuerRef defaults %s', (version, expected) =>
    expect(rulesFor(version).issuerRefDefaults).toBe(expected),
  );

  it.each([
    ['1.12.13', undefined],
    ['1.12.14', 6500],
    ['1.13.6', undefined],
    ['1.14.7', undefined],
    ['1.15.3', undefined],
    ['1.15.4', 6500],
    ['1.16.1', undefined],
    ['1.16.2', 6500],
    ['1.17.0', 6500],
    ['1.18.2', 6500],
    ['1.18.3', 36500],
    ['1.19.0', 36500],
    ['1.21.2', 36500],
  ] as const)('%s: requests up to %s bytes', (version, expected) =>
    expect(rulesFor(version).requestPemLimit).toBe(expected),
  );

  it.each([
    ['1.12.13', undefined],
    ['1.12.14', 65000],
    ['1.13.6', undefined],
    ['1.14.7', undefined],
    ['1.15.3', undefined],
    ['1.15.4', 65000],
    ['1.16.1', undefined],
    ['1.16.5', 65000],
    ['1.17.0', 330000],
    ['1.21.2', 330000],
  ] as const)('%s: tls.crt up to %s bytes', (version, expected) =>
    expect(rulesFor(version).certificatePemLimit).toBe(expected),
  );

  it.each([
    ['provincesNamed', '1.19.6', '1.20.0'],
    ['deletionGate', '1.17.4', '1.18.0'],
    ['parsedIPs', '1.12.3', '1.12.4'],
    ['certificateName', '1.13.1', '1.13.2'],
    ['ownerByChance', '1.13.1', '1.13.2'],
    ['literalSubjectBesides', '1.11.5', '1.12.0'],
    ['literalSubjectDer', '1.14.7', '1.15.0'],
    ['otherNames', '1.13.6', '1.14.0'],
    ['renewBeforePositive', '1.15.5', '1.16.0'],
    ['configurablePemLimits', '1.19.6', '1.20.0'],
    ['clampedBackoff', '1.20.3', '1.21.0'],
  ] as const)('%s: not in %s, in %s', (rule, before, since) =>
    expect([rulesFor(before)[rule], rulesFor(since)[rule]]).toEqual([false, true]),
  );
  it('mends what 1.13.2 and 1.21.0 brought', () => {
    expect(['1.13.3', '1.13.4', '1.14.0'].map((v) => rulesFor(v).ownerByChance)).toEqual([true, false, false]);
    expect(['1.21.1', '1.21.2', '1.22.0'].map((v) => rulesFor(v).cronSearchYears)).toEqual([5, 9, 9]);
    expect(['1.20.3', '1.21.0', '1.21.1'].map((v) => rulesFor(v).renewal)).toEqual([
      'absent',
      'disabled-crashes',
      'full',
    ]);
  });

  it('takes a leading v and a pre-release', () =>
    expect(rulesFor('v1.20.0-beta.1')).toEqual({ ...rulesFor('1.20.0') }));
  it('says when a release is newer than known', () => {
    expect(rulesFor('1.21.9').known).toBe(true);
    expect(rulesFor('1.22.0').known).toBe(false);
    expect(rulesFor('2.0.0').known).toBe(false);
    expect({ ...rulesFor('1.22.0'), known: true, version: '' }).toEqual({ ...rulesFor('1.21.2'), version: '' });
  });
  it('refuses what is too old, or no version', () => {
    const code = (version: string): string => {
      try {
        rulesFor(version);
        return '';
      } catch (error) {
        return (error as CertkeepError).code;
      }
    };
    expect(['1.10.9', '0.16.0', 'latest', '', '1', '1.21.2.3'].map(code)).toEqual([
      'unsupported-cert-manager',
      'unsupported-cert-manager',
      'wrong-usage',
      'wrong-usage',
      'wrong-usage',
      'wrong-usage',
    ]);
  });
});
