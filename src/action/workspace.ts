import { chmodSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

/** The state in which the main step leaves the post step its directory. */
export const WORKSPACE_STATE = 'workspace';

const PREFIX = 'certkeep-';

/** The directory for temporary files of the job: the runner's own, which it empties too. */
export function temporaryDirectory(env: Record<string, string | undefined>): string {
  return env.RUNNER_TEMP === undefined || env.RUNNER_TEMP === '' ? tmpdir() : env.RUNNER_TEMP;
}

/** Makes a directory for this step that only its user can enter; everything that the step writes to disk lies in it. */
export function makeWorkspace(env: Record<string, string | undefined>): string {
  const directory = mkdtempSync(join(temporaryDirectory(env), PREFIX));
  chmodSync(directory, 0o700);
  return directory;
}

/** Removes what makeWorkspace made. Any other path, as a changed state file could name it, is left alone. */
export function removeWorkspace(directory: string, env: Record<string, string | undefined>): boolean {
  if (directory === '' || !basename(directory).startsWith(PREFIX)) return false;
  try {
    if (realpathSync(dirname(directory)) !== realpathSync(temporaryDirectory(env))) return false;
  } catch {
    return false;
  }
  rmSync(directory, { recursive: true, force: true });
  return true;
}
