import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, type FileHandle, mkdir, open, readdir, readFile, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { BackupContents, IndexEntry, Manifest, ManifestFile, ManifestHeader } from '../model/backup.ts';
import { FAO_LABEL } from '../model/kinds.ts';
import { type KubeObject, objectName } from '../model/objects.ts';
import { CertkeepError } from '../model/problems.ts';
import { whyNotAllowed } from './allowed.ts';
import { canonicalJson } from './canonical.ts';
import { DIGEST_KEY_BYTES, keyedDigest, manifestRoot, manifestText, plainDigest } from './digests.ts';
import { inlineCredentials } from './inline.ts';
import { keyOfObject, objectKey, ordered } from './order.ts';
import { portable } from './portable.ts';
import { makersOf, restoreMd } from './restore-md.ts';
import { type Sealer, sealer } from './seal.ts';
import {
  FILE,
  FORMAT,
  FORMAT_VERSION,
  fileOf,
  OBJECT_SECTIONS,
  type ObjectSection,
  ROLE_FILES,
  SEALED,
  SECTIONS,
  type Section,
} from './stages.ts';

export interface WriteOptions {
  /** Where the backup shall be. It must not exist, or be empty; its parents are made. */
  directory: string;
  /** What errors call it; default `directory`. For a backup that gets its final name later. */
  shownAs?: string;
  header: Omit<ManifestHeader, 'encryption' | 'recipients' | 'counts' | 'restorable'> & { restorable: boolean };
  /** In any order. Each object in it needs its index entry, whose `file` and `digest` are filled in here. */
  contents: BackupContents;
  /** age public keys; [] for none. */
  recipients: readonly string[];
  /** What is sealed where there are recipients. */
  encrypt: 'secrets' | 'all';
  allowPlaintextSecrets: boolean;
  /** 32 bytes; random where it is not given. */
  digestKey?: Uint8Array;
}

export interface WrittenBackup {
  path: string;
  root: string;
  manifest: Manifest;
}

/**
 * Writes a backup: into a directory aside (`<directory>.partial-<random>`), synced to the disk, then renamed, so that
 * nothing half written ever has the final name; on any error the directory aside is removed. Files are 0600, directories
 * 0700. The same contents, header and digest key give the same bytes, encryption aside.
 *
 * Every object is made portable first (portable.ts), and Secrets of Certificates get the label that cert-manager's cache
 * asks for. No credential is ever written in clear where there are recipients.
 *
 * Throws CertkeepError: output-not-empty, output-not-writable, wrong-usage (a bad recipient), plaintext-secrets,
 * inline-credential, forbidden-object (something that no backup may hold).
 */
export async function writeBackup(options: WriteOptions): Promise<WrittenBackup> {
  const path = resolve(options.directory);
  await checkOutputDirectory(path);
  const seal = options.recipients.length > 0 ? sealer(options.recipients) : undefined;
  const plan = prepare(options, seal !== undefined);
  const aside = `${path}.partial-${randomBytes(6).toString('hex')}`;
  try {
    await makeParents(path);
    await makeDirectory(aside, false);
    const manifest = await writeFiles(aside, options, plan, seal);
    await moveIntoPlace(aside, path);
    return { path, root: manifest.root, manifest };
  } catch (error) {
    await rm(aside, { recursive: true, force: true }).catch(() => {});
    throw notWritable(resolve(options.shownAs ?? options.directory), error);
  }
}

/**
 * Refuses an output directory that exists and is not empty, so that a backup never mixes with another; one inside
 * another backup, which would no longer be whole; and one that could not be made. Nothing is written.
 * Throws output-not-empty; output-not-writable.
 */
export async function checkOutputDirectory(directory: string): Promise<void> {
  const path = resolve(directory);
  let names: string[];
  try {
    names = await readdir(path);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT') {
      await checkParents(path);
      return;
    }
    if (code !== 'ENOTDIR') throw notWritable(path, error);
    throw new CertkeepError(
      'output-not-empty',
      `${path}, or a part of that path, is a file, so no backup can be written there.`,
      'Name a directory that does not exist yet, for example one with the date in its name.',
    );
  }
  if (names.length === 0) {
    await checkParents(path);
    return;
  }
  throw new CertkeepError(
    'output-not-empty',
    `The directory ${path} is not empty, and a backup is never written over anything.`,
    'Name a directory that does not exist yet, for example one with the date in its name, or remove this one.',
  );
}

