import type { KubeObject } from '../../model/objects.ts';
import { CertkeepError, type Problem } from '../../model/problems.ts';
import { MAX_FAULTS, MAX_OBJECTS } from './bounds.ts';
import { expand, itemKind, type ListOf } from './expand.ts';
import { type Fault, faultProblem } from './fault.ts';
import { JsonSplitter } from './json.ts';
import { parsePiece } from './parse.ts';
import type { PieceKind, PieceSink } from './piece.ts';
import type { ManifestSource } from './source.ts';
import { YamlSplitter } from './yaml.ts';

export { type ManifestSource, manifestSources } from './source.ts';

/** One object of a manifest, and where it stands. Its apiVersion, kind and metadata.name are texts; nothing else is sure. */
export interface ManifestObject {
  object: KubeObject;
  file: string;
  /** The line that it begins on, from 1; of an object in a List within a List, the line of that List. */
  line: number;
}

export interface Manifests {
  objects: ManifestObject[];
  /** `bad-manifest`, each with file and line. */
  problems: Problem[];
  /** False where something could not be read: what is not among the objects may then be in that part. */
  complete: boolean;
}

export interface ReadManifestsOptions {
  /**
   * What is kept of an object: fewer fields to save memory, or undefined for nothing of it. Must not throw at odd shapes.
   * Default: the object as it is.
   */
  keep?(object: KubeObject): KubeObject | undefined;
}

/**
 * Reads plain Kubernetes manifests: JSON (one object, several in a row, NDJSON, an array), YAML of one or several
 * documents, and Lists of any kinds, also within Lists. Objects are taken one by one, so that memory grows with what is
 * kept and not with the text: a List may be larger than any JavaScript string.
 *
 * What cannot be read becomes a problem, and reading goes on behind it. Bounded in size, nesting, aliases and number of
 * objects; keys such as `__proto__` are plain data.
 *
 * @throws CertkeepError wrong-usage where a source cannot be opened.
 */
export async function readManifests(
  sources: readonly ManifestSource[],
  options: ReadManifestsOptions = {},
): Promise<Manifests> {
  const found: Manifests = { objects: [], problems: [], complete: true };
  for (const source of sources) await new FileReader(source, found, options).read();
  return found;
}

/** Thrown to leave the rest of a file alone. */
class Enough extends Error {}

class FileReader implements PieceSink {
  readonly #source: ManifestSource;
  readonly #found: Manifests;
  readonly #keep: (object: KubeObject) => KubeObject | undefined;
  #faults = 0;
  /** What items of the present list are that do not say so themselves. */
  #listOf: ListOf | undefined;
  /** Such items wait for the end of their list where its beginning did not say. */
  #nameless: { value: unknown; line: number }[] = [];

  constructor(source: ManifestSource, found: Manifests, options: ReadManifestsOptions) {
    this.#source = source;
    this.#found = found;
    this.#keep = options.keep ?? ((object) => object);
  }

  async read(): Promise<void> {
    try {
      await this.#split();
    } catch (error) {
      if (!(error instanceof Enough)) throw error;
    }
  }

  async #split(): Promise<void> {
    let splitter: JsonSplitter | YamlSplitter | undefined;
    for await (const bytes of this.#source.open()) {
      const chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (chunk.length === 0) continue;
      if (splitter === undefined) {
        this.#refuseOtherEncodings(chunk);
        splitter = isJson(chunk) ? new JsonSplitter(this) : new YamlSplitter(this);
      }
      const rest: Buffer | undefined = splitter.push(withoutMark(chunk)) ?? undefined;
      if (rest !== undefined && splitter instanceof JsonSplitter) {
        splitter = new YamlSplitter(this, splitter.line - 1);
        splitter.push(Buffer.concat([Buffer.from('---'), rest]));
      }
    }
    splitter?.end();
    this.#giveNameless(undefined);
  }

  /** What PowerShell's `>` writes, and what is no text at all. */
  #refuseOtherEncodings(chunk: Buffer): void {
    const head = chunk.toString('hex', 0, 4);
    const fault = (what: string, fix: string) => {
      this.fault({ line: 1, what, fix });
      throw new Enough();
    };
    if (head.startsWith('fffe') || head.startsWith('feff'))
      fault('the file is UTF-16', 'Save it as UTF-8; in PowerShell: … | Out-File -Encoding utf8 FILE');
    if (head.startsWith('1f8b') || head.startsWith('504b0304') || chunk.subarray(0, 1000).includes(0))
      fault('the file is no text', 'Give YAML or JSON, or a certkeep backup (its directory or .zip).');
  }

  piece(bytes: Buffer, line: number, kind: PieceKind): void {
    const parsed = parsePiece(bytes, line, kind);
    if (kind === 'json-head') {
      // A fault in it shows again when the list ends.
      this.#listOf = 'value' in parsed ? itemKind(parsed.value) : undefined;
      return;
    }
    if ('fault' in parsed) {
      this.fault(parsed.fault);
      return;
    }
    const { value } = parsed;
    if (kind === 'json-envelope' || kind === 'yaml-envelope') {
      this.#giveNameless(itemKind(value));
      this.#listOf = undefined;
    } else if (this.#listOf === undefined && kind !== 'yaml' && isNameless(value)) this.#nameless.push({ value, line });
    else if (value !== null && value !== undefined) this.#give(value, line, this.#listOf);
  }

  fault(fault: Fault): void {
    const { problems } = this.#found;
    this.#found.complete = false;
    this.#faults += 1;
    problems.push(faultProblem(this.#source.file, fault));
    if (this.#faults < MAX_FAULTS) return;
    const what = `that was fault number ${MAX_FAULTS}; the rest of the file was left alone`;
    problems.push(faultProblem(this.#source.file, { ...fault, what }));
    throw new Enough();
  }

  #giveNameless(listOf: ListOf | undefined): void {
    const waiting = this.#nameless;
    this.#nameless = [];
    for (const { value, line } of waiting) this.#give(value, line, listOf);
  }

  #give(value: unknown, line: number, listOf: ListOf | undefined): void {
    const { objects } = this.#found;
    const { file } = this.#source;
    for (const found of expand(value, listOf)) {
      if (!('object' in found)) {
        this.fault({ line, ...found });
        continue;
      }
      const object = this.#keep(found.object);
      if (object === undefined) continue;
      if (objects.length >= MAX_OBJECTS) {
        throw new CertkeepError('wrong-usage', `There are more than ${MAX_OBJECTS} objects.`, 'Give fewer at a time.');
      }
      objects.push({ object, file, line });
    }
  }
}

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

const withoutMark = (chunk: Buffer): Buffer => (chunk.subarray(0, 3).equals(MARK) ? chunk.subarray(3) : chunk);

/** Whether a file begins as JSON does. */
function isJson(chunk: Buffer): boolean {
  const text = withoutMark(chunk).toString('latin1', 0, 10_000).trimStart();
  return text.startsWith('{') || text.startsWith('[');
}

/** An item of a list that does not say what it is. */
function isNameless(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !('kind' in value) && !('apiVersion' in value);
}
