import { appendFileSync } from 'node:fs';
import * as core from '@actions/core';
import { CertkeepError, EXIT, type ExitCode, PROBLEM_CODES, type Problem } from '../model/problems.ts';
import type { Report } from '../model/report.ts';
import { CODE_WORDS } from './code-words.ts';
import { logLine, markdownProse } from './escape.ts';
import { sentence } from './log.ts';
import { PublicError } from './public-error.ts';

/** An error of any kind as a line of a report. */
export function problemOf(error: unknown): Problem {
  if (error instanceof CertkeepError) return error.toProblem();
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return {
    severity: 'error',
    code: 'unexpected-error',
    message: `Unexpected error: ${withoutSecrets(text)}`,
    fix: 'Run the step again with `verbose: true` and report what it says, with the version of certkeep.',
  };
}

/** Nobody knows what an unexpected error quotes: whatever could be a key, in base64 or hex, is left out. */
function withoutSecrets(text: string): string {
  const bare = text
    .replace(/-----BEGIN[\s\S]*?(-----END[^-]*-----|$)/g, '[…]')
    .replace(/[A-Za-z0-9+/_=-]{32,}/g, '[…]');
  return logLine(bare, 300);
}

/** The problem that the step fails with: the first error that asks for the report's exit code. */
export function headline(report: Report): Problem | undefined {
  const errors = report.problems.filter((problem) => problem.severity === 'error');
  return errors.find((problem) => PROBLEM_CODES[problem.code] === report.exitCode) ?? errors[0];
}

/**
 * What setFailed says: what happened, the likely cause, the fix. Where names may not be shown, the meaning of the code
 * stands for the message, unless the error is one that names nothing of the cluster.
 */
export function failureMessage(report: Report, error: unknown, names: boolean): string {
  const problem = headline(report);
  const result = report.verdict === '' ? report.command : `${report.command}: ${report.verdict}`;
  if (problem === undefined)
    return logLine(`${result} (exit code ${report.exitCode}). See the summary and the report.`);
  const head = `${result} (exit code ${report.exitCode}, ${problem.code}).`;
  const others = report.problems.filter((p) => p.severity === 'error').length - 1;
  const more =
    others > 0 ? ` (${others} more ${others === 1 ? 'error' : 'errors'}: see the summary and the report.)` : '';
  const open = names || error instanceof PublicError;
  const text = open
    ? sentence(problem)
    : `${CODE_WORDS[problem.code]} Fix: set \`details: true\` to see what is meant, or run the same with the command line where only you read it.`;
  return logLine(`${head} ${text}${more}`);
}

/**
 * Fails the step with the report's exit code. The stack of an error is shown on request only, and where names may be
 * shown: it can quote some.
 */
export function fail(report: Report, error: unknown, options: { names: boolean; verbose: boolean }): void {
  core.setFailed(failureMessage(report, error, options.names));
  process.exitCode = report.exitCode;
  if (options.verbose && options.names && error !== undefined) showStack(error);
}

/** Fails the step for an error before there was anything to report on: wrong inputs, or a fault of the program. */
export function failEarly(error: unknown, summaryFile: string | undefined): void {
  const problem = problemOf(error);
  const code: ExitCode = error instanceof CertkeepError ? error.exitCode : EXIT.unexpected;
  core.setFailed(logLine(`certkeep (exit code ${code}, ${problem.code}). ${sentence(problem)}`));
  process.exitCode = code;
  if (summaryFile !== undefined && summaryFile !== '') {
    const text = `**May I go on? No.** ${markdownProse(problem.message)}\n\n${markdownProse(problem.fix)}`;
    appendFileSync(summaryFile, `## ❌ certkeep\n\n${text}\n`);
  }
}

function showStack(error: unknown): void {
  for (let e: unknown = error, depth = 0; e instanceof Error && depth < 5; e = e.cause, depth++) {
    for (const line of (e.stack ?? e.message).split('\n').slice(0, 30)) core.info(logLine(withoutKeys(line)));
  }
}

function withoutKeys(line: string): string {
  return line.replace(/[A-Za-z0-9+/=]{64,}/g, '[…]');
}
