import * as core from '@actions/core';
import type { Problem } from '../model/problems.ts';
import type { Progress } from '../model/progress.ts';
import { CODE_WORDS } from './code-words.ts';
import { logLine } from './escape.ts';

/** GitHub shows ten annotations of a kind a step, and drops the rest without a word. */
const MOST_ANNOTATIONS = 10;
/** A plain log is no terminal: long work says how far it is this often at most. */
const STEP_INTERVAL_MS = 5_000;

/** The log of a step: progress of the core, groups, and annotations. */
export interface StepLog extends Progress {
  /** Runs `work` inside a group that the log can fold. */
  group<T>(title: string, work: () => Promise<T>): Promise<T>;
  /** A line that is fit for everyone: it names nothing of the cluster. */
  say(message: string): void;
  /** Problems as annotations, errors first; `taken` annotations are already spoken for. */
  annotate(problems: readonly Problem[], taken: number): void;
}

export interface LogOptions {
  /** May names of objects be shown? Otherwise everything from the core that could hold one is left out. */
  names: boolean;
  verbose: boolean;
  now?: () => number;
}

/** A log on standard output, in the runner's own language. */
export function stepLog(options: LogOptions): StepLog {
  const now = options.now ?? Date.now;
  let lastStep = Number.NEGATIVE_INFINITY;
  let lastWhat = '';
  return {
    info: (message) => {
      if (options.names) core.info(logLine(message));
    },
    // Warnings of the core come again as problems of the report, and only those become annotations.
    warn: (message) => {
      if (options.names) core.info(`Warning: ${logLine(message)}`);
    },
    debug: (message) => {
      if (!options.names) return;
      if (options.verbose) core.info(logLine(message));
      else core.debug(logLine(message));
    },
    step: (what, done, total) => {
      const finished = total > 0 && done >= total;
      const at = now();
      if (what === lastWhat && !finished && at - lastStep < STEP_INTERVAL_MS) return;
      lastStep = at;
      lastWhat = what;
      const shown = options.names ? logLine(what) : 'Working';
      core.info(total > 0 ? `${shown}: ${done} of ${total}` : done > 0 ? `${shown}: ${done}` : shown);
    },
    say: (message) => core.info(logLine(message)),
    group: async (title, work) => {
      core.startGroup(logLine(title));
      try {
        return await work();
      } finally {
        core.endGroup();
      }
    },
    annotate: (problems, taken) => {
      for (const { severity, title, text } of annotations(problems, options.names, MOST_ANNOTATIONS - taken)) {
        const show = { error: core.error, warning: core.warning, note: core.notice }[severity];
        show(text, { title });
      }
    },
  };
}

export interface Annotation {
  severity: Problem['severity'];
  title: string;
  text: string;
}

const ORDER = ['error', 'warning', 'note'] as const;

/** The first `most` problems as annotations, errors first; the last one says how many are not shown. */
export function annotations(problems: readonly Problem[], names: boolean, most: number): Annotation[] {
  const all = names ? problems : countedByCode(problems);
  const sorted = ORDER.flatMap((severity) => all.filter((problem) => problem.severity === severity));
  return sorted.slice(0, Math.max(0, most)).map((problem, i, shown) => {
    const more = sorted.length - shown.length;
    const tail = i === shown.length - 1 && more > 0 ? ` (And ${more} more: see the summary and the report.)` : '';
    return {
      severity: problem.severity,
      title: `certkeep: ${problem.code}`,
      text: logLine(`${sentence(problem)}${tail}`),
    };
  });
}

/** Message and fix in one line, with the object in front where the message does not name it. */
export function sentence(problem: Problem): string {
  const named = problem.object === undefined || problem.message.includes(problem.object);
  return `${named ? '' : `${problem.object}: `}${ended(problem.message)}${problem.fix === '' ? '' : ` Fix: ${ended(problem.fix)}`}`;
}

/** One problem for each code and severity, that says how often it holds and names nothing. */
export function countedByCode(problems: readonly Problem[]): Problem[] {
  const counted = new Map<string, { problem: Problem; count: number }>();
  for (const problem of problems) {
    const key = `${problem.severity} ${problem.code}`;
    const entry = counted.get(key);
    if (entry === undefined) counted.set(key, { problem, count: 1 });
    else entry.count += 1;
  }
  return [...counted.values()].map(({ problem, count }) => ({
    severity: problem.severity,
    code: problem.code,
    message: `${CODE_WORDS[problem.code]}${count > 1 ? ` (${count} times)` : ''}`,
    fix: '',
  }));
}

function ended(text: string): string {
  return /[.!?…:]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`;
}