async function checkParents(path: string): Promise<void> {
  let existing: string | undefined;
  for (let parent = dirname(path), last = path; parent !== last; last = parent, parent = dirname(parent)) {
    const manifest = await readFile(join(parent, FILE.manifest), 'utf8').catch(() => '');
    if (/"format": ?"certkeep-backup"/.test(manifest)) {
      throw new CertkeepError(
        'output-not-writable',
        `${path} lies inside another backup (${parent}), which would be damaged by it: a backup holds nothing but its own files.`,
        'Name a directory beside that backup.',
      );
    }
    if (existing === undefined && (await stat(parent).catch(() => undefined)) !== undefined) existing = parent;
  }
  await access(existing ?? '/', constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw notWritable(path, error);
  });
}

/** Errors of the file system as `output-not-writable` for the directory that was asked for; any other error as it is. */
export function notWritable(path: string, error: unknown): unknown {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (error instanceof CertkeepError || typeof code !== 'string' || syscall === undefined) return error;
  const causes: Record<string, string> = {
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    ENOENT: 'no such directory',
    ENOTDIR: 'a part of that path is a file',
    ENAMETOOLONG: 'the name is too long',
    EROFS: 'the file system is read-only',
    ENOSPC: 'the disk is full',
    EDQUOT: 'the quota is used up',
    EBUSY: 'the directory is in use, perhaps as a mount point',
    EXDEV: 'the directory is a mount point',
  };
  return new CertkeepError(
    'output-not-writable',
    `The backup cannot be written to ${path}: ${causes[code] ?? code}.`,
    'Name a directory that does not exist yet, below one that you may write to and that has room.',
    { cause: error },
  );
}

/** What is to be written, all decided before the first byte. */
interface Plan {
  contents: BackupContents;
  /** Objects that hold a credential besides Secrets. */
  credentials: ReadonlySet<KubeObject>;
  /** Files, without their ending, that are sealed. */
  sealed: ReadonlySet<string>;
  digestKey: Uint8Array;
  needsDigestKey: boolean;
  header: ManifestHeader;
}

function prepare(options: WriteOptions, canSeal: boolean): Plan {
  const entries = new Map(options.contents.index.map((entry) => [objectKey(entry), entry]));
  const contents = ordered(portableContents(options, entries), entries);
  const credentials = new Set<KubeObject>();
  for (const section of OBJECT_SECTIONS) {
    if (section === 'secrets' || section === 'crds') continue;
    for (const object of contents[section]) {
      const paths = inlineCredentials(object);
      if (paths.length === 0) continue;
      if (!canSeal && !options.allowPlaintextSecrets) throw inlineCredential(object, paths);
      credentials.add(object);
    }
  }
  if (contents.secrets.length > 0 && !canSeal && !options.allowPlaintextSecrets) throw plaintextSecrets(contents);
  const needsDigestKey = contents.secrets.length > 0 || credentials.size > 0;
  return {
    contents,
    credentials,
    sealed: canSeal ? sealedFiles(contents, credentials, options.encrypt) : new Set(),
    digestKey: digestKey(options),
    needsDigestKey,
    header: {
      ...options.header,
      encryption: canSeal ? options.encrypt : 'none',
      recipients: [...options.recipients],
      counts: Object.fromEntries(SECTIONS.map((section) => [section, contents[section].length])),
    },
  };
}

function digestKey(options: WriteOptions): Uint8Array {
  const key = options.digestKey ?? randomBytes(DIGEST_KEY_BYTES);
  if (key.length !== DIGEST_KEY_BYTES) throw new Error(`a digest key has ${DIGEST_KEY_BYTES} bytes`);
  return key;
}

/** Every object made portable, labelled, and held to the rules by which backups are read. */
function portableContents(options: WriteOptions, entries: ReadonlyMap<string, IndexEntry>): BackupContents {
  const { contents, header } = options;
  const context = { include: header.scope.include, certManagerNamespace: header.certManager.namespace };
  const leafNames = new Set([...contents.certificates, ...contents.derived].map(leafSecretName));
  const section = (name: ObjectSection): KubeObject[] =>
    contents[name].map((original) => {
      const object = portable(original);
      const role = entries.get(keyOfObject(object))?.role;
      if (role === undefined || ROLE_FILES[role].file !== fileOf(name)) {
        throw new Error(`${objectName(object)} has no index entry for ${fileOf(name)}`);
      }
      if (
        role === 'leaf-secret' ||
        (name === 'secrets' && leafNames.has(`${object.metadata.namespace}/${object.metadata.name}`))
      ) {
        object.metadata.labels = { ...object.metadata.labels, [FAO_LABEL]: 'true' };
      }
      const fault = whyNotAllowed(object, name, context);
      if (fault !== undefined) throw forbidden(object, fault);
      return object;
    });
  return {
    ...contents,
    namespaces: section('namespaces'),
    crds: section('crds'),
    secrets: section('secrets'),
    issuers: section('issuers'),
    certificates: section('certificates'),
    derived: section('derived'),
  };
}

