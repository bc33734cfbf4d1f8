import type { Problem } from '../model/problems.ts';
import { INPUTS, type InputName, OTHER_NAMES } from './input-table.ts';

/** Phrases of the core that mean nothing in a workflow, or another thing. */
const PHRASES: readonly (readonly [string, string])[] = [
  ['the directory that `certkeep backup --output` wrote', 'as `path` the directory that mode `backup` wrote'],
  ['the full list in the report (--json)', 'the full list in the file that the output `report-path` names'],
  [', or name a later one with --cert-manager-version', ''],
  ['that no --include named', 'that certkeep does not restore'],
];

/**
 * In this order, at each place of a text: a flag in backticks; anything else in backticks or double quotes; a command that
 * stands in the sentence, up to the end of its clause; a flag.
 */
const FLAG = '--([a-z]+(?:-[a-z]+)*)(?:([ =])([A-Za-z][^\\s`,;)]*[A-Za-z0-9_]|[A-Za-z]))?(?![\\w-])';
const COMMAND =
  '\\b(?:kubectl|certkeep (?:backup|check|plan|restore|verify|predict|resume|rbac)) (?:[^;,)"`.]|\\.(?=\\S))*';
const PARTS = new RegExp(`\`${FLAG}\`|(\`[^\`]*\`|"[^"]*"|${COMMAND})|${FLAG}`, 'g');

/**
 * The problem in the words of a workflow: the core speaks of flags (`--recipient`), and here they are inputs
 * (`age-recipients`). Commands to be typed elsewhere keep theirs.
 */
export function inInputs(problem: Problem): Problem {
  return { ...problem, message: flagsToInputs(problem.message), fix: flagsToInputs(problem.fix) };
}

function flagsToInputs(text: string): string {
  const known = PHRASES.reduce((said, [phrase, other]) => said.replaceAll(phrase, other), text);
  return known.replace(PARTS, (all: string, ...groups: (string | undefined)[]) => {
    const [quoted, quotedGap, quotedValue, command, flag, gap, value] = groups;
    if (command !== undefined) return all;
    return input(all, quoted ?? flag ?? '', quotedGap ?? gap ?? '', quotedValue ?? value);
  });
}

/** What stands for a flag, and for the word behind it where that is its value. */
function input(all: string, flag: string, gap: string, word: string | undefined): string {
  const name = Object.hasOwn(INPUTS, flag) ? (flag as InputName) : OTHER_NAMES[flag];
  if (name === undefined) return all;
  if (word !== undefined && isValue(name, word)) return `\`${name}: ${word}\``;
  // Some other program's flag.
  if (gap === '=') return all;
  const setting = INPUTS[name].default === 'false' && !all.startsWith('`') ? `${name}: true` : name;
  return `\`${setting}\`${word === undefined || isPlaceholder(word) ? '' : `${gap}${word}`}`;
}

const VALUES: Partial<Record<InputName, RegExp>> = {
  secrets: /^(auto|all|issuer|none)$/,
  baseline: /^(secrets|requests)$/,
  encrypt: /^(secrets|all)$/,
  'on-conflict': /^(fail|keep)$/,
  include: /^(crds$|[a-z0-9-]+\.)/,
  'allow-missing': /^[A-Z][A-Za-z]+\//,
};

function isValue(name: InputName, word: string): boolean {
  return (
    (VALUES[name] ?? (/^(true|false)$/.test(INPUTS[name].default) ? /^(true|false)$/ : undefined))?.test(word) === true
  );
}

/** `FILE`, `AGE_PUBLIC_KEY`. */
function isPlaceholder(word: string): boolean {
  return /^[A-Z][A-Z_]+$/.test(word);
}
