import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { temporaryDirectory } from './temporary.ts';

/** A fresh age key pair for one run, its identity in a file that only this user can read. */
export async function newIdentity(): Promise<{ identity: string; recipient: string; file: string }> {
  const identity = await generateX25519Identity();
  const file = join(temporaryDirectory('key'), 'key.txt');
  writeFileSync(file, `${identity}\n`, { mode: 0o600 });
  return { identity, recipient: await identityToRecipient(identity), file };
}
