import { MAX_OBJECT_BYTES } from './bounds.ts';
import type { Fault } from './fault.ts';

/** Where the splitters put what they find in a file. */
export interface PieceSink {
  /** The text of one object or of what is around the items of a list, and the line that it begins on. */
  piece(bytes: Buffer, line: number, kind: PieceKind): void;
  fault(fault: Fault): void;
}

/**
 * `json` and `yaml`: one object. `yaml-item`: a YAML sequence of one. The envelopes: a list without its items, given when
 * it ends. `json-head`: what came before the items of a list, given before them.
 */
export type PieceKind = 'json' | 'yaml' | 'yaml-item' | 'json-head' | 'json-envelope' | 'yaml-envelope';

/** Gathers the bytes of a piece over the borders of chunks. What grows too large is let go and only counted. */
export class Gathering {
  line = 0;
  size = 0;
  #parts: Buffer[] = [];
  /** The part that lies in the present chunk; not yet copied. */
  #chunk: Buffer | undefined;
  #start = 0;
  #end = 0;

  begin(line: number): void {
    this.line = line;
    this.size = 0;
    this.#parts = [];
    this.#chunk = undefined;
  }

  add(chunk: Buffer, start: number, end: number): void {
    this.size += end - start;
    if (chunk !== this.#chunk || start !== this.#end) {
      this.settle();
      this.#chunk = chunk;
      this.#start = start;
    }
    this.#end = end;
  }

  /** Copies what lies in the present chunk: its memory may be used again. */
  settle(): void {
    if (this.isTooLarge) this.#parts = [];
    else if (this.#chunk !== undefined && this.#end > this.#start) {
      this.#parts.push(Buffer.from(this.#chunk.subarray(this.#start, this.#end)));
    }
    this.#chunk = undefined;
  }

  get isTooLarge(): boolean {
    return this.size > MAX_OBJECT_BYTES;
  }

  /** The bytes so far; valid as long as the present chunk is. */
  peek(): Buffer {
    const last = this.#chunk?.subarray(this.#start, this.#end);
    const parts = last === undefined ? this.#parts : [...this.#parts, last];
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
  }

  /** The same, and nothing is kept. */
  take(): Buffer {
    const bytes = this.peek();
    this.#parts = [];
    this.#chunk = undefined;
    return bytes;
  }
}

/** The fault of a piece that is too large to be an object. */
export function tooLarge(line: number): Fault {
  return {
    line,
    what: `what begins here is larger than ${MAX_OBJECT_BYTES / 1024 / 1024} MiB, which no Kubernetes object can be`,
    fix: 'Give manifests as kubectl prints them: objects, or lists of objects.',
  };
}
