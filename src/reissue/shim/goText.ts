/** Go's strconv.ParseBool, where what it refuses counts as false. */
export function isTrue(text: string | undefined): boolean {
  return text !== undefined && ['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text);
}

/** Go's strings.TrimSpace, which has another idea of white space than trim(). */
export function trimSpace(text: string): string {
  const characters = [...text];
  const start = characters.findIndex((one) => !SPACE.test(one));
  return start < 0 ? '' : characters.slice(start, characters.findLastIndex((one) => !SPACE.test(one)) + 1).join('');
}
const SPACE = /[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/u;

/** Go's strconv.ParseInt in base 10 with that many bits; undefined where Go refuses the text. */
export function parseInteger(text: string, bits: 32 | 64): bigint | undefined {
  if (!/^[+-]?[0-9]{1,400}$/.test(text)) return undefined;
  const value = BigInt(text.startsWith('+') ? text.slice(1) : text);
  const limit = 2n ** BigInt(bits - 1);
  return value >= -limit && value < limit ? value : undefined;
}

/**
 * One line of CSV as cert-manager's SplitWithEscapeCSV reads it, that is Go's encoding/csv: quoted fields may hold
 * commas, doubled quotes and line ends. undefined where there is no record, more than one, or a quote out of place.
 */
export function splitCsv(text: string): string[] | undefined {
  const lines = linesOf(text);
  const records: string[][] = [];
  while (lines.length > 0) {
    const line = lines.shift() as string;
    // Empty lines are passed over.
    if (line === '' || line === '\n') continue;
    const record = readRecord(line, lines);
    if (record === undefined) return undefined;
    records.push(record);
    if (records.length > 1) return undefined;
  }
  return records[0];
}

/** Lines with their ends, `\r\n` read as `\n`; a `\r` at the very end is dropped. */
function linesOf(text: string): string[] {
  const lines = text.split('\n');
  const last = lines.pop() as string;
  const whole = lines.map((line) => `${line.endsWith('\r') ? line.slice(0, -1) : line}\n`);
  return last === '' ? whole : [...whole, last.endsWith('\r') ? last.slice(0, -1) : last];
}

function readRecord(first: string, more: string[]): string[] | undefined {
  const fields: string[] = [];
  let line = first;
  for (;;) {
    if (!line.startsWith('"')) {
      const comma = line.indexOf(',');
      const field = comma < 0 ? line.replace(/\n$/, '') : line.slice(0, comma);
      if (field.includes('"')) return undefined;
      fields.push(field);
      if (comma < 0) return fields;
      line = line.slice(comma + 1);
      continue;
    }
    const quoted = readQuoted(line.slice(1), more);
    if (quoted === undefined) return undefined;
    fields.push(quoted.field);
    if (quoted.rest === undefined) return fields;
    line = quoted.rest;
  }
}

/** A field up to its closing quote; `rest` is what follows the comma, or undefined at the end of the record. */
function readQuoted(start: string, more: string[]): { field: string; rest: string | undefined } | undefined {
  let field = '';
  let line = start;
  for (;;) {
    const quote = line.indexOf('"');
    if (quote < 0) {
      field += line;
      const next = line === '' ? undefined : more.shift();
      if (next === undefined) return undefined;
      line = next;
      continue;
    }
    field += line.slice(0, quote);
    line = line.slice(quote + 1);
    if (line.startsWith('"')) {
      field += '"';
      line = line.slice(1);
    } else if (line.startsWith(',')) {
      return { field, rest: line.slice(1) };
    } else if (line === '' || line === '\n') {
      return { field, rest: undefined };
    } else {
      return undefined;
    }
  }
}
