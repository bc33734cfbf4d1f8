import { failEarly } from './failure.ts';
import { run } from './run.ts';

/** Entry of the Action's main step. */

// A runner that cancels sends SIGINT, 7.5 s later SIGTERM, and kills 2.5 s after that: what is under way ends in order.
const cancelled = new AbortController();
process.once('SIGINT', () => cancelled.abort());
process.once('SIGTERM', () => cancelled.abort());

try {
  await run({ env: process.env, signal: cancelled.signal });
} catch (error) {
  failEarly(error, process.env);
}
// The runner waits for the process, and idle connections of the libraries would keep it for seconds.
await new Promise<void>((flushed) => process.stdout.write('', () => flushed()));
process.exit();
