import { createHmac } from 'node:crypto';
import type { Manifest } from '../model/backup.ts';
import { canonicalJson, sha256Hex } from './canonical.ts';

/** Bytes of a digest key. */
export const DIGEST_KEY_BYTES = 32;

/** `sha256:<hex>` of an object's line (without the newline). For objects without any credential. */
export function plainDigest(line: string): string {
  return `sha256:${sha256Hex(line)}`;
}

/**
 * `hmac-sha256:<hex>` of an object's line (without the newline) under the backup's digest key. For Secrets and whatever
 * else holds a credential: a bare hash of a short password could be guessed.
 */
export function keyedDigest(line: string, key: Uint8Array): string {
  return `hmac-sha256:${createHmac('sha256', key).update(line).digest('hex')}`;
}

/** The bytes of manifest.json: canonical JSON and a newline. */
export function manifestText(manifest: Manifest): string {
  return `${canonicalJson(manifest)}\n`;
}

/**
 * `sha256:<hex>` of the manifest's bytes as they would be without the field `root`: what
 * `jq -cS 'del(.root)' manifest.json | sha256sum` prints.
 */
export function manifestRoot(manifest: Omit<Manifest, 'root'>): string {
  const { root: _, ...rest } = manifest as Manifest;
  return `sha256:${sha256Hex(`${canonicalJson(rest)}\n`)}`;
}
