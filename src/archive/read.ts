import { createHash } from 'node:crypto';
import type { BackupContents, IndexEntry, ManagedFieldsRecord, Manifest, StatusRecord } from '../model/backup.ts';
import { type KubeObject, refName, type Secret } from '../model/objects.ts';
import { CertkeepError } from '../model/problems.ts';
import { type AllowedContext, whyNotAllowed } from './allowed.ts';
import { DIGEST_KEY_BYTES, keyedDigest, plainDigest } from './digests.ts';
import { damaged, printable, surplus } from './errors.ts';
import { inlineCredentials } from './inline.ts';
import { damagedLine, type Line, MAX_LINE_BYTES, readLines } from './lines.ts';
import { readManifest } from './manifest.ts';
import { keyOfObject, objectKey } from './order.ts';
import { indexEntrySchema, managedFieldsRecordSchema, misfit, requestSchema, statusRecordSchema } from './schemas.ts';
import { type Opener, opener } from './seal.ts';
import { type BackupSource, openSource } from './source.ts';
import {
  emptyContents,
  FILE,
  fileOf,
  MAX_FILE_BYTES,
  OBJECT_SECTIONS,
  type ObjectSection,
  ROLE_FILES,
  SEALED,
  type Section,
} from './stages.ts';

export interface ReadOptions {
  /** A backup's directory, or the artifact's .zip as downloaded. */
  path: string;
  /** Contents of age identity files; [] to look at what is readable only. */
  identities: readonly string[];
  /** `sha256:<hex>`, or the hex alone: the root that the backup must have. */
  expectRoot?: string;
  /**
   * Called for each Secret, in order, when all else has been read. What it returns is kept in the Secret's place: who
   * needs facts only returns it without its values, and does not hold the keys of a whole company at once.
   */
  eachSecret?: (secret: Secret, backup: OpenedBackup) => Secret;
}

export interface OpenedBackup {
  path: string;
  manifest: Manifest;
  root: string;
  contents: BackupContents;
  /** Names on disk of files that could not be read because no identity was given; [] = all was read. */
  sealed: string[];
  /** The text of RESTORE.md; undefined where it stays sealed. */
  restoreMd: string | undefined;
}

/**
 * Opens a backup and refuses it unless it is whole and exactly as certkeep writes them: manifest, root, digests, counts, one
 * index line for each object and the reverse, only kinds and fields that may be restored. Nothing of it is used before.
 * See docs/backup-format.md for every rule.
 *
 * Throws CertkeepError: no-backup, unknown-format, damaged-backup, forbidden-object, wrong-root (all exit 4),
 * cannot-decrypt (5), wrong-usage for an expectRoot that is no digest.
 */
export async function readBackup(options: ReadOptions): Promise<OpenedBackup> {
  const unlock = opener(options.identities);
  const source = await openSource(options.path);
  try {
    const manifest = await readManifest(source, options.path, options.expectRoot);
    checkFileList(source, manifest);
    // All files before the first is taken apart, so that a damaged one is called so and not misread. They are
    // compared again while they are read: nobody can swap one in between.
    for (const name of Object.keys(manifest.files)) for await (const _ of verified(source, manifest, name));
    const reader = new Reader(source, manifest, unlock);
    const contents = emptyContents();
    const backup = {
      path: options.path,
      manifest,
      root: manifest.root,
      contents,
      sealed: reader.sealed,
      restoreMd: await reader.restoreMd(),
    };
    await reader.fill(contents, (secret) => options.eachSecret?.(secret, backup) ?? secret);
    return backup;
  } finally {
    await source.close();
  }
}

const ALL_NAMES: readonly string[] = Object.values(FILE).filter((name) => name !== FILE.manifest);

