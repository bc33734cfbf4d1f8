import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { copyBundle } from '../support/bundle.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** What a step leaves behind, as the runner sees it. */
export interface StepResult {
  exitCode: number;
  outputs: Record<string, string>;
  /** What `post` gets as STATE_ variables. */
  state: Record<string, string>;
  summary: string;
  /** Standard output and standard error, without the lines that tell the runner what to mask. */
  log: string;
  /** What the runner was told to mask. */
  masks: string[];
  /** RUNNER_TEMP of the step. */
  temp: string;
}

export interface StepOptions {
  /** Inputs by name; those of action.yml with a default get it like from the runner only where given here. */
  inputs?: Record<string, string>;
  /** Further variables. Nothing of this process's environment reaches the step but PATH. */
  env?: Record<string, string>;
  /** The event's payload. */
  event?: unknown;
  /** RUNNER_TEMP; a new directory where not given. */
  temp?: string;
  state?: Record<string, string>;
  timeoutMs?: number;
}

const homes: string[] = [];

/** Removes everything that the steps so far have left on disk. */
export function removeSteps(): void {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true });
}

/**
 * Runs an entry of the Action, `main` or `post`, as the runner does. The bundle is copied alone into an empty directory,
 * so that it cannot lean on anything beside it. `CERTKEEP_TEST_SOURCE=1` runs the sources instead.
 */
export async function runEntry(entry: 'main' | 'post', options: StepOptions): Promise<StepResult> {
  const home = mkdtempSync(join(tmpdir(), 'certkeep-step-'));
  homes.push(home);
  const temp = options.temp ?? join(home, 'temp');
  mkdirSync(temp, { recursive: true });
  mkdirSync(join(home, 'workspace'));
  const files = { GITHUB_OUTPUT: '', GITHUB_STATE: '', GITHUB_STEP_SUMMARY: '', GITHUB_ENV: '', GITHUB_PATH: '' };
  const fileEnv: Record<string, string> = {};
  for (const name of Object.keys(files)) {
    fileEnv[name] = join(home, name.toLowerCase());
    writeFileSync(fileEnv[name], '');
  }
  const eventPath = join(home, 'event.json');
  writeFileSync(eventPath, JSON.stringify(options.event ?? {}));

  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    GITHUB_ACTIONS: 'true',
    CI: 'true',
    RUNNER_TEMP: temp,
    GITHUB_WORKSPACE: join(home, 'workspace'),
    GITHUB_EVENT_PATH: eventPath,
    ...fileEnv,
    ...options.env,
  };
  for (const [name, value] of Object.entries(options.inputs ?? {})) env[`INPUT_${name.toUpperCase()}`] = value;
  for (const [name, value] of Object.entries(options.state ?? {})) env[`STATE_${name}`] = value;

  const { exitCode, text } = await spawnNode(program(entry), env, join(home, 'workspace'), options.timeoutMs);
  const lines = text.split('\n');
  return {
    exitCode,
    outputs: fileCommands(readFileSync(fileEnv.GITHUB_OUTPUT ?? '', 'utf8')),
    state: fileCommands(readFileSync(fileEnv.GITHUB_STATE ?? '', 'utf8')),
    summary: readFileSync(fileEnv.GITHUB_STEP_SUMMARY ?? '', 'utf8'),
    log: lines.filter((line) => !line.startsWith('::add-mask::')).join('\n'),
    masks: lines.filter((line) => line.startsWith('::add-mask::')).map((line) => unescaped(line.slice(12))),
    temp,
  };
}

function program(entry: 'main' | 'post'): string {
  return process.env.CERTKEEP_TEST_SOURCE === '1' ? join(ROOT, 'src/action', `${entry}.ts`) : copyBundle(entry);
}

function spawnNode(
  file: string,
  env: Record<string, string>,
  cwd: string,
  timeoutMs = 300_000,
): Promise<{ exitCode: number; text: string }> {
  return new Promise((done, failed) => {
    const child = spawn(process.execPath, [file], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
    });
    const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
    child.on('error', failed);
    child.on('close', (code) => {
      clearTimeout(timer);
      done({ exitCode: code ?? -1, text });
    });
  });
}

/** The runner's file commands: `name<<DELIMITER`, the value, `DELIMITER`. The last value of a name counts. */
function fileCommands(text: string): Record<string, string> {
  const values: Record<string, string> = {};
  for (const match of text.matchAll(/^(.+?)<<(\S+)\r?\n([\s\S]*?)\r?\n?^\2$/gm)) {
    values[match[1] ?? ''] = match[3] ?? '';
  }
  return values;
}

/** How @actions/core escapes a value in a workflow command. */
function unescaped(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}
