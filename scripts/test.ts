/**
 * `npm test`: everything that must pass, in the order in which failures are cheapest, with the minutes of each part.
 * Its last line is `N passed, M failed`. It fails, not skips, where the real cluster could not be started or where not
 * one cluster test ran.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..');
/** The versions of cert-manager that the cluster tests run. */
const CERT_MANAGER_VERSIONS = ['1.21.2', '1.18.2'];

interface Part {
  name: string;
  passed: number;
  failed: number;
  seconds: number;
  note: string;
}

function timed(name: string, work: () => { passed: number; failed: number; note?: string }): Part {
  console.log(`\n== ${name}`);
  const start = performance.now();
  const result = work();
  return { name, note: '', ...result, seconds: (performance.now() - start) / 1000 };
}

/** A command that passes or fails as one. */
function command(name: string, program: string, args: string[]): Part {
  return timed(name, () => {
    const ok = spawnSync(program, args, { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] }).status === 0;
    return { passed: ok ? 1 : 0, failed: ok ? 0 : 1 };
  });
}

function vitest(name: string, project: string): Part {
  return timed(name, () => {
    const directory = mkdtempSync(join(tmpdir(), 'certkeep-results-'));
    const file = join(directory, 'results.json');
    try {
      const run = spawnSync(
        'vitest',
        ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`],
        { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] },
      );
      return count(file, run.status === 0);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
}

function count(file: string, ok: boolean): { passed: number; failed: number; note?: string } {
  let results: { numPassedTests: number; numFailedTests: number; numPendingTests: number };
  try {
    results = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return { passed: 0, failed: 1, note: 'the test runner wrote no results' };
  }
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = results;
  if (passed === 0) return { passed, failed: Math.max(1, failed), note: 'not one test ran' };
  if (skipped > 0) return { passed, failed: failed + skipped, note: `${skipped} skipped count as failed` };
  // A file whose set-up failed has no failed test of its own; the runner's exit code says so.
  if (!ok && failed === 0) return { passed, failed: 1, note: 'a test file failed outside its tests' };
  return { passed, failed };
}

const parts = [
  command('lint', 'biome', ['ci', '.']),
  command('types', 'tsc', ['-p', 'tsconfig.json']),
  command('documentation', 'node', ['scripts/docs.ts', '--check']),
  vitest('unit tests', 'unit'),
  command('build of the control plane and cert-manager', 'node', [
    'test/cluster/cli.ts',
    'build',
    ...CERT_MANAGER_VERSIONS.flatMap((v) => ['--cert-manager', v]),
  ]),
  vitest('cluster tests', 'cluster'),
];

console.log('\n== minutes by part');
for (const part of parts) {
  const minutes = (part.seconds / 60).toFixed(1).padStart(5);
  console.log(
    `${minutes} min  ${part.name}: ${part.passed} passed, ${part.failed} failed${part.note === '' ? '' : ` (${part.note})`}`,
  );
}
const passed = parts.reduce((sum, part) => sum + part.passed, 0);
const failed = parts.reduce((sum, part) => sum + part.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
