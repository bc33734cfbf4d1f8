import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';

/** A fresh age key pair for one run, its identity in a file that only this user can read. */
export async function newIdentity(): Promise<{ identity: string; recipient: string; file: string }> {
  const identity = await generateX25519Identity();
  const file = join(mkdtempSync(join(tmpdir(), 'certkeep-key-')), 'key.txt');
  writeFileSync(file, `${identity}\n`, { mode: 0o600 });
  return { identity, recipient: await identityToRecipient(identity), file };
}
