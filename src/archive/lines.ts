import { TextDecoder } from 'node:util';
import { CertkeepError } from '../model/problems.ts';
import { canonicalJson } from './canonical.ts';

/** The longest line that is read, in bytes. The API server takes no request above 3 MiB. */
export const MAX_LINE_BYTES = 4 * 1024 * 1024;
/** The most lines that one file may have. */
export const MAX_LINES = 500_000;

/** One line of a file, as text without its newline and as the value that it says. */
export interface Line {
  /** Counted from 1. */
  number: number;
  text: string;
  value: unknown;
}

/** The error for a file of a backup that is not as it was written. */
export function damagedLine(file: string, number: number, what: string, cause?: unknown): CertkeepError {
  return new CertkeepError(
    'damaged-backup',
    `${file} line ${number}: ${what}.`,
    'The file is not as certkeep wrote it. Take another copy of the backup.',
    { cause },
  );
}

/**
 * Reads lines of canonical JSON (canonical.ts). Each line ends with one newline, the last one too. Whatever would be
 * written in another way is refused, and with it duplicate keys, white space, odd escapes, NUL, `__proto__` and deep
 * nesting; so are invalid UTF-8, lines above MAX_LINE_BYTES and more than MAX_LINES lines. Memory is bounded by one line.
 *
 * @param file name for messages. Throws damaged-backup with file and line.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array>,
  file: string,
  limits: { lineBytes?: number; lines?: number } = {},
): AsyncGenerator<Line> {
  const lineBytes = limits.lineBytes ?? MAX_LINE_BYTES;
  const lines = limits.lines ?? MAX_LINES;
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let rest: Uint8Array[] = [];
  let restLength = 0;
  let number = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(10, from); ; end = chunk.indexOf(10, from)) {
      const part = chunk.subarray(from, end < 0 ? undefined : end);
      if (restLength + part.length > lineBytes) {
        throw damagedLine(file, number + 1, `the line is longer than ${lineBytes} bytes`);
      }
      if (end < 0) {
        // Copied: the source may use the chunk's memory again.
        if (part.length > 0) rest.push(part.slice());
        restLength += part.length;
        break;
      }
      number += 1;
      if (number > lines) throw damagedLine(file, number, `the file has more than ${lines} lines`);
      const bytes = restLength === 0 ? part : Buffer.concat([...rest, part]);
      yield parse(decoder, bytes, file, number);
      rest = [];
      restLength = 0;
      from = end + 1;
    }
  }
  if (restLength > 0) throw damagedLine(file, number + 1, 'the line does not end with a newline, so the file was cut');
}

function parse(decoder: TextDecoder, bytes: Uint8Array, file: string, number: number): Line {
  const text = decodeUtf8(decoder, bytes, file, number);
  return { number, text, value: parseCanonical(text, (what, cause) => damagedLine(file, number, what, cause)) };
}

function decodeUtf8(decoder: TextDecoder, bytes: Uint8Array, file: string, number: number): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw damagedLine(file, number, 'it is not UTF-8', cause);
  }
}

/** The value of a text that must be canonical JSON; else throws what `refuse` makes of the reason. */
export function parseCanonical(text: string, refuse: (what: string, cause?: unknown) => Error): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, which may be a Secret's.
    throw refuse('it is not JSON');
  }
  let again: string;
  try {
    again = canonicalJson(value);
  } catch (cause) {
    throw refuse(cause instanceof TypeError ? cause.message : 'it is nested too deeply', cause);
  }
  if (again !== text) {
    throw refuse('it is not canonical JSON (keys sorted and each only once, no white space, plain escapes)');
  }
  return value;
}
