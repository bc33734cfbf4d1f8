import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { makeWorkspace, removeWorkspace } from './workspace.ts';

const temp = mkdtempSync(join(tmpdir(), 'runner-temp-'));
const env = { RUNNER_TEMP: temp };
afterAll(() => rmSync(temp, { recursive: true }));

describe('the workspace', () => {
  it('is for its user only, and goes away whole', () => {
    const directory = makeWorkspace(env);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    mkdirSync(join(directory, 'backup'));
    writeFileSync(join(directory, 'backup', 'x'), '');
    expect(removeWorkspace(directory, env)).toBe(true);
    expect(existsSync(directory)).toBe(false);
    expect(removeWorkspace(directory, env)).toBe(true);
  });

  it('is the only thing that is removed', () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'certkeep-'));
    const other = join(temp, 'other');
    mkdirSync(other);
    symlinkSync(tmpdir(), join(temp, 'link'));
    for (const path of [
      '',
      '/',
      other,
      elsewhere,
      join(temp, 'link', elsewhere.split('/').at(-1) ?? ''),
      join(temp, 'no', 'certkeep-x'),
    ]) {
      expect(removeWorkspace(path, env)).toBe(false);
    }
    expect(existsSync(elsewhere)).toBe(true);
    expect(existsSync(other)).toBe(true);
    rmSync(elsewhere, { recursive: true });
  });
});
