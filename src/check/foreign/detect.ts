import { open, readdir, stat } from 'node:fs/promises';
import { CertkeepError } from '../../model/problems.ts';

/** What a path that `check` was given holds. */
export type PathKind = 'certkeep' | 'velero-tarball' | 'velero-directory' | 'manifests';

/**
 * Tells what a path is by looking at its first bytes, or at the names in the directory. What is of no known kind, or not
 * there, is `certkeep`: reading it as a backup of ours says best what is wrong.
 */
export async function detect(path: string): Promise<PathKind> {
  if (path === '-') return 'manifests';
  let isDirectory: boolean;
  try {
    isDirectory = (await stat(path)).isDirectory();
  } catch {
    return 'certkeep';
  }
  return isDirectory ? detectDirectory(path) : detectFile(path);
}

/** Names of files that the reader of manifests takes (archive/manifests/source.ts). */
const MANIFEST = /\.(?:json|ya?ml|ndjson|jsonl)$/i;

async function detectDirectory(path: string): Promise<PathKind> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => []);
  const names = entries.map(({ name }) => name);
  if (names.length === 0 || names.some((name) => name === 'manifest.json' || name === 'index.ndjson'))
    return 'certkeep';
  // Browsers and unpackers add to the name of a file that they have met before.
  if (names.includes('objects') && names.some((name) => name.startsWith('manifest.json'))) return 'certkeep';
  // Neither a manifest nor a directory that may hold some.
  if (entries.every((entry) => !entry.isDirectory() && !MANIFEST.test(entry.name))) return 'certkeep';
  return names.includes('resources') && names.includes('metadata') ? 'velero-directory' : 'manifests';
}

async function detectFile(path: string): Promise<PathKind> {
  const head = await firstBytes(path);
  if (head === undefined || head.length === 0) return 'certkeep';
  if (head[0] === 0x1f && head[1] === 0x8b) return 'velero-tarball';
  const text = head.toString('latin1').replace(/^\xef\xbb\xbf/, '');
  if (head.toString('latin1', 0, 2) === 'PK' || text.startsWith('age-encryption.org/')) return 'certkeep';
  if (text.includes('"certkeep-backup"')) return 'certkeep';
  // UTF-16 and what is no text at all: the reader of manifests has the words for it.
  return 'manifests';
}

async function firstBytes(path: string): Promise<Buffer | undefined> {
  try {
    const handle = await open(path, 'r');
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
      return buffer.subarray(0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch {
    return undefined;
  }
}

/** Refuses a certkeep backup beside other paths: each backup is judged by itself. Throws wrong-usage. */
export function refuseMixture(kinds: readonly PathKind[]): void {
  if (kinds.length < 2) return;
  const wrong = kinds.includes('certkeep') || kinds.filter((kind) => kind.startsWith('velero')).length > 1;
  if (!wrong) return;
  throw new CertkeepError(
    'wrong-usage',
    'Only manifests can be checked together, with one Velero backup at most: one of these paths is another backup, or is not there.',
    'Give each backup to a check of its own.',
  );
}
