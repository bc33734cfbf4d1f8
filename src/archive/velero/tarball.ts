import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract, type Header } from 'tar-stream';
import { CertkeepError } from '../../model/problems.ts';
import { printable } from '../errors.ts';
import { MAX_ENTRIES, MAX_INFLATED_BYTES, MAX_RATIO, RATIO_FROM_BYTES } from './bounds.ts';
import type { VeleroEntry } from './entries.ts';
import { pathFault, refused } from './faults.ts';

/**
 * The files of a gzip-compressed tar, one after the other and never unpacked to the disk. The whole is refused where
 * anything in it points outside, is a link or a device, or inflates beyond reason; memory holds one block at a time.
 * Throws damaged-backup, or wrong-usage where the file cannot be read.
 */
export async function* tarballEntries(file: string): AsyncGenerator<VeleroEntry> {
  const tar = extract();
  const unpacking = unpack(file, tar);
  // Its error is thrown below, whichever of the two notices first.
  unpacking.catch(() => {});
  let count = 0;
  try {
    for await (const entry of tar) {
      const { header } = entry;
      const fault = headerFault(header);
      if (fault !== undefined) throw refused(file, fault);
      if (++count > MAX_ENTRIES) throw refused(file, `it holds more than ${MAX_ENTRIES} files`);
      if (header.type === 'directory') {
        entry.resume();
        continue;
      }
      let isRead = false;
      yield {
        path: header.name,
        bytes: header.size ?? 0,
        read: () => {
          isRead = true;
          return explained(file, entry as AsyncIterable<Uint8Array>, unpacking);
        },
      };
      if (!isRead) entry.resume();
    }
    await unpacking;
  } catch (error) {
    throw await explain(file, error, unpacking);
  } finally {
    tar.destroy();
  }
}

async function unpack(file: string, tar: ReturnType<typeof extract>): Promise<void> {
  let packed = 0;
  let inflated = 0;
  await pipeline(
    createReadStream(file, { highWaterMark: 1 << 18 }),
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        packed += chunk.length;
        yield chunk;
      }
    },
    createGunzip({ chunkSize: 1 << 18 }),
    async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        inflated += chunk.length;
        if (inflated > MAX_INFLATED_BYTES) throw refused(file, `it inflates to more than ${MAX_INFLATED_BYTES} bytes`);
        if (inflated > RATIO_FROM_BYTES && inflated > packed * MAX_RATIO) {
          throw refused(file, `it inflates to more than ${MAX_RATIO} times its size, as no backup does`);
        }
        yield chunk;
      }
    },
    tar,
  );
}

function headerFault(header: Header): string | undefined {
  const name = printable(header.name);
  if (!['file', 'contiguous-file', 'directory'].includes(header.type ?? '')) {
    return `${name} in it is ${header.type === 'symlink' || header.type === 'link' ? 'a link' : 'neither a file nor a directory'}`;
  }
  return pathFault(header.name);
}

/** The contents of one entry; its errors reach whoever reads it, and not the loop over the entries. */
async function* explained(
  file: string,
  entry: AsyncIterable<Uint8Array>,
  unpacking: Promise<void>,
): AsyncGenerator<Uint8Array> {
  try {
    yield* entry;
  } catch (error) {
    throw await explain(file, error, unpacking);
  }
}

/** What went wrong first: reading the file, inflating it, or the tar within. */
async function explain(file: string, error: unknown, unpacking: Promise<void>): Promise<unknown> {
  if (error instanceof CertkeepError) return error;
  const first = await Promise.race([unpacking.then(() => error).catch((e: unknown) => e), immediate(error)]);
  if (first instanceof CertkeepError) return first;
  const { code, syscall } = first as NodeJS.ErrnoException;
  if (syscall !== undefined) {
    return new CertkeepError(
      'wrong-usage',
      `${file} cannot be read (${code ?? 'error'}).`,
      'Give a file that this user may read.',
      {
        cause: first,
      },
    );
  }
  if (code?.startsWith('Z_')) return refused(file, 'its gzip compression is broken or cut', first);
  return refused(file, 'it holds no whole tar archive', first);
}

/** The error itself, should the stream never settle. */
const immediate = (error: unknown): Promise<unknown> => new Promise((resolve) => setTimeout(resolve, 100, error));
