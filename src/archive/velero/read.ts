import type { KubeObject } from '../../model/objects.ts';
import { CertkeepError, type Problem } from '../../model/problems.ts';
import { printable } from '../errors.ts';
import { MAX_OBJECT_BYTES } from '../manifests/bounds.ts';
import { faultProblem } from '../manifests/fault.ts';
import { parsePiece } from '../manifests/parse.ts';
import type { ManifestObject } from '../manifests/read.ts';
import { directoryEntries } from './directory.ts';
import type { VeleroEntry } from './entries.ts';
import { refused } from './faults.ts';
import { type ItemPath, parseItemPath } from './item-path.ts';
import { tarballEntries } from './tarball.ts';

export interface VeleroBackup {
  /** The objects that were wanted, in the order of the backup; `file` is the path inside of it. */
  objects: ManifestObject[];
  /** How many objects of each resource (`plural.group`) there are, the unwanted ones too. */
  counts: Map<string, number>;
  /** `bad-manifest` for each file that could not be read. */
  problems: Problem[];
}

export interface ReadVeleroOptions {
  /** Whether files of this resource (`plural.group`) are read at all. */
  wanted(resource: string): boolean;
  /** What is kept of an object; undefined for nothing. */
  keep(object: KubeObject): KubeObject | undefined;
}

/** Contents of metadata/version that are understood: the format has been 1.x since 2017. */
const KNOWN_VERSION = /^1(\.|$)/;

/**
 * Reads a Velero backup: the tarball that `velero backup download` gives, or the directory that it was unpacked to.
 * Of the two copies that Velero writes of each object the plain one is taken, the one of the preferred version where
 * there is no other.
 *
 * @throws CertkeepError damaged-backup (refused as a whole: tarball.ts), no-backup (a tarball of something else),
 *   unknown-format (a version of the format that is not known)
 */
export async function readVelero(
  path: string,
  isDirectory: boolean,
  options: ReadVeleroOptions,
): Promise<VeleroBackup> {
  const reader = new Reader(path, options);
  for await (const entry of isDirectory ? directoryEntries(path) : tarballEntries(path)) await reader.take(entry);
  return reader.finish();
}

class Reader {
  readonly #path: string;
  readonly #options: ReadVeleroOptions;
  readonly #found = new Map<string, ManifestObject>();
  readonly #seen = new Map<string, 'plain' | 'copy'>();
  readonly #counts = new Map<string, number>();
  readonly #problems: Problem[] = [];
  #version: string | undefined;

  constructor(path: string, options: ReadVeleroOptions) {
    this.#path = path;
    this.#options = options;
  }

  async take(entry: VeleroEntry): Promise<void> {
    const path = entry.path.replace(/^\.\//, '');
    if (path === 'metadata/version') {
      this.#version = (await this.#bytes(entry, 100))?.toString('latin1').trim() ?? '';
      return;
    }
    const item = parseItemPath(path);
    if (item === undefined) return;
    const key = `${item.resource}/${item.namespace}/${item.name}`;
    const before = this.#seen.get(key);
    if (before === 'plain' && !item.isCopy) throw refused(this.#path, `${printable(path)} is in it twice`);
    if (before === undefined) this.#counts.set(item.resource, (this.#counts.get(item.resource) ?? 0) + 1);
    if (before === 'plain') return;
    this.#seen.set(key, item.isCopy ? 'copy' : 'plain');
    if (this.#options.wanted(item.resource)) await this.#object(entry, path, item, key);
  }

  finish(): VeleroBackup {
    if (this.#counts.size === 0 && this.#version === undefined) {
      throw new CertkeepError(
        'no-backup',
        `${this.#path} is no Velero backup: it holds neither metadata/version nor anything below resources/.`,
        'Give the tarball that `velero backup download NAME` writes; a compressed manifest has to be unpacked first (gunzip).',
      );
    }
    if (this.#version !== undefined && !KNOWN_VERSION.test(this.#version)) {
      throw new CertkeepError(
        'unknown-format',
        `${this.#path} is a Velero backup of the format ${printable(this.#version)}, which this version does not know.`,
        'Use a newer certkeep.',
      );
    }
    return { objects: [...this.#found.values()], counts: this.#counts, problems: this.#problems };
  }

  async #object(entry: VeleroEntry, path: string, item: ItemPath, key: string): Promise<void> {
    const file = `${this.#path}:${path}`;
    const bytes = await this.#bytes(entry, MAX_OBJECT_BYTES);
    if (bytes === undefined) {
      this.#fault(file, `the object is larger than ${MAX_OBJECT_BYTES} bytes`);
      return;
    }
    const parsed = parsePiece(bytes, 1, 'json');
    if ('fault' in parsed) {
      this.#problems.push(faultProblem(file, parsed.fault));
      return;
    }
    const object = identified(parsed.value);
    if (object === undefined) {
      this.#fault(file, 'it holds no Kubernetes object');
      return;
    }
    if (object.metadata.name !== item.name || (object.metadata.namespace ?? '') !== item.namespace) {
      this.#fault(file, 'the object in it has another name or namespace than the path says');
      return;
    }
    const kept = this.#options.keep(object);
    if (kept !== undefined) this.#found.set(key, { object: kept, file, line: 1 });
  }

  #fault(file: string, what: string): void {
    this.#problems.push(faultProblem(file, { line: 1, what, fix: 'Make the backup anew.' }));
  }

  /** The contents; undefined where there are more than `most` bytes. */
  async #bytes(entry: VeleroEntry, most: number): Promise<Buffer | undefined> {
    const parts: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of entry.read()) {
      size += chunk.length;
      // Read to the end all the same: what follows in the tarball comes behind it.
      if (size <= most) parts.push(chunk);
      else parts.length = 0;
    }
    return size > most ? undefined : Buffer.concat(parts);
  }
}

function identified(value: unknown): KubeObject | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { apiVersion, kind, metadata } = value as Partial<KubeObject>;
  const isObject = typeof apiVersion === 'string' && typeof kind === 'string' && typeof metadata?.name === 'string';
  return isObject ? (value as KubeObject) : undefined;
}