/** Names, sizes and encryption of the files: as the manifest says, and as the format allows. */
function checkFileList(source: BackupSource, manifest: Manifest): void {
  for (const [name, file] of Object.entries(manifest.files)) {
    const plainName = name.endsWith(SEALED) ? name.slice(0, -SEALED.length) : name;
    if (!ALL_NAMES.includes(plainName)) throw damaged(`the manifest names ${printable(name)}, which no backup has`);
    const found = source.files.get(name);
    if (found === undefined) throw damaged(`${name} is missing`);
    if (file.bytes > MAX_FILE_BYTES) throw damaged(`${name} is larger than any backup's`);
    if (found.bytes !== file.bytes) {
      throw damaged(`${name} has ${found.bytes} bytes and should have ${file.bytes}, so it was cut or changed`);
    }
    if (name !== plainName && plainName in manifest.files)
      throw damaged(`${plainName} is there both sealed and in clear`);
    const mustSeal =
      manifest.encryption === 'all' || (manifest.encryption === 'secrets' && SECRET_FILES.includes(plainName));
    if (mustSeal && name === plainName) throw damaged(`${name} should be sealed and lies in clear`);
    if (manifest.encryption === 'none' && name !== plainName) throw damaged(`${name} is sealed and should not be`);
  }
  for (const name of source.files.keys()) {
    if (name !== FILE.manifest && !Object.hasOwn(manifest.files, name)) {
      throw surplus(`${printable(name)} is not named in the manifest`);
    }
  }
  for (const name of [FILE.index, FILE.restoreMd]) {
    if (onDisk(manifest, name) === undefined) throw damaged(`${name} is missing from the manifest`);
  }
}

/** Files that are sealed wherever anything is. */
const SECRET_FILES: readonly string[] = [FILE.secrets, FILE.digestKey];

/** The name of a file as it lies in the backup, sealed or not; undefined where it is not there. */
function onDisk(manifest: Manifest, file: string): string | undefined {
  return [file, file + SEALED].find((name) => Object.hasOwn(manifest.files, name));
}

/** The bytes of a file; throws damaged-backup at their end where they are not those of the manifest. */
async function* verified(source: BackupSource, manifest: Manifest, name: string): AsyncGenerator<Uint8Array> {
  const hash = createHash('sha256');
  for await (const chunk of source.open(name)) {
    hash.update(chunk);
    yield chunk;
  }
  if (hash.digest('hex') !== manifest.files[name]?.sha256)
    throw damaged(`${name} was changed since the backup was made`);
}

class Reader {
  readonly sealed: string[] = [];
  readonly #source: BackupSource;
  readonly #manifest: Manifest;
  readonly #unlock: Opener | undefined;
  readonly #allowed: AllowedContext;

  constructor(source: BackupSource, manifest: Manifest, unlock: Opener | undefined) {
    this.#source = source;
    this.#manifest = manifest;
    this.#unlock = unlock;
    this.#allowed = { include: manifest.scope.include, certManagerNamespace: manifest.certManager.namespace };
  }

  /** Reads all parts into `contents`; the Secrets last. */
  async fill(contents: BackupContents, eachSecret: (secret: Secret) => Secret): Promise<void> {
    const digestKey = await this.#digestKey();
    contents.index = await this.#index();
    const index = new ObjectIndex(contents.index, digestKey);
    for (const section of OBJECT_SECTIONS) {
      if (section !== 'secrets') contents[section] = await this.#objects(section, index, (object) => object);
    }
    contents.status = (await this.#records('status', statusRecordSchema, index)) as StatusRecord[];
    contents.managedFields = (await this.#records(
      'managedFields',
      managedFieldsRecordSchema,
      index,
    )) as ManagedFieldsRecord[];
    contents.requests = (await this.#records('requests', requestSchema, undefined)) as KubeObject[];
    contents.secrets = await this.#objects('secrets', index, (object) => eachSecret(object as Secret));
  }

  async restoreMd(): Promise<string | undefined> {
    const bytes = this.#plain(FILE.restoreMd);
    if (bytes === undefined) return undefined;
    const parts: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of bytes) {
      length += chunk.length;
      if (length > MAX_LINE_BYTES) throw damaged(`${FILE.restoreMd} is larger than any backup's`);
      parts.push(chunk.slice());
    }
    return Buffer.concat(parts).toString('utf8');
  }

