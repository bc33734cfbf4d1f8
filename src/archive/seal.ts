import { Decrypter, Encrypter } from 'age-encryption';
import { CertkeepError } from '../model/problems.ts';

/** A header of age is read whole before its MAC is checked. 4 MiB hold more than 1,000 post-quantum recipients. */
const MAX_HEADER_BYTES = 4 * 1024 * 1024;

/** An encrypter to all of the recipients. Its use may be repeated, each time with a fresh file key. */
export interface Sealer {
  seal(plain: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
}

/**
 * Prepares encryption to age recipients: X25519 (`age1…`) and the post-quantum hybrid (`age1pq1…`); whoever holds the
 * identity of any one of them can decrypt. Throws wrong-usage for a recipient that is none, or an empty list.
 */
export function sealer(recipients: readonly string[]): Sealer {
  const encrypter = new Encrypter();
  for (const recipient of recipients) addRecipient(encrypter, recipient);
  if (recipients.length === 0) throw wrongRecipient('no recipient was given');
  return {
    async *seal(plain) {
      yield* await encrypter.encrypt(ReadableStream.from(plain) as ReadableStream<Uint8Array>);
    },
  };
}

function addRecipient(encrypter: Encrypter, recipient: string): void {
  const shown = recipient.length > 16 ? `${recipient.slice(0, 16)}…` : recipient;
  if (/^AGE-(?:SECRET-KEY|PLUGIN)-/i.test(recipient)) {
    throw wrongRecipient('an identity (the private half) was given where a recipient (the public half) belongs');
  }
  try {
    encrypter.addRecipient(recipient);
  } catch (cause) {
    throw wrongRecipient(`"${printable(shown)}" is no age recipient`, cause);
  }
}

function wrongRecipient(what: string, cause?: unknown): CertkeepError {
  return new CertkeepError(
    'wrong-usage',
    `Nothing can be encrypted: ${what}.`,
    'Give the public key that `age-keygen -y identity.txt` prints; it begins with age1.',
    { cause },
  );
}

function printable(text: string): string {
  return text.replace(/[^\x21-\x7e…]/g, '?');
}

/** What opens sealed files. */
export interface Opener {
  /**
   * The plain bytes of one sealed file. Throws cannot-decrypt where no identity fits, damaged-backup where the file is
   * no age file or was changed.
   */
  open(sealed: AsyncIterable<Uint8Array>, file: string): AsyncIterable<Uint8Array>;
}

/**
 * Prepares decryption with the identities in these texts, which are contents of age identity files: one identity a
 * line, empty lines and lines that begin with `#` allowed. Undefined where there is no text at all.
 * Throws cannot-decrypt for a line that is no identity. Nothing of a text is ever repeated in a message.
 */
export function opener(identityTexts: readonly string[]): Opener | undefined {
  if (identityTexts.length === 0) return undefined;
  const lines = identityTexts.flatMap((text) =>
    text
      .replace(/^\uFEFF/, '')
      .split(/\r?\n/)
      .map((line) => line.trim())
      .filter((line) => line !== '' && !line.startsWith('#')),
  );
  if (lines.length === 0) throw wrongIdentity('the identity that was given holds no key, only white space or comments');
  const decrypter = new Decrypter();
  for (const [i, line] of lines.entries()) addIdentity(decrypter, line, i + 1);
  return {
    async *open(sealed, file) {
      const stream = await decryptStream(decrypter, sealed, file);
      try {
        yield* stream;
      } catch (cause) {
        if (cause instanceof CertkeepError) throw cause;
        throw damaged(file, 'its encrypted contents were changed or cut', cause);
      }
    },
  };
}

function addIdentity(decrypter: Decrypter, line: string, number: number): void {
  try {
    decrypter.addIdentity(line);
  } catch {
    // The error is not kept as a cause: it may quote the key.
    throw wrongIdentity(`identity ${number} of those given is not readable: ${identityHint(line)}`);
  }
}

function identityHint(line: string): string {
  if (/^age1/i.test(line)) return 'it is a recipient (the public half)';
  if (/^AGE-PLUGIN-/i.test(line)) return 'it belongs to an age plugin, and certkeep runs none';
  if (/^ssh-|-----BEGIN/i.test(line)) return 'it is an SSH key, and certkeep takes age keys only';
  if (/^age-encryption\.org\//.test(line)) return 'it is encrypted itself; decrypt it with age first';
  return 'it should begin with AGE-SECRET-KEY-';
}

function wrongIdentity(what: string): CertkeepError {
  return new CertkeepError('cannot-decrypt', `The backup cannot be decrypted: ${what}.`, IDENTITY_FIX);
}

const IDENTITY_FIX =
  'Give the identity file that belongs to one of the recipients in manifest.json (--identity-file, or the variable CERTKEEP_IDENTITY).';

async function decryptStream(
  decrypter: Decrypter,
  sealed: AsyncIterable<Uint8Array>,
  file: string,
): Promise<AsyncIterable<Uint8Array>> {
  try {
    return await decrypter.decrypt(ReadableStream.from(boundedHeader(sealed, file)) as ReadableStream<Uint8Array>);
  } catch (cause) {
    if (cause instanceof CertkeepError) throw cause;
    const text = cause instanceof Error ? cause.message : '';
    if (text.includes('no identity matched')) {
      throw new CertkeepError(
        'cannot-decrypt',
        `${file} cannot be decrypted: none of the identities given belongs to a recipient of this backup.`,
        IDENTITY_FIX,
      );
    }
    throw damaged(file, 'it is no whole age file', cause);
  }
}

/** Passes the bytes through, and stops where the header does not end within its bound. */
async function* boundedHeader(sealed: AsyncIterable<Uint8Array>, file: string): AsyncIterable<Uint8Array> {
  let seen = 0;
  let tail = '';
  let inHeader = true;
  for await (const chunk of sealed) {
    if (inHeader) {
      const text = tail + Buffer.from(chunk).toString('latin1');
      inHeader = !text.includes('\n--- ');
      tail = text.slice(-4);
      seen += chunk.length;
      if (inHeader && seen > MAX_HEADER_BYTES) throw damaged(file, 'its age header does not end');
    }
    yield chunk;
  }
}

function damaged(file: string, what: string, cause?: unknown): CertkeepError {
  return new CertkeepError('damaged-backup', `${file} is damaged: ${what}.`, 'Take another copy of the backup.', {
    cause,
  });
}
