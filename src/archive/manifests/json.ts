import { MAX_NESTING } from './bounds.ts';
import { FIX_CUT, FIX_YAML } from './fault.ts';
import { Gathering, type PieceSink, tooLarge } from './piece.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NEWLINE = 0x0a;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const COMMA = 0x2c;
const COLON = 0x3a;
const DASH = 0x2d;
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
const ITEMS = 'items';
/** Bytes of a string that are looked at one by one before the rest is searched for its end. */
const SHORT = 24;

/**
 * Finds the objects in JSON text without parsing it: one value after the other (NDJSON, or simply in a row), the items of
 * a list each by itself, so that a list may be larger than a JavaScript string can be. Whether a piece is JSON is for its
 * parser to say; only braces, brackets and strings are followed here.
 */
export class JsonSplitter {
  #line = 1;
  #depth = 0;
  #inString = false;
  /** Whether the next byte of the string is escaped. */
  #escaped = false;
  /** The value, or the list around the items. */
  readonly #outer = new Gathering();
  readonly #item = new Gathering();
  /** Depth of the items of the list; 0 outside of one. */
  #itemDepth = 0;
  #inItem = false;
  #isList = false;
  #isTooDeep = false;
  /** The first bytes of the last string at the top of the value: the key, where a colon follows. */
  #lastString = '';
  #key = '';
  /** Begin, in this chunk, of what is being gathered; -1 for nothing. */
  #from = -1;
  #stopped = false;
  #dashes = 0;
  readonly #sink: PieceSink;

  constructor(sink: PieceSink) {
    this.#sink = sink;
  }

