import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as core from '@actions/core';
import { CertkeepError, EXIT, PROBLEM_CODES, type Problem } from '../model/problems.ts';
import type { Report } from '../model/report.ts';
import { CERTKEEP_VERSION } from '../model/version.ts';
import { CODE_WORDS } from './code-words.ts';
import { logLine, markdownProse } from './escape.ts';
import { MODES } from './input-table.ts';
import { sentence } from './log.ts';
import { OUTPUTS, reportOutputs } from './outputs.ts';
import { PublicError } from './public-error.ts';
import { makeWorkspace, WORKSPACE_STATE } from './workspace.ts';

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

/** What is left of a run that ended in an error. */
export function reportOf(command: Report['command'], error: unknown): Report {
  return {
    command,
    certkeep: CERTKEEP_VERSION,
    exitCode: error instanceof CertkeepError ? error.exitCode : EXIT.unexpected,
    cluster: '',
    certManager: '',
    verdict: '',
    certificates: [],
    problems: [problemOf(error)],
  };
}

/**
 * Fails the step for an error before the mode began, such as wrong inputs, or for a fault of the program. For the former
 * it leaves all outputs and a report with that one problem; the latter can come after they were left.
 */
export function failEarly(error: unknown, env: Record<string, string | undefined>): void {
  const mode = (env.INPUT_MODE ?? '').trim();
  // Where the mode itself is wrong, the report is that of the default.
  const report = reportOf(MODES.find((known) => known === mode) ?? 'backup', error);
  const problem = problemOf(error);
  core.setFailed(logLine(`certkeep (exit code ${report.exitCode}, ${problem.code}). ${sentence(problem)}`));
  process.exitCode = report.exitCode;
  const summaryFile = env.GITHUB_STEP_SUMMARY ?? '';
  if (summaryFile !== '') {
    const text = `**May I go on? No.** ${markdownProse(problem.message)}\n\n${markdownProse(problem.fix)}`;
    appendFileSync(summaryFile, `## ❌ certkeep\n\n${text}\n`);
  }
  if (!(error instanceof CertkeepError)) return;
  try {
    leaveReport(report, env);
  } catch {
    // A disk that cannot be written must not hide what the step failed with.
  }
}

function leaveReport(report: Report, env: Record<string, string | undefined>): void {
  const workspace = makeWorkspace(env);
  core.saveState(WORKSPACE_STATE, workspace);
  const path = join(workspace, 'report.json');
  writeFileSync(path, `${JSON.stringify(report, undefined, 2)}\n`, { mode: 0o600 });
  const outputs: Record<string, string> = { ...reportOutputs(report, false), 'report-path': path };
  for (const name of OUTPUTS) core.setOutput(name, outputs[name] ?? '');
}

function showStack(error: unknown): void {
  for (let e: unknown = error, depth = 0; e instanceof Error && depth < 5; e = e.cause, depth++) {
    for (const line of (e.stack ?? e.message).split('\n').slice(0, 30)) core.info(logLine(withoutKeys(line)));
  }
}

function withoutKeys(line: string): string {
  return line.replace(/[A-Za-z0-9+/=]{64,}/g, '[…]');
}
