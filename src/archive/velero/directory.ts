import { createReadStream } from 'node:fs';
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { CertkeepError } from '../../model/problems.ts';
import { printable } from '../errors.ts';
import { MAX_ENTRIES } from './bounds.ts';
import type { VeleroEntry } from './entries.ts';
import { refused } from './faults.ts';

/** The files of a Velero backup that somebody has unpacked, in the order of their names. Links and devices are refused. */
export async function* directoryEntries(root: string): AsyncGenerator<VeleroEntry> {
  let count = 0;
  async function* walk(inner: string): AsyncGenerator<VeleroEntry> {
    for (const name of await names(join(root, inner))) {
      const path = inner === '' ? name : `${inner}/${name}`;
      const full = join(root, path);
      const found = await lstat(full);
      if (++count > MAX_ENTRIES) throw refused(root, `it holds more than ${MAX_ENTRIES} files`);
      if (found.isDirectory()) yield* walk(path);
      else if (!found.isFile()) throw refused(root, `${printable(path)} in it is a link, a device or a pipe`);
      else yield { path, bytes: found.size, read: () => createReadStream(full) };
    }
  }
  for (const top of ['metadata', 'resources']) yield* walk(top);
}

async function names(directory: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const entry of await opendir(directory)) found.push(entry.name);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'error';
    if (code === 'ENOENT') return [];
    throw new CertkeepError(
      'wrong-usage',
      `${directory} cannot be read (${code}).`,
      'Give a directory that this user may read.',
      {
        cause,
      },
    );
  }
  return found.sort();
}
