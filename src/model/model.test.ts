import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { CertkeepError, exitCodeOf, worstExitCode } from './problems.ts';
import { CERTKEEP_VERSION } from './version.ts';

describe('worstExitCode', () => {
  it('follows the documented precedence', () => {
    expect(worstExitCode([])).toBe(0);
    expect(worstExitCode([8, 3])).toBe(3);
    expect(worstExitCode([3, 7, 6])).toBe(6);
    expect(worstExitCode([9, 6])).toBe(9);
    expect(worstExitCode([5, 9])).toBe(5);
    expect(worstExitCode([4, 5, 2])).toBe(2);
  });
});

describe('exitCodeOf', () => {
  it('counts errors only', () => {
    const missing = new CertkeepError('missing-secret', 'a', 'b').toProblem();
    expect(exitCodeOf([missing])).toBe(6);
    expect(exitCodeOf([{ ...missing, severity: 'warning' }])).toBe(0);
  });
});

it('the version is that of package.json', () => {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  expect((JSON.parse(text) as { version: string }).version).toBe(CERTKEEP_VERSION);
});
