import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CertkeepError } from '../../model/problems.ts';
import { MAX_FILES } from './bounds.ts';

/** A file with manifests in it: its name for messages, and its bytes, which can be had once. */
export interface ManifestSource {
  file: string;
  open(): AsyncIterable<Uint8Array>;
}

const CHUNK_BYTES = 1 << 20;
const ENDINGS = /\.(json|ya?ml|ndjson|jsonl)$/i;

/**
 * The sources that paths name: a file whatever its ending, a directory's files that end in .json, .yaml, .yml, .ndjson or
 * .jsonl (also of the directories in it, hidden ones left out), and `-` for standard input.
 *
 * @throws CertkeepError wrong-usage: nothing there, not readable, a directory without such a file.
 */
export async function manifestSources(
  paths: readonly string[],
  stdin: AsyncIterable<Uint8Array> | undefined,
): Promise<ManifestSource[]> {
  const sources: ManifestSource[] = [];
  for (const path of paths) {
    if (path === '-' && stdin !== undefined) sources.push({ file: 'standard input', open: () => stdin });
    else sources.push(...(await fromPath(path)));
  }
  return sources;
}

async function fromPath(path: string): Promise<ManifestSource[]> {
  if (!(await isDirectory(path))) return [fileSource(path)];
  const files: string[] = [];
  await walk(path, files);
  if (files.length === 0) {
    throw new CertkeepError(
      'wrong-usage',
      `The directory ${path} holds no manifests.`,
      'Give a directory with .json, .yaml, .yml, .ndjson or .jsonl files, or a file.',
    );
  }
  return files.map(fileSource);
}

function fileSource(path: string): ManifestSource {
  return { file: path, open: () => bytesOf(path) };
}

async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: CHUNK_BYTES });
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** Links to directories are not followed: they may lead in a circle. */
async function walk(directory: string, files: string[]): Promise<void> {
  const entries = await readdir(directory, { withFileTypes: true }).catch((cause: unknown) => {
    throw unreadable(directory, cause);
  });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await walk(path, files);
    else if (ENDINGS.test(entry.name) && (entry.isFile() || entry.isSymbolicLink())) files.push(path);
    if (files.length > MAX_FILES) {
      throw new CertkeepError(
        'wrong-usage',
        `${directory} holds more than ${MAX_FILES} files.`,
        'Give fewer at a time.',
      );
    }
  }
}

function unreadable(path: string, cause: unknown): CertkeepError {
  const code = (cause as NodeJS.ErrnoException).code ?? 'error';
  const missing = code === 'ENOENT';
  return new CertkeepError(
    'wrong-usage',
    missing ? `There is no file or directory ${path}.` : `${path} cannot be read (${code}).`,
    missing ? 'Correct the path; `-` means standard input.' : 'Give a file that this user may read.',
    { cause },
  );
}
