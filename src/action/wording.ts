import type { Problem } from '../model/problems.ts';
import { INPUTS, OTHER_NAMES } from './input-table.ts';

/** A sentence with one of these shows a command line, whose flags stay as they are. */
const COMMAND = /\b(kubectl|certkeep|helm|gh|age-keygen|openssl|cmctl) [a-z-]/;

/**
 * The problem in the words of a workflow: the core speaks of flags (`--recipient`), and here they are inputs
 * (`age-recipients`). Commands to be typed elsewhere keep theirs.
 */
export function inInputs(problem: Problem): Problem {
  return { ...problem, message: flagsToInputs(problem.message), fix: flagsToInputs(problem.fix) };
}

function flagsToInputs(text: string): string {
  return text
    .split(/(?<=[.;:]) /)
    .map((sentence) =>
      COMMAND.test(sentence) ? sentence : sentence.replace(/`?--([a-z]+(?:-[a-z]+)*)`?(?![\w=-])/g, input),
    )
    .join(' ');
}

function input(flag: string, name: string): string {
  const known = Object.hasOwn(INPUTS, name) ? name : OTHER_NAMES[name];
  return known === undefined ? flag : `\`${known}\``;
}