function leafSecretName(certificate: KubeObject): string {
  const { secretName } = (certificate.spec ?? {}) as { secretName?: unknown };
  return `${certificate.metadata.namespace}/${String(secretName)}`;
}

function sealedFiles(
  contents: BackupContents,
  credentials: ReadonlySet<KubeObject>,
  encrypt: 'secrets' | 'all',
): ReadonlySet<string> {
  if (encrypt === 'all') return new Set(Object.values(FILE).filter((file) => file !== FILE.manifest));
  const withCredential = OBJECT_SECTIONS.filter((section) =>
    contents[section].some((object) => credentials.has(object)),
  );
  return new Set([FILE.secrets, FILE.digestKey, ...withCredential.map(fileOf)]);
}

function inlineCredential(object: KubeObject, paths: readonly string[]): CertkeepError {
  return new CertkeepError(
    'inline-credential',
    `${objectName(object)} holds a credential itself (${paths.join(', ')}), and there is no recipient to encrypt it to.`,
    'Give --recipient with an age public key, or move the credential into a Secret; --allow-plaintext-secrets writes it in clear.',
    { object: objectName(object) },
  );
}

function plaintextSecrets(contents: BackupContents): CertkeepError {
  return new CertkeepError(
    'plaintext-secrets',
    `${contents.secrets.length} Secrets would be written in clear, since there is no recipient to encrypt them to.`,
    'Give --recipient with an age public key (made by age-keygen), or --allow-plaintext-secrets if the place is safe for private keys.',
  );
}

function forbidden(object: KubeObject, fault: string): CertkeepError {
  return new CertkeepError(
    'forbidden-object',
    `${objectName(object)} cannot go into a backup: ${fault}.`,
    'Leave it out of the capture.',
    {
      object: objectName(object),
    },
  );
}

async function writeFiles(
  aside: string,
  options: WriteOptions,
  plan: Plan,
  seal: Sealer | undefined,
): Promise<Manifest> {
  const files: Record<string, ManifestFile> = {};
  const write = async (file: string, parts: Iterable<string>): Promise<void> => {
    const name = plan.sealed.has(file) ? file + SEALED : file;
    const plain = chunks(parts);
    files[name] = await writeFile(
      join(aside, name),
      plan.sealed.has(file) && seal !== undefined ? seal.seal(plain) : plain,
    );
  };
  const index = new Map(options.contents.index.map((entry) => [objectKey(entry), { ...entry, file: '', digest: '' }]));
  for (const section of SECTIONS.filter(
    (name): name is Exclude<Section, 'index'> => name !== 'index' && plan.contents[name].length > 0,
  )) {
    await makeDirectory(join(aside, dirname(fileOf(section))), true);
    await write(fileOf(section), lines(section, plan, index));
  }
  await write(FILE.index, indexLines(plan, index));
  if (plan.needsDigestKey) {
    await makeDirectory(join(aside, dirname(FILE.digestKey)), true);
    await write(FILE.digestKey, [`${Buffer.from(plan.digestKey).toString('hex')}\n`]);
  }
  const makers = makersOf(plan.contents.index);
  await write(FILE.restoreMd, [restoreMd({ header: plan.header, files: Object.keys(files), makers })]);
  const manifest = finish(plan.header, files);
  await writeFile(join(aside, FILE.manifest), chunks([manifestText(manifest)]));
  for (const directory of new Set(Object.keys(files).map(dirname))) await syncDirectory(join(aside, directory));
  return manifest;
}

function finish(header: ManifestHeader, files: Record<string, ManifestFile>): Manifest {
  const sealed = Object.keys(files).some((name) => name.endsWith(SEALED));
  const rest = {
    ...header,
    format: FORMAT,
    formatVersion: FORMAT_VERSION,
    files,
    ...(sealed ? { howTo: HOW_TO } : {}),
  } as const;
  return { ...rest, root: manifestRoot(rest) };
}