  /** Takes the next bytes. Returns those behind a `---` between two values: what follows may be YAML. */
  push(chunk: Buffer): Buffer | undefined {
    if (this.#stopped) return undefined;
    if (this.#gathering !== undefined) this.#from = 0;
    let i = 0;
    while (i < chunk.length) {
      if (this.#inString) {
        i = this.#skipString(chunk, i);
        continue;
      }
      const byte = chunk[i] as number;
      if (byte === NEWLINE) this.#line += 1;
      else if (!isSpace(byte)) {
        if (this.#depth === 0) {
          const rest = this.#outside(chunk, i, byte);
          if (rest !== undefined) return rest;
          if (this.#stopped) return undefined;
        } else this.#inside(chunk, i, byte);
      }
      i += 1;
    }
    if (this.#from >= 0) this.#gathering?.add(chunk, this.#from, chunk.length);
    this.#from = -1;
    this.#outer.settle();
    this.#item.settle();
    return undefined;
  }

  /** The number of the line that the next byte is on. */
  get line(): number {
    return this.#line;
  }

  end(): void {
    if (this.#stopped || this.#depth === 0) return;
    const line = this.#inItem ? this.#item.line : this.#outer.line;
    this.#sink.fault({ line, what: 'the file ends within the object or list that begins here', fix: FIX_CUT });
  }

  get #gathering(): Gathering | undefined {
    if (this.#depth === 0) return undefined;
    if (this.#itemDepth === 0) return this.#outer;
    return this.#inItem ? this.#item : undefined;
  }

  /** Between two values. */
  #outside(chunk: Buffer, i: number, byte: number): Buffer | undefined {
    if (byte === DASH) {
      this.#dashes += 1;
      return this.#dashes === 3 ? chunk.subarray(i + 1) : undefined;
    }
    if (byte !== OPEN_BRACE && byte !== OPEN_BRACKET) {
      this.#stopped = true;
      this.#sink.fault({ line: this.#line, what: 'it is not JSON', fix: FIX_YAML });
      return undefined;
    }
    this.#dashes = 0;
    this.#depth = 1;
    this.#isList = false;
    this.#isTooDeep = false;
    this.#outer.begin(this.#line);
    this.#from = i;
    if (byte === OPEN_BRACKET) this.#enterList(chunk, i);
    return undefined;
  }

  #enterList(chunk: Buffer, i: number): void {
    this.#outer.add(chunk, this.#from, i + 1);
    this.#from = -1;
    if (this.#depth > 1 && !this.#outer.isTooLarge) {
      this.#sink.piece(Buffer.concat([this.#outer.peek(), Buffer.from(']}')]), this.#outer.line, 'json-head');
    }
    this.#isList = true;
    this.#itemDepth = this.#depth;
  }

  #inside(chunk: Buffer, i: number, byte: number): void {
    const atItems = this.#itemDepth > 0 && this.#depth === this.#itemDepth;
    if (atItems && !this.#inItem && byte !== COMMA && byte !== CLOSE_BRACKET) {
      this.#inItem = true;
      this.#isTooDeep = false;
      this.#item.begin(this.#line);
      this.#from = i;
    }
    switch (byte) {
      case QUOTE:
        this.#inString = true;
        this.#lastString = '';
        return;
      case OPEN_BRACE:
      case OPEN_BRACKET:
        if (++this.#depth > MAX_NESTING) this.#isTooDeep = true;
        if (byte === OPEN_BRACKET && this.#depth === 2 && !this.#isList && this.#key === ITEMS)
          this.#enterList(chunk, i);
        return;
      case CLOSE_BRACE:
      case CLOSE_BRACKET:
        if (atItems) {
          if (this.#inItem) this.#endItem(chunk, i);
          this.#itemDepth = 0;
          this.#from = i;
        }
        this.#depth -= 1;
        if (this.#depth === 0) this.#endValue(chunk, i + 1);
        return;
      case COMMA:
        if (atItems && this.#inItem) this.#endItem(chunk, i);
        if (this.#depth === 1) this.#key = '';
        return;
      case COLON:
        if (this.#depth === 1) this.#key = this.#lastString;
    }
  }

  #endItem(chunk: Buffer, end: number): void {
    this.#item.add(chunk, this.#from, end);
    this.#inItem = false;
    this.#from = -1;
    this.#give(this.#item, 'json');
  }

  #endValue(chunk: Buffer, end: number): void {
    this.#outer.add(chunk, this.#from, end);
    this.#from = -1;
    this.#key = '';
    this.#give(this.#outer, this.#isList ? 'json-envelope' : 'json');
  }

  #give(gathered: Gathering, kind: 'json' | 'json-envelope'): void {
    const { line } = gathered;
    if (gathered.isTooLarge) this.#sink.fault(tooLarge(line));
    else if (this.#isTooDeep) {
      this.#sink.fault({
        line,
        what: `what begins here is nested more than ${MAX_NESTING} deep`,
        fix: 'Give manifests as kubectl prints them.',
      });
    } else this.#sink.piece(gathered.take(), line, kind);
  }

  /** The index behind the string that `from` is in, or the chunk's end. */
  #skipString(chunk: Buffer, from: number): number {
    const end = this.#stringEnd(chunk, from);
    if (this.#depth === 1 && this.#lastString.length <= ITEMS.length) {
      this.#lastString += chunk.toString('latin1', from, Math.min(end, from + ITEMS.length + 1));
    }
    if (end >= chunk.length) return end;
    this.#inString = false;
    return end + 1;
  }

  /** The index of the quote that ends the string, or the chunk's end. */
  #stringEnd(chunk: Buffer, from: number): number {
    let i = from;
    if (this.#escaped) {
      this.#escaped = false;
      i += 1;
    }
    const near = Math.min(chunk.length, i + SHORT);
    while (i < near) {
      const byte = chunk[i];
      if (byte === QUOTE) return i;
      i += byte === BACKSLASH ? 2 : 1;
    }
    while (i < chunk.length) {
      const quote = chunk.indexOf(QUOTE, i);
      const end = quote < 0 ? chunk.length : quote;
      let backslashes = 0;
      while (end - 1 - backslashes >= i && chunk[end - 1 - backslashes] === BACKSLASH) backslashes += 1;
      if (backslashes % 2 === 1) i = end + 1;
      else return end;
    }
    this.#escaped = i > chunk.length;
    return chunk.length;
  }
}
