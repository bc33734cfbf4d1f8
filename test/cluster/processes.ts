import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** A program that the supervisor runs. */
export interface Running {
  name: string;
  pid: number;
  log: string;
  /** Resolves when the process has ended; never rejects. */
  ended: Promise<string>;
  isRunning(): boolean;
  signal(signal: NodeJS.Signals): void;
}

/**
 * Starts a program in a process group of its own, its output appended to a log file. It is started through
 * `tools exec`, which on Linux ties its life to ours: the kernel kills it when this process ends, SIGKILL included.
 */
export function start(
  tools: string,
  name: string,
  command: string[],
  log: string,
  env: Record<string, string> = {},
): Running {
  const output = openSync(log, 'a');
  // A clean environment: a proxy or KUBECONFIG of the person who runs the tests must not reach the cluster.
  const environment = {
    PATH: process.env.PATH ?? '/usr/bin:/bin',
    HOME: process.env.HOME ?? '/',
    CERTKEEP_PARENT: String(process.pid),
    ...env,
  };
  const child: ChildProcess = spawn(tools, ['exec', ...command], {
    detached: true,
    stdio: ['ignore', output, output],
    env: environment,
  });
  closeSync(output);
  let running = true;
  const ended = new Promise<string>((resolve) => {
    const end = (how: string) => {
      running = false;
      resolve(how);
    };
    child.once('error', (error) => end(error.message));
    child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
  });
  const pid = child.pid ?? 0;
  return {
    name,
    pid,
    log,
    ended,
    isRunning: () => running,
    signal(signal) {
      if (!running || pid === 0) return;
      try {
        process.kill(-pid, signal);
      } catch {
        // It ended a moment ago.
      }
    },
  };
}

/** The last lines of a log file, for messages. */
export function tail(log: string, lines = 12): string {
  try {
    return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