const HOW_TO =
  'Files that end in .age are encrypted with age (https://age-encryption.org): age -d -i IDENTITY_FILE FILE.age. RESTORE.md tells the rest.';

/** The lines of one part. For objects, `file` and `digest` of their index entry are set on the way. */
function* lines(
  section: Exclude<Section, 'index'>,
  plan: Plan,
  index: ReadonlyMap<string, IndexEntry>,
): Generator<string> {
  const isObjects = (OBJECT_SECTIONS as readonly string[]).includes(section);
  for (const value of plan.contents[section]) {
    const line = canonical(value, section);
    if (isObjects) {
      const object = value as KubeObject;
      const entry = index.get(keyOfObject(object));
      if (entry === undefined || entry.digest !== '') throw new Error(`${objectName(object)} is in the contents twice`);
      entry.file = fileOf(section);
      entry.digest =
        section === 'secrets' || plan.credentials.has(object) ? keyedDigest(line, plan.digestKey) : plainDigest(line);
    }
    yield `${line}\n`;
  }
}

function canonical(value: unknown, what: string): string {
  try {
    return canonicalJson(value);
  } catch (cause) {
    throw new CertkeepError(
      'forbidden-object',
      `One of the ${what} cannot be written: ${cause instanceof Error ? cause.message : 'it is no JSON'}.`,
      'Look for an object with unusual keys or very deep nesting, and leave it out of the capture.',
      { cause },
    );
  }
}

/** Index lines in the order of the files, then what is not in the backup itself. */
function* indexLines(plan: Plan, index: ReadonlyMap<string, IndexEntry>): Generator<string> {
  const inFiles = OBJECT_SECTIONS.flatMap((section) => plan.contents[section].map(keyOfObject));
  const absent = [...index].filter(([, entry]) => entry.file === '').map(([key]) => key);
  for (const key of [...inFiles, ...absent.sort()]) {
    const entry = index.get(key) as IndexEntry;
    yield `${canonical({ ...entry, referencedFrom: [...new Set(entry.referencedFrom)].sort() }, 'index lines')}\n`;
  }
}

const CHUNK_CHARS = 64 * 1024;

/** Texts as UTF-8, in pieces of a size that suits encryption and the disk. */
async function* chunks(parts: Iterable<string>): AsyncGenerator<Uint8Array> {
  let pending = '';
  for (const part of parts) {
    pending += part;
    if (pending.length < CHUNK_CHARS) continue;
    yield Buffer.from(pending);
    pending = '';
  }
  if (pending !== '') yield Buffer.from(pending);
}

async function writeFile(path: string, bytes: AsyncIterable<Uint8Array>): Promise<ManifestFile> {
  const hash = createHash('sha256');
  let length = 0;
  const handle = await open(path, 'wx', 0o600);
  try {
    for await (const chunk of bytes) {
      hash.update(chunk);
      length += chunk.length;
      await writeAll(handle, chunk);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { sha256: hash.digest('hex'), bytes: length };
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  for (let done = 0; done < chunk.length; ) {
    done += (await handle.write(chunk, done, chunk.length - done)).bytesWritten;
  }
}

async function makeDirectory(path: string, recursive: boolean): Promise<void> {
  await mkdir(path, { mode: 0o700, recursive });
}

/** One by one: Node's recursive mkdir never ends where the kernel says ENOENT to every mkdir (below /proc). */
async function makeParents(path: string): Promise<void> {
  const missing: string[] = [];
  for (let parent = dirname(path); ; parent = dirname(parent)) {
    if ((await stat(parent).catch(() => undefined)) !== undefined || parent === dirname(parent)) break;
    missing.unshift(parent);
  }
  for (const parent of missing) {
    await makeDirectory(parent, false).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

async function moveIntoPlace(aside: string, path: string): Promise<void> {
  await syncDirectory(aside);
  // An empty directory of that name gives way; one that has been filled meanwhile does not.
  await rmdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await rename(aside, path);
  await syncDirectory(dirname(path));
}

/** Makes the names in a directory durable. Not every platform can; the files themselves are synced anyway. */
async function syncDirectory(path: string): Promise<void> {
  try {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch {
    // Windows cannot open directories.
  }
}
