import { Unclear } from './read.ts';

/** Tags of DER elements, as the whole first byte. */
export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  t61String: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Context-specific tag, primitive. */
export const context = (number: number): number => 0x80 | number;
/** Context-specific tag, constructed. */
export const constructed = (number: number): number => 0xa0 | number;

/**
 * A strict reader of DER: short tags, minimal lengths, nothing left over. Whatever is allowed by BER only, or read
 * differently by Go's two ASN.1 packages, throws Unclear.
 */
export class Der {
  private readonly bytes: Buffer;
  private position: number;
  private readonly end: number;

  constructor(bytes: Buffer, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  get empty(): boolean {
    return this.position >= this.end;
  }

  /** The tag of the next element; -1 at the end. */
  peek(): number {
    return this.empty ? -1 : (this.bytes[this.position] as number);
  }

  /** Throws unless everything was read. */
  finish(): void {
    if (!this.empty) throw new Unclear('unexpected data at the end of an element');
  }

  /** The content of the next element, which must have this tag. */
  read(tag: number): Der {
    const { start, end } = this.header(tag);
    this.position = end;
    return new Der(this.bytes, start, end);
  }

  /** The content's bytes. */
  content(tag: number): Buffer {
    const { start, end } = this.header(tag);
    this.position = end;
    return this.bytes.subarray(start, end);
  }

  /** The whole next element, header included. */
  element(tag: number): Buffer {
    const begin = this.position;
    const { end } = this.header(tag);
    this.position = end;
    return this.bytes.subarray(begin, end);
  }

  /** The next element whatever its tag. */
  any(): { tag: number; content: Buffer; element: Buffer } {
    const begin = this.position;
    const tag = this.peek();
    const { start, end } = this.header(tag);
    this.position = end;
    return { tag, content: this.bytes.subarray(start, end), element: this.bytes.subarray(begin, end) };
  }

  /** The content's bytes of the next element if it has this tag. */
  optional(tag: number): Buffer | undefined {
    return this.peek() === tag ? this.content(tag) : undefined;
  }

  /** An INTEGER's bytes in two's complement, minimal. */
  integer(): Buffer {
    const value = this.content(TAG.integer);
    const first = value[0];
    if (first === undefined) throw new Unclear('empty INTEGER');
    const second = value[1];
    if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
      throw new Unclear('INTEGER not minimal');
    }
    return value;
  }

  /** A positive or zero INTEGER's bytes without the sign byte. */
  unsigned(): Buffer {
    const value = this.integer();
    if ((value[0] as number) >= 0x80) throw new Unclear('negative INTEGER');
    return value.length > 1 && value[0] === 0 ? value.subarray(1) : value;
  }

  /** A small non-negative INTEGER. */
  small(): number {
    const value = this.unsigned();
    if (value.length > 4) throw new Unclear('INTEGER too large');
    return value.readUIntBE(0, value.length);
  }

  boolean(): boolean {
    const value = this.content(TAG.boolean);
    if (value.length !== 1 || (value[0] !== 0 && value[0] !== 0xff)) throw new Unclear('BOOLEAN not DER');
    return value[0] === 0xff;
  }

  /** A BIT STRING whose number of bits is a multiple of 8. */
  bitString(): Buffer {
    const value = this.content(TAG.bitString);
    if (value[0] !== 0) throw new Unclear('BIT STRING with unused bits');
    return value.subarray(1);
  }

  oid(): string {
    return decodeOid(this.content(TAG.oid));
  }

  private header(tag: number): { start: number; end: number } {
    const { bytes, position } = this;
    if (position + 2 > this.end) throw new Unclear('element cut short');
    if (bytes[position] !== tag) throw new Unclear('unexpected element');
    if ((tag & 0x1f) === 0x1f) throw new Unclear('long tag');
    let length = bytes[position + 1] as number;
    let start = position + 2;
    if (length >= 0x80) {
      const count = length & 0x7f;
      if (count === 0 || count > 4 || start + count > this.end) throw new Unclear('length not DER');
      length = bytes.readUIntBE(start, count);
      start += count;
      if (length < 0x80 || length < 2 ** (8 * (count - 1))) throw new Unclear('length not minimal');
    }
    const end = start + length;
    if (end > this.end) throw new Unclear('element cut short');
    return { start, end };
  }
}

const known = new Map<string, string>();

/** The dotted form of an OBJECT IDENTIFIER's content. */
export function decodeOid(content: Buffer): string {
  const key = content.toString('latin1');
  const cached = known.get(key);
  if (cached !== undefined) return cached;
  const arcs: number[] = [];
  let value = 0;
  let fresh = true;
  for (const byte of content) {
    if (fresh && byte === 0x80) throw new Unclear('OBJECT IDENTIFIER not minimal');
    value = value * 128 + (byte & 0x7f);
    if (value >= 2 ** 31) throw new Unclear('OBJECT IDENTIFIER with a large number');
    fresh = byte < 0x80;
    if (!fresh) continue;
    if (arcs.length === 0) {
      const top = value < 40 ? 0 : value < 80 ? 1 : 2;
      arcs.push(top, value - 40 * top);
    } else {
      arcs.push(value);
    }
    value = 0;
  }
  if (!fresh || arcs.length === 0) throw new Unclear('OBJECT IDENTIFIER cut short');
  const text = arcs.join('.');
  if (known.size < 1000) known.set(key, text);
  return text;
}

/** One DER element. */
export function encodeElement(tag: number, content: Buffer): Buffer {
  const length = content.length;
  if (length < 0x80) return Buffer.concat([Buffer.from([tag, length]), content]);
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.concat([Buffer.from([tag, 0x80 | bytes.length, ...bytes]), content]);
}

/** The content of an OBJECT IDENTIFIER; undefined where Go's encoding/asn1 refuses to write it. */
export function encodeOid(arcs: readonly number[]): Buffer | undefined {
  const [first, second, ...rest] = arcs;
  if (first === undefined || second === undefined || first > 2 || (first < 2 && second >= 40)) return undefined;
  const bytes: number[] = [];
  for (const arc of [first * 40 + second, ...rest]) {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift(0x80 | (left % 128));
    bytes.push(...groups);
  }
  return Buffer.from(bytes);
}
