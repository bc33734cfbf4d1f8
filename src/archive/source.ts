import { constants } from 'node:fs';
import { type FileHandle, lstat, open, opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { damaged, noBackup, printable, surplus } from './errors.ts';
import { DIRECTORIES, MAX_FILES } from './stages.ts';
import { isZip, openZip } from './zip.ts';

/** The bytes of a backup, wherever they lie: a directory, or an artifact's zip. */
export interface BackupSource {
  /** Every regular file by its name inside the backup, with `/` between parts. */
  files: ReadonlyMap<string, { bytes: number }>;
  /** Bytes of a file that is in `files`. */
  open(file: string): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

const READ_BYTES = 256 * 1024;

/**
 * Opens the backup at `path`: a directory, or a zip file. Only looks at names and sizes, and refuses links, devices,
 * unexpected directories and too many files. Throws no-backup or damaged-backup.
 */
export async function openSource(path: string): Promise<BackupSource> {
  const kind = await kindOf(path);
  if (kind === 'directory') return openDirectory(path);
  if (await isZip(path)) return openZip(path);
  throw noBackup(path, await describeFile(path));
}

async function kindOf(path: string): Promise<'directory' | 'file'> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) return 'directory';
    if (found.isFile()) return 'file';
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') throw noBackup(path, 'there is nothing at this path', cause);
    throw noBackup(path, `it cannot be read (${code ?? 'unknown error'})`, cause);
  }
  throw noBackup(path, 'it is neither a directory nor a file');
}

async function openDirectory(root: string): Promise<BackupSource> {
  const files = new Map<string, { bytes: number }>();
  const top = await names(root, root);
  if (!top.includes('manifest.json')) throw noBackup(root, describeDirectory(top));
  for (const name of top) {
    if (DIRECTORIES.includes(name) && (await lstat(join(root, name))).isDirectory()) {
      for (const inner of await names(join(root, name), root)) await add(`${name}/${inner}`);
    } else {
      await add(name);
    }
  }
  async function add(name: string): Promise<void> {
    const found = await lstat(join(root, name));
    if (!found.isFile()) throw surplus(`${printable(name)} is ${kindWord(found)} and should be a regular file`);
    files.set(name, { bytes: found.size });
    if (files.size > MAX_FILES) throw damaged(`there are more than ${MAX_FILES} files in it`);
  }
  return { files, open: (file) => readFile(join(root, file), file), close: async () => {} };
}

async function names(directory: string, root: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const entry of await opendir(directory)) {
      found.push(entry.name);
      if (found.length > MAX_FILES) break;
    }
  } catch (cause) {
    throw noBackup(root, `a directory in it cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
  return found.sort();
}

function kindWord(found: { isSymbolicLink(): boolean; isDirectory(): boolean }): string {
  if (found.isSymbolicLink()) return 'a link';
  return found.isDirectory() ? 'a directory' : 'a device, pipe or socket';
}

async function* readFile(path: string, file: string): AsyncGenerator<Uint8Array> {
  let handle: FileHandle;
  try {
    // Not through a link, and without waiting for the writer of a pipe, should the file have been swapped since.
    handle = await open(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
  } catch (cause) {
    throw damaged(`${file} cannot be read (${(cause as NodeJS.ErrnoException).code})`, cause);
  }
  try {
    if (!(await handle.stat()).isFile()) throw damaged(`${file} is no regular file`);
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(READ_BYTES), 0, READ_BYTES, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

function describeDirectory(names: readonly string[]): string {
  if (names.length === 0) return 'the directory is empty';
  if (names.some((name) => name.startsWith('manifest.json.'))) return 'its manifest.json has another name';
  if (names.includes('resources') && names.includes('metadata')) {
    return 'it looks like an unpacked Velero backup, and this version checks its own backups only';
  }
  if (names.some((name) => /\.(?:ya?ml|json)$/.test(name))) {
    return 'it is a directory of Kubernetes files without a manifest.json, and this version checks its own backups only';
  }
  return 'the directory holds no manifest.json';
}

async function describeFile(path: string): Promise<string> {
  const own = 'and this version checks its own backups only';
  let head = Buffer.alloc(0);
  try {
    for await (const chunk of readFile(path, path)) {
      head = Buffer.from(chunk.subarray(0, 4096));
      break;
    }
  } catch (cause) {
    return `the file cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`;
  }
  const text = head.toString('latin1');
  if (head.length === 0) return 'the file is empty';
  if (head[0] === 0x1f && head[1] === 0x8b) return `it is a gzip file, perhaps a Velero backup, ${own}`;
  if (text.startsWith('age-encryption.org/')) return 'it is a file encrypted with age, only one part of a backup';
  if (text.includes('"certkeep-backup"')) return 'it is the manifest.json of one; give the directory that holds it';
  if (/^\s*[{[]/.test(text)) return `it is a JSON file, ${own}`;
  if (/^(?:---|apiVersion:|kind:|items:|metadata:)/m.test(text)) return `it is a YAML file, ${own}`;
  return 'it is a file of another kind';
}
