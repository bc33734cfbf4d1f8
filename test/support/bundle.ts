import { spawn } from 'node:child_process';
import { copyFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary.ts';

/** The shipped bundle, as a user has it: copied alone into an empty directory and run as a process of its own. */

const ROOT = join(import.meta.dirname, '../..');

export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
  seconds: number;
}

/** `dist/<name>.js` copied alone into an empty directory. */
export function copyBundle(name: 'cli' | 'main' | 'post'): string {
  const source = join(ROOT, 'dist', `${name}.js`);
  if (!existsSync(source)) throw new Error(`${source} does not exist: npm run build`);
  // .mjs, because an empty directory has no package.json that says "module".
  const target = join(temporaryDirectory('bundle'), `${name}.mjs`);
  copyFileSync(source, target);
  return target;
}

export interface RunOptions {
  env?: Record<string, string>;
  cwd?: string;
  input?: string;
  /** Sent to the process after so many milliseconds. */
  signalAfter?: { signal: NodeJS.Signals; ms: number };
}

/** Runs a program with a clean environment: PATH, HOME and what `env` adds. */
export function run(program: string, args: string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const start = performance.now();
    const child = spawn(program, args, {
      cwd: options.cwd ?? tmpdir(),
      env: { PATH: process.env.PATH ?? '', HOME: options.cwd ?? tmpdir(), ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (code) =>
      resolve({ code: code ?? -1, stdout, stderr, seconds: (performance.now() - start) / 1000 }),
    );
    child.stdin.end(options.input ?? '');
    const later = options.signalAfter;
    if (later !== undefined) setTimeout(() => child.kill(later.signal), later.ms).unref();
  });
}

let cli: string | undefined;

/**
 * `certkeep ARGS` by the shipped bundle. While working on the sources, CERTKEEP_FROM_SOURCE=1 runs those instead, which
 * saves a build; `npm test` never sets it.
 */
export function certkeep(args: string[], options: RunOptions = {}): Promise<RunResult> {
  return run(process.execPath, [cliFile(), ...args], options);
}

/** The file that `certkeep` runs. */
export function cliFile(): string {
  cli ??= process.env.CERTKEEP_FROM_SOURCE === '1' ? join(ROOT, 'src/cli/index.ts') : copyBundle('cli');
  return cli;
}