  /** Plain bytes of a file; undefined where it is not there or stays sealed. */
  #plain(file: string): AsyncIterable<Uint8Array> | undefined {
    const name = onDisk(this.#manifest, file);
    if (name === undefined) return undefined;
    const bytes = verified(this.#source, this.#manifest, name);
    if (name === file) return bytes;
    if (this.#unlock !== undefined) return this.#unlock.open(bytes, name);
    this.sealed.push(name);
    return undefined;
  }

  #isReadable(file: string): boolean {
    const name = onDisk(this.#manifest, file);
    return name !== undefined && (name === file || this.#unlock !== undefined);
  }

  async #digestKey(): Promise<Uint8Array | undefined> {
    const bytes = this.#plain(FILE.digestKey);
    if (bytes === undefined) return undefined;
    let text = '';
    for await (const chunk of bytes) {
      text += Buffer.from(chunk).toString('latin1');
      if (text.length > 1000) break;
    }
    if (!/^[0-9a-f]+\n$/.test(text) || text.length !== DIGEST_KEY_BYTES * 2 + 1) {
      throw damaged(`${FILE.digestKey} is no digest key`);
    }
    return Buffer.from(text.trim(), 'hex');
  }

  /** Lines of a part, and its count compared with the manifest's. Yields nothing where the file is absent or sealed. */
  async *#lines(section: Section): AsyncGenerator<Line> {
    const file = fileOf(section);
    const expected = this.#manifest.counts[section] ?? 0;
    if (onDisk(this.#manifest, file) === undefined) {
      if (expected !== 0) throw damaged(`${file} is missing, and the manifest counts ${expected} lines in it`);
      return;
    }
    const bytes = this.#plain(file);
    if (bytes === undefined) return;
    let count = 0;
    for await (const line of readLines(bytes, file)) {
      count += 1;
      if (count > expected) throw damagedLine(file, count, `the manifest counts ${expected} lines only`);
      yield line;
    }
    if (count !== expected) throw damaged(`${file} has ${count} lines, and the manifest counts ${expected}`);
  }

  async #index(): Promise<IndexEntry[]> {
    const entries: IndexEntry[] = [];
    for await (const line of this.#lines('index')) {
      const fault = misfit(indexEntrySchema, line.value);
      if (fault !== undefined) throw damagedLine(FILE.index, line.number, fault);
      entries.push(line.value as IndexEntry);
    }
    return entries;
  }

  async #objects(
    section: ObjectSection,
    index: ObjectIndex,
    keep: (object: KubeObject) => KubeObject,
  ): Promise<KubeObject[]> {
    const objects: KubeObject[] = [];
    const file = fileOf(section);
    for await (const line of this.#lines(section)) {
      const fault = whyNotAllowed(line.value, section, this.#allowed);
      if (fault !== undefined) throw forbidden(file, line.number, fault);
      const object = line.value as KubeObject;
      index.match(object, file, line);
      objects.push(keep(object));
    }
    if (this.#isReadable(file) || onDisk(this.#manifest, file) === undefined) index.complete(file);
    else index.expect(file, this.#manifest.counts[section] ?? 0, this.#isReadable(FILE.index));
    return objects;
  }

  async #records(
    section: 'status' | 'managedFields' | 'requests',
    schema: typeof statusRecordSchema | typeof managedFieldsRecordSchema | typeof requestSchema,
    index: ObjectIndex | undefined,
  ): Promise<unknown[]> {
    const records: unknown[] = [];
    const file = fileOf(section);
    const seen = new Set<string>();
    for await (const line of this.#lines(section)) {
      const fault = misfit(schema, line.value);
      if (fault !== undefined) throw damagedLine(file, line.number, fault);
      const key = recordKey(line.value as KubeObject | StatusRecord);
      if (seen.has(key)) throw damagedLine(file, line.number, 'there is a line for the same object before');
      if (index !== undefined && !index.has(key))
        throw damagedLine(file, line.number, 'it is of an object that the backup does not hold');
      seen.add(key);
      records.push(line.value);
    }
    return records;
  }
}

function forbidden(file: string, line: number, fault: string): CertkeepError {
  return new CertkeepError(
    'forbidden-object',
    `${file} line ${line} must not be restored: ${fault}.`,
    'certkeep did not write this line: find out who changed the backup, and take one that you trust.',
  );
}

function recordKey(record: KubeObject | StatusRecord): string {
  return 'metadata' in record ? keyOfObject(record as KubeObject) : objectKey(record as StatusRecord);
}

/** The lines of the index, to be matched with the objects. */
class ObjectIndex {
  readonly #entries = new Map<string, IndexEntry>();
  readonly #open = new Map<string, Set<string>>();
  readonly #digestKey: Uint8Array | undefined;

  constructor(entries: readonly IndexEntry[], digestKey: Uint8Array | undefined) {
    this.#digestKey = digestKey;
    for (const [i, entry] of entries.entries()) {
      const key = objectKey(entry);
      if (this.#entries.has(key)) throw damagedLine(FILE.index, i + 1, 'there is a line for the same object before');
      this.#entries.set(key, entry);
      if (entry.file === '') {
        if (entry.digest !== '')
          throw damagedLine(FILE.index, i + 1, 'a digest is given for an object that is not there');
        continue;
      }
      if (entry.file !== ROLE_FILES[entry.role].file) {
        throw damagedLine(FILE.index, i + 1, `an object of the role ${entry.role} does not belong in that file`);
      }
      const open = this.#open.get(entry.file) ?? new Set();
      this.#open.set(entry.file, open.add(key));
    }
  }

  /** Is the object itself in the backup? */
  has(key: string): boolean {
    return (this.#entries.get(key)?.file ?? '') !== '';
  }

  /** Takes the line of this object off the list. Throws damaged-backup where there is none, or its digest differs. */
  match(object: KubeObject, file: string, line: Line): void {
    const { namespace, name } = object.metadata;
    const key = keyOfObject(object);
    const entry = this.#entries.get(key);
    if (entry === undefined)
      throw damagedLine(file, line.number, `${refName(object.kind, namespace, name)} is not in the index`);
    if (this.#open.get(file)?.delete(key) !== true) {
      throw damagedLine(
        file,
        line.number,
        `${refName(object.kind, namespace, name)} is there twice, or in the wrong file`,
      );
    }
    if (entry.digest !== this.#digest(object, line, file)) {
      throw damagedLine(file, line.number, `${refName(object.kind, namespace, name)} is not as the index says`);
    }
  }

  #digest(object: KubeObject, line: Line, file: string): string {
    if (!holdsCredential(object)) return plainDigest(line.text);
    if (this.#digestKey === undefined)
      throw damagedLine(file, line.number, `${FILE.digestKey} is needed for it and missing`);
    return keyedDigest(line.text, this.#digestKey);
  }

  /** Throws damaged-backup where the index names objects of this file that were not in it. */
  complete(file: string): void {
    const missing = [...(this.#open.get(file) ?? [])][0];
    if (missing !== undefined) throw damaged(`${missing} is in the index and not in ${file}`);
  }

  /** For a file that stays sealed: the index must name as many objects of it as the manifest counts. */
  expect(file: string, count: number, indexReadable: boolean): void {
    const named = this.#open.get(file)?.size ?? 0;
    if (indexReadable && named !== count) {
      throw damaged(`the index names ${named} objects of ${file}, and the manifest counts ${count}`);
    }
  }
}

/** Does the object count as a Secret? Then its digest is keyed and its file is sealed. */
export function holdsCredential(object: KubeObject): boolean {
  return (object.apiVersion === 'v1' && object.kind === 'Secret') || inlineCredentials(object).length > 0;
}
