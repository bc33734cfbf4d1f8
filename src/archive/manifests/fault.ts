import type { Problem } from '../../model/problems.ts';

/** Something in a manifest that could not be read. The text never quotes the manifest: it may hold a Secret. */
export interface Fault {
  /** The line, counted from 1, that it begins on, or that the parser stopped at. */
  line: number;
  what: string;
  fix: string;
}

/** A fault as a line of a report. */
export function faultProblem(file: string, { line, what, fix }: Fault): Problem {
  return { severity: 'error', code: 'bad-manifest', message: `${file} line ${line}: ${what}.`, fix };
}

export const FIX_YAML = 'Correct the file; `kubectl apply --dry-run=client -f FILE` shows the same fault.';
export const FIX_CUT = 'The file was cut or is still being written: make it anew.';
