import { MAX_OBJECT_BYTES } from './bounds.ts';
import { Gathering, type PieceSink, tooLarge } from './piece.ts';

const NEWLINE = 0x0a;
const SPACE = 0x20;
const TAB = 0x09;
const RETURN = 0x0d;
const DASH = 0x2d;
const HASH = 0x23;
const DOT = 0x2e;
const LETTER_I = 0x69;
/** Bytes at the front of a line that tell what it is. */
const FRONT = 200;

/**
 * Cuts YAML into documents, and a list document into its items, by the beginnings of lines alone: a line that begins with
 * `---` or with `items:` can be nothing else in a mapping, since all text within it is indented.
 */
export class YamlSplitter {
  #line = 0;
  readonly #document = new Gathering();
  readonly #item = new Gathering();
  /** `none`: no list seen in this document; `expected`: behind `items:`; `inside`: among the items; `over`: behind them. */
  #list: 'none' | 'expected' | 'inside' | 'over' = 'none';
  /** Column of the dashes of the items. */
  #column = 0;
  #inItem = false;
  /** A line that is not over yet. */
  readonly #rest = new Gathering();
  #front: Buffer = Buffer.alloc(0);
  #hasContent = false;
  readonly #sink: PieceSink;

  /** `line`: how many lines of the file came before. */
  constructor(sink: PieceSink, line = 0) {
    this.#sink = sink;
    this.#line = line;
    this.#document.begin(line + 1);
    this.#rest.begin(0);
  }

  push(chunk: Buffer): void {
    let from = 0;
    while (from < chunk.length) {
      const newline = chunk.indexOf(NEWLINE, from);
      const end = newline < 0 ? chunk.length : newline + 1;
      if (newline < 0 || this.#rest.size > 0) this.#addToRest(chunk, from, end);
      else this.#takeLine(chunk, from, end);
      if (newline >= 0 && this.#rest.size > 0) this.#takeRest();
      from = end;
    }
    for (const gathered of [this.#rest, this.#document, this.#item]) gathered.settle();
  }

  end(): void {
    if (this.#rest.size > 0) this.#takeRest();
    this.#endDocument();
  }

  #addToRest(chunk: Buffer, start: number, end: number): void {
    if (this.#rest.size === 0) this.#front = Buffer.alloc(0);
    if (this.#front.length < FRONT)
      this.#front = Buffer.concat([this.#front, chunk.subarray(start, end)]).subarray(0, FRONT);
    this.#rest.add(chunk, start, end);
  }

  #takeRest(): void {
    const { isTooLarge } = this.#rest;
    const line = isTooLarge ? this.#front : this.#rest.take();
    this.#rest.begin(0);
    this.#takeLine(line, 0, line.length);
    // The line makes what it is in too large, whatever it holds.
    if (isTooLarge) (this.#inItem ? this.#item : this.#document).size += MAX_OBJECT_BYTES;
  }

  #takeLine(chunk: Buffer, start: number, end: number): void {
    this.#line += 1;
    const first = chunk[start] as number;
    if (first === DASH && isMarker(chunk, start, end, '---')) {
      this.#endDocument();
      if (hasContent(chunk, start + 3, end)) {
        this.#hasContent = true;
        this.#document.begin(this.#line);
        this.#document.add(chunk, start + 3, end);
      }
      return;
    }
    if (first === DOT && isMarker(chunk, start, end, '...')) {
      this.#endDocument();
      return;
    }
    if (this.#list === 'none' && first === LETTER_I && isItems(chunk, start, end)) {
      this.#hasContent = true;
      this.#list = 'expected';
      return;
    }
    if ((this.#list === 'expected' || this.#list === 'inside') && this.#takeItemLine(chunk, start, end)) return;
    this.#hasContent ||= hasContent(chunk, start, end);
    this.#document.add(chunk, start, end);
  }

  /** Whether the line belongs to the items. */
  #takeItemLine(chunk: Buffer, start: number, end: number): boolean {
    let at = start;
    while (chunk[at] === SPACE && at < end) at += 1;
    const column = at - start;
    const first = chunk[at];
    if (at === end || first === NEWLINE || first === RETURN || first === HASH) {
      if (this.#inItem) this.#item.add(chunk, start, end);
      return true;
    }
    const isDash = first === DASH && (at + 1 === end || isWhite(chunk[at + 1]));
    if (this.#list === 'expected') {
      this.#list = isDash ? 'inside' : 'over';
      if (!isDash) return false;
      this.#column = column;
    }
    if (isDash && column === this.#column) {
      this.#endItem();
      this.#inItem = true;
      this.#item.begin(this.#line);
    } else if (column <= this.#column) {
      this.#endItem();
      this.#list = 'over';
      return false;
    }
    this.#item.add(chunk, start, end);
    return true;
  }

  #endItem(): void {
    if (this.#inItem) this.#give(this.#item, 'yaml-item');
    this.#inItem = false;
  }

  #endDocument(): void {
    this.#endItem();
    if (this.#hasContent) this.#give(this.#document, this.#list === 'none' ? 'yaml' : 'yaml-envelope');
    this.#list = 'none';
    this.#hasContent = false;
    this.#document.begin(this.#line + 1);
  }

  #give(gathered: Gathering, kind: 'yaml' | 'yaml-item' | 'yaml-envelope'): void {
    if (gathered.isTooLarge) this.#sink.fault(tooLarge(gathered.line));
    else this.#sink.piece(gathered.take(), gathered.line, kind);
  }
}

/** The marker, and nothing or white space behind it. */
function isMarker(chunk: Buffer, start: number, end: number, marker: string): boolean {
  return chunk.toString('latin1', start, start + 3) === marker && (start + 3 >= end || isWhite(chunk[start + 3]));
}

const isWhite = (byte: number | undefined): boolean =>
  byte === SPACE || byte === TAB || byte === NEWLINE || byte === RETURN;

const front = (chunk: Buffer, start: number, end: number): string =>
  chunk.toString('latin1', start, Math.min(end, start + FRONT)).trim();

const isItems = (chunk: Buffer, start: number, end: number): boolean =>
  /^items:\s*(#.*)?$/.test(front(chunk, start, end));

/** Neither empty nor a comment nor a directive. */
function hasContent(chunk: Buffer, start: number, end: number): boolean {
  const text = front(chunk, start, end);
  return text !== '' && !text.startsWith('#') && !text.startsWith('%');
}
