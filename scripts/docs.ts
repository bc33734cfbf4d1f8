/**
 * Writes what the documentation takes from the sources, between its markers: the problem codes of docs/exit-codes.md,
 * the rights of docs/permissions.md, the hazards of docs/upgrades.md, and the inputs and outputs of README.md. `--check`
 * fails where they differ.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { CODE_WORDS } from '../src/action/code-words.ts';
import { PROBLEM_CODES, type ProblemCode } from '../src/model/problems.ts';
import { USES } from '../src/rights/options.ts';
import { rightsTable } from '../src/rights/words.ts';
import { upgradeGuide } from './upgrades.ts';

const ROOT = join(import.meta.dirname, '..');

interface ActionYaml {
  inputs: Record<string, { description: string; default?: string; required?: boolean }>;
  outputs: Record<string, { description: string }>;
}

const cell = (text: string) => text.trim().replace(/\s+/g, ' ').replaceAll('|', '\\|');

function problemCodes(): string {
  const rows = Object.entries(PROBLEM_CODES).map(
    ([word, code]) => `| \`${word}\` | ${code} | ${cell(CODE_WORDS[word as ProblemCode])} |`,
  );
  return ['| code | exit code as an error | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

function inputs(action: ActionYaml): string {
  const rows = Object.entries(action.inputs).map(
    ([name, input]) =>
      `| \`${name}\` | ${input.default ? `\`${cell(input.default)}\`` : ''} | ${cell(input.description)} |`,
  );
  return ['| input | default | meaning |', '| --- | --- | --- |', ...rows].join('\n');
}

function outputs(action: ActionYaml): string {
  const rows = Object.entries(action.outputs).map(([name, output]) => `| \`${name}\` | ${cell(output.description)} |`);
  return ['| output | meaning |', '| --- | --- |', ...rows].join('\n');
}

/** The text with what stands between `<!-- name -->` and `<!-- /name -->` replaced. */
export function between(text: string, name: string, content: string): string {
  const [start, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const from = text.indexOf(start);
  if (from < 0) throw new Error(`no ${start}`);
  const to = text.indexOf(end);
  const rest = to < 0 ? '\n' : text.slice(to + end.length);
  return `${text.slice(0, from)}${start}\n${content}\n${end}${rest}`;
}

const action = load(readFileSync(join(ROOT, 'action.yml'), 'utf8')) as ActionYaml;
const texts: Record<string, (text: string) => string> = {
  'docs/upgrades.md': (text) => between(text, 'hazards', upgradeGuide()),
  'docs/exit-codes.md': (text) => between(text, 'problem-codes', problemCodes()),
  'docs/permissions.md': (text) => USES.reduce((all, use) => between(all, use, rightsTable(use)), text),
  'README.md': (text) => between(between(text, 'inputs', inputs(action)), 'outputs', outputs(action)),
};

for (const [file, update] of Object.entries(texts)) {
  const path = join(ROOT, file);
  const old = readFileSync(path, 'utf8');
  const now = update(old);
  if (now === old) continue;
  if (process.argv.includes('--check')) {
    console.error(`${file} is not what the sources say. Run: npm run docs`);
    process.exitCode = 1;
  } else {
    writeFileSync(path, now);
    console.log(`${file} updated`);
  }
}
