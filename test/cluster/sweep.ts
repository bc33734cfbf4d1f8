import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isAlive } from './lock.ts';
import { cacheDirectory, temporaryClusterPrefix } from './places.ts';
import { readState } from './state.ts';

const YOUNG_MS = 120_000;

/** Directories of clusters, living or left over: those of `cluster up`, then those of test runs. */
export function clusterDirectories(): string[] {
  const named = join(cacheDirectory(), 'clusters');
  const prefix = temporaryClusterPrefix();
  const list = (directory: string, start: string) => {
    try {
      return readdirSync(directory)
        .filter((name) => name.startsWith(start))
        .map((name) => join(directory, name));
    } catch {
      return [];
    }
  };
  return [...list(named, ''), ...list(dirname(prefix), basename(prefix))];
}

/** Whether the cluster's supervisor is alive. */
export function isRunning(directory: string): boolean {
  const pid = readState(directory)?.pid;
  return pid !== undefined && isSupervisor(pid, directory);
}

/** Whether this process is the supervisor of that directory, and not another one that got its id later. */
export function isSupervisor(pid: number, directory: string): boolean {
  if (!isAlive(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(directory);
  } catch {
    // No /proc on this system; or it ended just now.
    return isAlive(pid);
  }
}

/**
 * Deletes what a killed supervisor left: its processes are dead already (the kernel kills them with it), only the
 * directory is there. Young ones without a state may be starting at this moment.
 */
export function sweep(log: (line: string) => void): void {
  for (const directory of clusterDirectories()) {
    try {
      const age = Date.now() - statSync(directory).mtimeMs;
      if (isRunning(directory) || (readState(directory) === undefined && age < YOUNG_MS)) continue;
      rmSync(directory, { recursive: true, force: true });
      log(`removed ${directory}, left over by a run that was killed`);
    } catch {
      // Another run removed it first.
    }
  }
}
