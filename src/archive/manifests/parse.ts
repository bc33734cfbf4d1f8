import { isUtf8 } from 'node:buffer';
import { load, YAMLException } from 'js-yaml';
import { MAX_NESTING, MAX_YAML_VALUES } from './bounds.ts';
import { type Fault, FIX_CUT, FIX_YAML } from './fault.ts';
import type { PieceKind } from './piece.ts';

/** The value of a piece, or why it has none. `line`: the line of the file that the piece begins on. */
export function parsePiece(bytes: Buffer, line: number, kind: PieceKind): { value: unknown } | { fault: Fault } {
  if (!isUtf8(bytes)) return { fault: { line, what: 'what begins here is not UTF-8 text', fix: 'Save it as UTF-8.' } };
  const text = bytes.toString('utf8');
  if (kind.startsWith('json')) return parseJson(text, line);
  // JSON within a YAML stream is far faster to read as what it is.
  if (kind === 'yaml' && text.trimStart().startsWith('{')) {
    const json = parseJson(text, line);
    if ('value' in json) return json;
  }
  return parseYaml(text, line, kind);
}

function parseJson(text: string, line: number): { value: unknown } | { fault: Fault } {
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    // The parser's message quotes the text, which may be a Secret's: only the place is taken from it, where it has one.
    const position = /at position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    const at = position === undefined ? line : line + text.slice(0, Number(position)).split('\n').length - 1;
    return { fault: { line: at, what: 'it is not JSON', fix: FIX_YAML } };
  }
}

function parseYaml(text: string, line: number, kind: PieceKind): { value: unknown } | { fault: Fault } {
  try {
    const loaded = load(text, { maxDepth: MAX_NESTING, maxTotalMergeKeys: 1000 });
    if (text.includes('*') && text.includes('&') && !isSmall(loaded)) {
      const what = `written out, the aliases of what begins here are more than ${MAX_YAML_VALUES} values`;
      return { fault: { line, what, fix: 'Write it without YAML aliases.' } };
    }
    return { value: kind === 'yaml-item' ? (loaded as unknown[])[0] : loaded };
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const at = line + (error.mark?.line ?? 0);
    const isCut = /unexpected end|end of (the )?(stream|document)/i.test(error.reason);
    return { fault: { line: at, what: `it is not YAML (${reason(error)})`, fix: isCut ? FIX_CUT : FIX_YAML } };
  }
}

/** The parser's reason without what it quotes of the text. */
function reason({ reason: words }: YAMLException): string {
  return words.replace(/"[^"]*"?|<.*>?|'[^']*'?/g, '…').slice(0, 120);
}

/** Whether a value has no more parts than an object may have, shared ones counted each time. Ends soon in any case. */
function isSmall(value: unknown): boolean {
  const open = [value];
  let count = 0;
  for (let next = open.pop(); open.length > 0 || next !== undefined; next = open.pop()) {
    count += 1;
    if (count > MAX_YAML_VALUES) return false;
    if (typeof next !== 'object' || next === null) continue;
    const inner = Object.values(next);
    if (inner.length > MAX_YAML_VALUES) return false;
    open.push(...inner);
  }
  return true;
}
