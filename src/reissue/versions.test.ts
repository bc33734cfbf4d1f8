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
