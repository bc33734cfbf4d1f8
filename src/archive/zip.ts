import { open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import { damaged, noBackup, printable } from './errors.ts';
import type { BackupSource } from './source.ts';
import { DIRECTORIES, MAX_FILES } from './stages.ts';

/** Does the file begin as a zip does? False also where it cannot be read. */
export async function isZip(path: string): Promise<boolean> {
  try {
    const handle = await open(path, 'r');
    try {
      const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
      // A local file header, or the end record of an empty archive.
      return bytesRead === 4 && ['504b0304', '504b0506'].includes(buffer.toString('hex'));
    } finally {
      await handle.close();
    }
  } catch {
    return false;
  }
}

/**
 * Opens the artifact's zip as GitHub gives it for download, without unpacking it anywhere. All of it may lie in one
 * directory, as when somebody has packed it anew. Refused: absolute names and such with `..`, names that occur twice, links,
 * encrypted entries, more than MAX_FILES entries. Sizes are those that the zip states; more bytes than that are never
 * given out. Throws no-backup or damaged-backup.
 */
export async function openZip(path: string): Promise<BackupSource> {
  const zip = await openFile(path);
  try {
    const entries = await readEntries(zip);
    const prefix = commonPrefix(entries, path);
    const files = new Map<string, { bytes: number; entry: Entry }>();
    for (const [name, entry] of entries) {
      if (!name.startsWith(prefix)) throw damaged(`${printable(name)} in the zip lies outside of the backup`);
      const inner = name.slice(prefix.length);
      if (inner === '') continue;
      if (inner.endsWith('/')) {
        if (!DIRECTORIES.includes(inner.slice(0, -1)))
          throw damaged(`${printable(name)} in the zip does not belong there`);
      } else {
        files.set(inner, { bytes: entry.uncompressedSize, entry });
      }
    }
    return {
      files,
      open: (file) => contents(zip, files.get(file)?.entry, file),
      close: async () => zip.close(),
    };
  } catch (error) {
    zip.close();
    throw error;
  }
}

function openFile(path: string): Promise<ZipFile> {
  return new Promise((resolve, reject) => {
    yauzl.open(
      path,
      { lazyEntries: true, autoClose: false, strictFileNames: true, validateEntrySizes: true },
      (error, zip) => {
        if (error) reject(damaged('the zip cannot be read, so it was cut or changed', error));
        else resolve(zip);
      },
    );
  });
}

function readEntries(zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>();
  return new Promise((resolve, reject) => {
    zip.on('error', (error) => reject(damaged('the list of files in the zip is not as it should be', error)));
    zip.on('end', () => resolve(entries));
    zip.on('entry', (entry: Entry) => {
      const fault = entries.has(entry.fileName) ? 'is there twice' : entryFault(entry);
      if (fault !== undefined) {
        reject(damaged(`${printable(entry.fileName)} in the zip ${fault}`));
      } else if (entries.size >= MAX_FILES) {
        reject(damaged(`there are more than ${MAX_FILES} files in the zip`));
      } else {
        entries.set(entry.fileName, entry);
        zip.readEntry();
      }
    });
    zip.readEntry();
  });
}

function entryFault(entry: Entry): string | undefined {
  const name = entry.fileName;
  if (!/^[A-Za-z0-9._/-]+$/.test(name)) return 'has a name that no file of a backup has';
  if (name.startsWith('/') || name.split('/').includes('..')) return 'points outside of it';
  // Unix mode in the upper half; 0 where the writer set none.
  const type = (entry.externalFileAttributes >>> 16) & 0o170000;
  const isDirectory = name.endsWith('/');
  if (type !== 0 && type !== (isDirectory ? 0o040000 : 0o100000)) return 'is a link or a device';
  if (isDirectory && entry.uncompressedSize > 0) return 'is a directory with contents';
  if (entry.isEncrypted()) return 'is encrypted';
  return undefined;
}

function commonPrefix(entries: ReadonlyMap<string, Entry>, path: string): string {
  if (entries.has('manifest.json')) return '';
  const nested = [...entries.keys()].filter((name) => /^[^/]+\/manifest\.json$/.test(name));
  if (nested.length === 1 && nested[0] !== undefined) return nested[0].slice(0, -'manifest.json'.length);
  throw noBackup(path, 'the zip holds no manifest.json');
}

async function* contents(zip: ZipFile, entry: Entry | undefined, file: string): AsyncGenerator<Uint8Array> {
  if (entry === undefined) throw damaged(`${file} is missing`);
  try {
    const stream = await new Promise<Readable>((resolve, reject) => {
      zip.openReadStream(entry, (error, opened) => (error ? reject(error) : resolve(opened)));
    });
    yield* stream as AsyncIterable<Uint8Array>;
  } catch (cause) {
    throw damaged(`${file} in the zip cannot be read`, cause);
  }
}
