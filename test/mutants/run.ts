import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeResult } from '../support/results.ts';
import { MUTANTS, type Mutant } from './mutants.ts';

/**
 * Are the tests worth anything? For each mutant the sources are copied, one line of the restore is broken, and the tests
 * on the real cluster run on the copy: they must fail, and the test that is named must be among those that do. First
 * they run on an unbroken copy and must pass.
 *
 * node test/mutants/run.ts [NAME…]
 */

const ROOT = join(import.meta.dirname, '../..');
const TESTS = 'test/e2e/restore.test.ts';
/** What a copy needs to run the tests. */
const COPIED = ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'];

interface Outcome {
  passed: string[];
  failed: string[];
  /** First lines of what the failed tests said. */
  said: string[];
  seconds: number;
}

/** The part of vitest's JSON report that is read here. */
interface JsonReport {
  testResults: { assertionResults: { fullName: string; status: string; failureMessages: string[] }[] }[];
}

function copyOf(mutant: Mutant | undefined): string {
  const directory = mkdtempSync(join(tmpdir(), 'certkeep-mutant-'));
  for (const name of COPIED) cpSync(join(ROOT, name), join(directory, name), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  if (mutant !== undefined) writeFileSync(join(directory, mutant.file), broken(mutant));
  return directory;
}

/** The source file of a mutant, broken. */
function broken(mutant: Mutant): string {
  const parts = readFileSync(join(ROOT, mutant.file), 'utf8').split(mutant.find);
  if (parts.length === 2) return parts.join(mutant.replace);
  throw new Error(`${mutant.name}: "${mutant.find}" occurs ${parts.length - 1} times in ${mutant.file}, not once.`);
}

async function test(mutant: Mutant | undefined): Promise<Outcome> {
  const directory = copyOf(mutant);
  const start = performance.now();
  try {
    const report = join(directory, 'report.json');
    const vitest = join(directory, 'node_modules/vitest/vitest.mjs');
    const output = ['--reporter=json', `--outputFile=${report}`];
    const said = await run([vitest, 'run', '--project', 'cluster', TESTS, ...output], directory);
    let parsed: JsonReport;
    try {
      parsed = JSON.parse(readFileSync(report, 'utf8')) as JsonReport;
    } catch {
      throw new Error(`The tests did not run:\n${said}`);
    }
    const results = parsed.testResults.flatMap((file) => file.assertionResults);
    const names = (status: string) => results.filter((r) => r.status === status).map((r) => r.fullName);
    return {
      passed: names('passed'),
      failed: names('failed'),
      said: results.flatMap((r) => r.failureMessages.map((text) => text.slice(0, 600))),
      seconds: (performance.now() - start) / 1000,
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs node, and gives back the end of what it printed. An interruption ends the child too, which stops its clusters. */
function run(args: string[], cwd: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    const stop = (signal: NodeJS.Signals) => void child.kill(signal);
    process.on('SIGINT', stop).on('SIGTERM', stop);
    let said = '';
    const keep = (text: Buffer) => {
      said = (said + text.toString()).slice(-4000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', reject);
    child.on('close', (_code, signal) => {
      process.off('SIGINT', stop).off('SIGTERM', stop);
      if (signal === null) resolve(said);
      else reject(new Error(`interrupted (${signal})`));
    });
  });
}

async function main(wanted: string[]): Promise<number> {
  const unknown = wanted.filter((name) => !MUTANTS.some((m) => m.name === name));
  if (unknown.length > 0) {
    console.error(`No such mutant: ${unknown.join(', ')}. There are: ${MUTANTS.map((m) => m.name).join(', ')}.`);
    return 2;
  }
  // A mutant that no longer fits the sources is said at once.
  for (const mutant of MUTANTS) broken(mutant);
  const control = await test(undefined);
  console.log(
    `unbroken: ${control.passed.length} passed, ${control.failed.length} failed (${control.seconds.toFixed(0)} s)`,
  );
  if (control.failed.length > 0 || control.passed.length === 0) {
    console.error(`The tests must pass on the unbroken sources first.\n${control.said.join('\n')}`);
    return 1;
  }
  let survived = 0;
  const figures: unknown[] = [];
  for (const mutant of MUTANTS.filter((m) => wanted.length === 0 || wanted.includes(m.name))) {
    const { failed, seconds } = await test(mutant);
    const noticed = failed.some((name) => name.includes(mutant.noticedBy));
    if (!noticed) survived += 1;
    figures.push({ mutant: mutant.name, what: mutant.what, noticed, failed, seconds: Math.round(seconds) });
    console.log(
      `${noticed ? 'noticed ' : 'SURVIVED'} ${mutant.name}: ${mutant.what}; ${failed.length} tests failed (${seconds.toFixed(0)} s)`,
    );
    for (const name of failed) console.log(`           ${name}`);
  }
  writeResult('mutants', { unbroken: { passed: control.passed.length }, mutants: figures });
  console.log(survived === 0 ? 'All mutants were noticed.' : `${survived} mutants survived.`);
  return survived === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
