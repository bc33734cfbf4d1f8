import { readFileSync, statSync } from 'node:fs';
import { PublicError, wrongInput } from './public-error.ts';

/**
 * The public keys of the input `age-recipients`: each entry is one, or the path of a file that lists some (one a line,
 * `#` begins a comment).
 *
 * @throws PublicError `wrong-usage` for an entry that is neither, or that is a secret key.
 */
export function loadRecipients(entries: readonly string[]): string[] {
  const keys = entries.flatMap((entry) => (entry.startsWith('age1') ? [entry] : fromFile('age-recipients', entry)));
  for (const key of keys) {
    if (!/^age1[a-z0-9]{10,}$/.test(key)) {
      throw wrongInput(
        'age-recipients',
        'an entry is no age public key (those begin with `age1`; keys of SSH and of plugins are not supported).',
        'Make a key pair with `age-keygen -o key.txt`, keep `key.txt` secret, and give the public key that it prints.',
      );
    }
  }
  return [...new Set(keys)];
}

/**
 * The secret keys of the input `age-identity` (or of `CERTKEEP_IDENTITY`): lines of an age identity file, or the path of
 * one. Each is handed to `mask` before it is used.
 *
 * @throws PublicError `cannot-decrypt` where it is neither; the text itself is never in the message.
 */
export function loadIdentities(input: string, mask: (secret: string) => void): string[] {
  if (input === '') return [];
  const text = /AGE-SECRET-KEY-/i.test(input) || input.includes('\n') ? input : read(input);
  const lines = (text ?? input)
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  for (const line of lines) mask(line);
  if (
    text === undefined ||
    lines.length === 0 ||
    lines.some((line) => !/^AGE-SECRET-KEY-(PQ-)?1[A-Z0-9]+$/.test(line))
  ) {
    throw new PublicError(
      'cannot-decrypt',
      'Input `age-identity`: it is neither an age secret key (`AGE-SECRET-KEY-1…`) nor the path of a file with one. Likely the secret it comes from is empty here (secrets do not reach pull requests from forks, nor jobs outside their environment), or it holds the public key.',
      `Store the content of the file that \`age-keygen\` wrote as a secret, and give it as \`age-identity: \${{ secrets.NAME }}\`.`,
    );
  }
  return lines;
}

function fromFile(input: string, path: string): string[] {
  const text = read(path);
  if (text === undefined) {
    throw wrongInput(
      input,
      'an entry is neither an age public key (`age1…`) nor the path of a file that can be read.',
      'Give public keys, or the path of a file that lists them; a file of the repository needs actions/checkout first.',
    );
  }
  return text
    .split('\n')
    .map((line) => line.replace(/#.*/, '').trim())
    .filter((line) => line !== '');
}

function read(path: string): string | undefined {
  try {
    return path.length < 4096 && statSync(path).isFile() ? readFileSync(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}
