import { closeSync, openSync, readFileSync, statSync, unlinkSync, utimesSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const BEAT_MS = 2_000;
const STALE_MS = 15_000;

/**
 * Runs `work` while holding the lock file, so that two runs do not build the same thing twice. A lock whose owner is
 * gone, or has not touched it for 15 s, counts as left over.
 */
export async function withLock<T>(path: string, waiting: (owner: string) => void, work: () => Promise<T>): Promise<T> {
  let told = false;
  while (!take(path)) {
    const owner = ownerOf(path);
    if (owner === undefined) continue;
    if (!told) waiting(owner);
    told = true;
    await sleep(300);
  }
  const beat = setInterval(() => {
    try {
      utimesSync(path, new Date(), new Date());
    } catch {
      // Somebody removed it: the work goes on, at worst twice, and its results are renamed into place.
    }
  }, BEAT_MS);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if (ownerOf(path) === String(process.pid)) unlinkSync(path);
  }
}

function take(path: string): boolean {
  try {
    const file = openSync(path, 'wx');
    writeSync(file, String(process.pid));
    closeSync(file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** The living owner's process id; undefined when the lock is free or was left over (it is removed then). */
function ownerOf(path: string): string | undefined {
  try {
    const owner = readFileSync(path, 'utf8');
    const age = Date.now() - statSync(path).mtimeMs;
    if (age < STALE_MS && (owner === '' || isAlive(Number(owner)))) return owner;
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return undefined;
}

/** Whether a process with this id exists. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
