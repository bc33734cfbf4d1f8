import type { Progress } from '../model/progress.ts';
import { fold, plain } from './terminal.ts';

export interface ProgressOptions {
  stderr: NodeJS.WriteStream;
  quiet: boolean;
  verbose: boolean;
  now?: () => number;
}

/**
 * Progress on stderr: sentences as they come; long work as one moving line on a terminal, and as a plain line at most
 * every 10 seconds elsewhere (a CI log).
 */
export function terminalProgress(options: ProgressOptions): Progress & { finish(): void } {
  const { stderr, quiet, verbose } = options;
  const now = options.now ?? Date.now;
  const live = stderr.isTTY === true && !quiet;
  let moving = false;
  let lastLine = now();
  let started: { what: string; at: number } = { what: '', at: 0 };

  const clear = () => {
    if (moving) stderr.write('\r\u001b[K');
    moving = false;
  };
  const line = (text: string) => {
    clear();
    const lines = live ? fold(text, (stderr.columns ?? 80) - 3) : [text];
    for (const [i, part] of lines.entries()) stderr.write(`${i === 0 ? '' : '  '}${part}\n`);
  };
  return {
    info: (message) => {
      if (!quiet) line(plain(message));
    },
    warn: (message) => line(`warning: ${plain(message)}`),
    debug: (message) => {
      if (verbose) line(`debug: ${plain(message)}`);
    },
    step: (what, done, total) => {
      if (quiet) return;
      const at = now();
      if (started.what !== what) started = { what, at };
      const text = describeStep(what, done, total, at - started.at);
      if (live) {
        stderr.write(`\r\u001b[K${plain(text).slice(0, (stderr.columns ?? 80) - 1)}`);
        moving = true;
        if (total > 0 && done >= total) clear();
      } else if (at - lastLine >= 10_000) {
        lastLine = at;
        stderr.write(`${plain(text)}\n`);
      }
    },
    finish: clear,
  };
}

/** `writing Secrets: 1200 of 2000 (430/s, 2 s left)`. */
export function describeStep(what: string, done: number, total: number, elapsedMs: number): string {
  if (total <= 0) return done > 0 ? `${what}: ${done}` : what;
  const rate = elapsedMs > 500 ? (done * 1000) / elapsedMs : 0;
  const left = rate > 0 && done < total ? `, ${Math.ceil((total - done) / rate)} s left` : '';
  return `${what}: ${done} of ${total}${rate > 0 ? ` (${Math.round(rate)}/s${left})` : ''}`;
}
