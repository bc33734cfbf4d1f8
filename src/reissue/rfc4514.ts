import { encodeElement, encodeOid, TAG } from './der.ts';
import { decodeUtf8 } from './name.ts';
import { Unclear } from './read.ts';

/** The attribute types that cert-manager knows by name (pkg/util/pki/subject.go), case-sensitive. */
const ATTRIBUTES: Record<string, readonly number[]> = {
  C: [2, 5, 4, 6],
  O: [2, 5, 4, 10],
  OU: [2, 5, 4, 11],
  CN: [2, 5, 4, 3],
  SERIALNUMBER: [2, 5, 4, 5],
  L: [2, 5, 4, 7],
  ST: [2, 5, 4, 8],
  STREET: [2, 5, 4, 9],
  DC: [0, 9, 2342, 19200300, 100, 1, 25],
  UID: [0, 9, 2342, 19200300, 100, 1, 1],
};

export interface Attribute {
  type: string;
  /** The value's bytes; UTF-8 unless hex escapes say otherwise. */
  value: Buffer;
}

/**
 * A distinguished name in the form of RFC 4514, as github.com/go-ldap/ldap/v3 ParseDN reads it: RDNs in the order of the
 * text, each with its attributes. Throws Unclear where ParseDN refuses, and for `#` values, whose BER goes another way.
 */
export function parseDistinguishedName(text: string): Attribute[][] {
  if (/^\p{White_Space}*$/u.test(text)) return [];
  const names: Attribute[][] = [];
  let rdn: Attribute[] = [];
  let type = '';
  let escaping = false;
  let start = 0;
  const finish = (end: number, last: boolean): void => {
    if (type === '') throw new Unclear('literalSubject: incomplete type, value pair');
    rdn.push({ type, value: decodeValue(text.slice(start, end)) });
    type = '';
    if (last) {
      names.push(rdn);
      rdn = [];
    }
  };
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (escaping) {
      escaping = false;
    } else if (char === '\\') {
      escaping = true;
    } else if (char === '=' && type === '') {
      type = decode(text.slice(start, i)).toString('utf8');
      start = i + 1;
    } else if (char === ',' || char === '+' || char === ';') {
      finish(i, char !== '+');
      start = i + 1;
    }
  }
  finish(text.length, true);
  return names;
}

function decodeValue(text: string): Buffer {
  if (text.startsWith('#')) throw new Unclear('literalSubject: a hexadecimal value');
  return decode(text);
}

const SPECIAL = new Set([' ', '"', '#', '+', ',', ';', '<', '=', '>', '\\']);

/** decodeString: blanks around are cut off, escapes are undone. */
function decode(text: string): Buffer {
  let trimmed = text.replace(/^ +| +$/g, '');
  if (trimmed.endsWith('\\') && text.endsWith(' ')) trimmed += ' ';
  const parts: Buffer[] = [];
  const chars = [...trimmed];
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] as string;
    if (char !== '\\') {
      parts.push(Buffer.from(char, 'utf8'));
      continue;
    }
    const next = chars[i + 1];
    if (next !== undefined && SPECIAL.has(next)) {
      parts.push(Buffer.from(next));
      i++;
      continue;
    }
    const hex = `${next ?? ''}${chars[i + 2] ?? ''}`;
    if (!/^[0-9A-Fa-f]{2}$/.test(hex)) throw new Unclear('literalSubject: a corrupted escape');
    parts.push(Buffer.from(hex, 'hex'));
    i += 2;
  }
  return Buffer.concat(parts);
}

/**
 * The DER that cert-manager makes of spec.literalSubject (UnmarshalSubjectStringToRDNSequence and encoding/asn1.Marshal):
 * RDNs in reverse order, values as PrintableString where they fit, else UTF8String, sets sorted.
 * Throws Unclear where it cannot be made.
 */
export function literalSubjectDer(text: string): Buffer {
  const rdns = parseDistinguishedName(text).reverse();
  return encodeElement(
    TAG.sequence,
    Buffer.concat(
      rdns.map((attributes) =>
        encodeElement(TAG.set, Buffer.concat(attributes.map(encodeAttribute).sort(Buffer.compare))),
      ),
    ),
  );
}

/**
 * spec.literalSubject as object identifiers and values, RDNs in the order of a certificate, as releases before 1.15
 * compare them; '' for a type that is not known by name, which equals none. Their ParseDN read a few things otherwise:
 * those throw Unclear.
 */
export function literalSubjectAttributes(text: string): [oid: string, value: string][][] {
  const rdns = parseDistinguishedName(text).reverse();
  return rdns.map((attributes) =>
    attributes.map(({ type, value }): [string, string] => {
      const decoded = decodeUtf8(value);
      if (decoded === '' || decoded.includes('=')) throw new Unclear('literalSubject: an unusual value');
      return [ATTRIBUTES[type]?.join('.') ?? '', decoded];
    }),
  );
}

function encodeAttribute({ type, value }: Attribute): Buffer {
  const oid = encodeOid(ATTRIBUTES[type] ?? parseOid(type));
  if (oid === undefined) throw new Unclear('literalSubject: invalid attribute type');
  return encodeElement(TAG.sequence, Buffer.concat([encodeElement(TAG.oid, oid), encodeString(value)]));
}

/** ParseObjectIdentifier; numbers that Go would take with a sign are left unclear. */
function parseOid(type: string): number[] {
  if (type.length > 100 || !/^\d{1,9}(\.\d{1,9})*$/.test(type))
    throw new Unclear('literalSubject: unknown attribute type');
  return type.split('.').map(Number);
}

/** encoding/asn1: `*` and `&` make a UTF8String. */
const PRINTABLE = /^[A-Za-z0-9'()+,\-./ :=?]*$/;

function encodeString(value: Buffer): Buffer {
  if (PRINTABLE.test(value.toString('latin1'))) return encodeElement(TAG.printableString, value);
  decodeUtf8(value);
  return encodeElement(TAG.utf8String, value);
}
