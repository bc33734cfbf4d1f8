import { randomBytes } from 'node:crypto';
import { open, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { checkOutputDirectory, notWritable } from '../archive/write.ts';

/** A name beside the directory, on the same file system, for a backup that has not been checked yet. */
export function unchecked(directory: string): string {
  const path = resolve(directory);
  return join(dirname(path), `.${basename(path)}.unchecked-${randomBytes(6).toString('hex')}`);
}

/**
 * Gives a checked backup its final name, for good: the parent directory is synced.
 * @throws CertkeepError `output-not-empty` where something has come to stand there meanwhile, `output-not-writable`.
 */
export async function accept(from: string, directory: string): Promise<void> {
  const path = resolve(directory);
  await checkOutputDirectory(path);
  try {
    // An empty directory may stand in the way; rmdir removes no other.
    await rmdir(path).catch((error: unknown) => {
      if (errorCode(error) !== 'ENOENT') throw error;
    });
    await rename(from, path);
  } catch (error) {
    throw notWritable(path, error);
  }
  await syncDirectory(dirname(path));
}

/** Removes a backup that did not pass. */
export async function discard(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

async function syncDirectory(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Not every platform can sync a directory; the files themselves are synced.
  }
}

function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown error';
}
