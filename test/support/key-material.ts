import { createPrivateKey } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { TestCluster } from '../cluster/api.ts';

/** The search for key material where it must not be: in logs, summaries, outputs and files outside the sealed ones. */

/**
 * What a leak of a cluster's private keys would look like: the middle of each key's DER, and of each password, as raw
 * bytes, base64 at its three alignments, base64 of base64 and hex.
 */
export async function secretNeedles(cluster: TestCluster): Promise<Map<string, string[]>> {
  const { stdout } = await cluster.kubectl(['get', 'secrets', '-A', '-o', 'json']);
  const secrets = (
    JSON.parse(stdout) as { items: { metadata: { namespace: string; name: string }; data?: Record<string, string> }[] }
  ).items;
  const needles = new Map<string, string[]>();
  for (const secret of secrets) {
    for (const key of ['tls.key', 'password']) {
      const value = secret.data?.[key];
      if (value === undefined) continue;
      const bytes = Buffer.from(value, 'base64');
      const name = `${secret.metadata.namespace}/${secret.metadata.name} ${key}`;
      needles.set(name, key === 'password' ? forms(bytes) : [...forms(middle(derOf(bytes))), ...forms(middle(bytes))]);
    }
  }
  return needles;
}

/** DER without the parts that public data shares with it: the key's own bytes are near its end for EC, all over for RSA. */
function derOf(pem: Buffer): Buffer {
  return createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' });
}

/** The secret scalar of an EC or Ed25519 key is in the first half of its PKCS#8; the public point comes last. */
const middle = (bytes: Buffer) => {
  const at = bytes.length < 400 ? Math.floor(bytes.length * 0.3) : Math.floor(bytes.length * 0.5);
  return bytes.subarray(at, at + Math.min(48, Math.max(16, Math.floor(bytes.length * 0.15))));
};

function forms(bytes: Buffer): string[] {
  const base64s = (b: Buffer) =>
    [0, 1, 2].map((shift) => {
      const text = Buffer.concat([Buffer.alloc(shift), b]).toString('base64');
      // Whole groups only: the ends depend on the neighbours.
      return text.slice(shift === 0 ? 0 : 4, Math.floor((shift + b.length) / 3) * 4);
    });
  const once = base64s(bytes);
  const twice = once.flatMap((text) => base64s(Buffer.from(text)));
  return [bytes.toString('latin1'), bytes.toString('hex'), ...once, ...twice].filter((text) => text.length >= 12);
}

/** Names of the needles found in a text or in bytes. */
export function found(needles: Map<string, string[]>, haystack: string | Buffer): string[] {
  const text = typeof haystack === 'string' ? haystack : haystack.toString('latin1');
  return [...needles.entries()].filter(([, all]) => all.some((needle) => text.includes(needle))).map(([name]) => name);
}

/** Every file below a directory with its bytes. */
export function filesBelow(directory: string): { path: string; bytes: Buffer }[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ path, bytes: readFileSync(path) }));
}
