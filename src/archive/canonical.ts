import { createHash } from 'node:crypto';

/** Deepest nesting of arrays and objects that is written or read. The deepest CRD schema of cert-manager has about 60. */
export const MAX_DEPTH = 128;

/**
 * The one JSON text of a value, after RFC 8785: keys sorted by UTF-16 code unit, no white space, numbers and strings as
 * ECMAScript writes them. Properties that are undefined are left out.
 *
 * Throws TypeError for what JSON cannot say (undefined in an array, NaN, functions, lone surrogates), for a key named
 * `__proto__`, and for nesting deeper than MAX_DEPTH.
 */
export function canonicalJson(value: unknown): string {
  return write(value, 0);
}

function write(value: unknown, depth: number): string {
  switch (typeof value) {
    case 'string':
      return text(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'number':
      if (!Number.isFinite(value)) throw new TypeError('JSON has no word for a number that is not finite');
      return JSON.stringify(value);
    case 'object':
      break;
    default:
      throw new TypeError(`JSON has no word for a value of type ${typeof value}`);
  }
  if (value === null) return 'null';
  if (depth >= MAX_DEPTH) throw new TypeError(`nested deeper than ${MAX_DEPTH} levels`);
  if (Array.isArray(value)) return `[${value.map((item) => write(item, depth + 1)).join(',')}]`;
  const object = value as Record<string, unknown>;
  let out = '';
  for (const key of Object.keys(object).sort()) {
    const item = object[key];
    if (item === undefined) continue;
    if (key === '__proto__') throw new TypeError('a key named __proto__ is not allowed');
    out += `${out === '' ? '' : ','}${text(key)}:${write(item, depth + 1)}`;
  }
  return `{${out}}`;
}

function text(value: string): string {
  if (!value.isWellFormed()) throw new TypeError('a string holds half of a surrogate pair');
  return JSON.stringify(value);
}

/** SHA-256 as lower-case hex; of the UTF-8 bytes where a string is given. */
export function sha256Hex(data: Uint8Array | string): string {
  return createHash('sha256').update(data).digest('hex');
}
