import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CERTKEEP_VERSION } from '../../src/model/version.ts';
import { certkeep, copyBundle, run } from '../support/bundle.ts';

describe('dist/cli.js, alone in an empty directory', () => {
  it('runs', async () => {
    const result = await certkeep(['--version']);
    expect(result).toMatchObject({ code: 0, stdout: `${CERTKEEP_VERSION}\n`, stderr: '' });
  });

  it('says what it can do within 80 columns', async () => {
    const { code, stdout } = await certkeep(['help']);
    expect(code).toBe(0);
    for (const command of ['backup', 'check', 'plan', 'restore', 'verify']) expect(stdout).toContain(command);
    for (const line of stdout.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it.each([
    [['backup', '--output', 'x', '--no-such-flag'], /unknown option '--no-such-flag'/],
    [['backup'], /--output/],
    [['frobnicate'], /unknown command/],
    [['check'], /path/],
    [['plan', 'x', 'y'], /too many arguments/],
    [['verify', 'x', '--timeout', 'soon'], /not a duration/],
    [['plan', 'x', '--fail-on-reissue=maybe'], /neither true nor false/],
    [['backup', '--output', 'x', '--secrets', 'some'], /invalid/],
    [['restore', 'x', '--pause', 'sometimes'], /auto, never/],
  ])('%j ends with 2', async (args, message) => {
    const result = await certkeep(args);
    expect(result.stderr).toMatch(message);
    expect(result.code).toBe(2);
    expect(result.stderr).not.toMatch(/\n\s+at /);
  });
});

it('an old Node is told so in one line', async () => {
  const bundle = copyBundle('cli');
  const old = "Object.defineProperty(process.versions,'node',{value:'20.1.0'});";
  const result = await run(process.execPath, [
    '--import',
    `data:text/javascript,${encodeURIComponent(old)}`,
    bundle,
    '--version',
  ]);
  expect(result.code).toBe(2);
  expect(result.stderr).toMatch(/^certkeep: Node 20\.1\.0 is too old[^\n]*\n$/);
});

describe.each(['main', 'post', 'cli'])('dist/%s.js', (name) => {
  it('imports nothing but what Node brings', () => {
    const text = readFileSync(join(import.meta.dirname, '../../dist', `${name}.js`), 'utf8');
    const found = [...text.matchAll(/\bimport\s*(?:[\w*{},\s]+\s*from\s*)?["']([^"']+)["']/g)].map((m) => m[1] ?? '');
    expect(found.length).toBeGreaterThan(0);
    // A match inside a string of the bundle is no module name.
    const modules = found.filter((specifier) => /^[@\w./]/.test(specifier));
    expect(modules.filter((specifier) => !isBuiltin(specifier))).toEqual([]);
  });
});
