import type { Manifest } from '../model/backup.ts';
import { CertkeepError } from '../model/problems.ts';
import { manifestRoot } from './digests.ts';
import { damaged, noBackup } from './errors.ts';
import { parseCanonical } from './lines.ts';
import { manifestSchema, misfit } from './schemas.ts';
import type { BackupSource } from './source.ts';
import { FILE, FORMAT, FORMAT_VERSION } from './stages.ts';

/** 16 MiB: many times what the longest list of recipients needs. */
const MAX_MANIFEST_BYTES = 16 * 1024 * 1024;

/**
 * Reads manifest.json and judges it by itself: format and major version, canonical bytes, shape, root.
 *
 * @param expectRoot the root that it must have, with or without `sha256:`.
 * Throws no-backup, unknown-format, damaged-backup, wrong-root; wrong-usage for an expectRoot that is no digest.
 */
export async function readManifest(
  source: BackupSource,
  path: string,
  expectRoot: string | undefined,
): Promise<Manifest> {
  const expected = expectRoot === undefined ? undefined : rootDigest(expectRoot);
  const text = await manifestBytes(source);
  refuseOtherFormats(text, path);
  if (!text.endsWith('\n')) throw damaged(`${FILE.manifest} was cut`);
  const value = parseCanonical(text.slice(0, -1), (what, cause) =>
    damaged(`${FILE.manifest} was changed: ${what}`, cause),
  );
  const fault = misfit(manifestSchema, value);
  if (fault !== undefined) throw damaged(`${FILE.manifest}: ${fault}`);
  const manifest = value as Manifest;
  if (manifestRoot(manifest) !== manifest.root) throw damaged(`${FILE.manifest} was changed: its root does not fit`);
  if (expected !== undefined && expected !== manifest.root) throw wrongRoot(expected, manifest.root);
  return manifest;
}

async function manifestBytes(source: BackupSource): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of source.open(FILE.manifest)) {
    length += chunk.length;
    if (length > MAX_MANIFEST_BYTES) throw damaged(`${FILE.manifest} is longer than ${MAX_MANIFEST_BYTES} bytes`);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch (cause) {
    throw damaged(`${FILE.manifest} is not UTF-8`, cause);
  }
}

/** A newer format may be written in another way, so this comes before everything else is judged. */
function refuseOtherFormats(text: string, path: string): void {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged(`${FILE.manifest} is not JSON, so it was cut or changed`);
  }
  const { format, formatVersion } = (value ?? {}) as { format?: unknown; formatVersion?: unknown };
  if (format !== FORMAT) throw noBackup(path, `its manifest.json is not that of a ${FORMAT}`);
  const [major] = FORMAT_VERSION.split('.');
  if (typeof formatVersion === 'string' && /^\d{1,4}\.\d{1,4}$/.test(formatVersion)) {
    if (formatVersion.split('.')[0] === major) return;
    throw new CertkeepError(
      'unknown-format',
      `The backup has the format version ${formatVersion}, and this certkeep reads ${major}.x.`,
      'Use a certkeep that knows that version; docs/backup-format.md lists them.',
    );
  }
  throw new CertkeepError(
    'unknown-format',
    'The backup names no format version that certkeep knows.',
    'The manifest was changed, or written by another program. Take another copy of the backup.',
  );
}

function rootDigest(text: string): string {
  const hex = /^(?:sha256:)?([0-9a-f]{64})$/.exec(text.trim().toLowerCase())?.[1];
  if (hex !== undefined) return `sha256:${hex}`;
  throw new CertkeepError(
    'wrong-usage',
    'The expected root is no SHA-256 digest.',
    'Give the value that `backup` printed as root, or that the Action gave as output root-digest: sha256: and 64 hex digits.',
  );
}

function wrongRoot(expected: string, found: string): CertkeepError {
  return new CertkeepError(
    'wrong-root',
    `This is another backup than the one asked for: its root is ${found}, and ${expected} was expected.`,
    'Use the backup whose root digest was printed when it was made; a changed root means that the backup was changed or is another one.',
  );
}
