import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { cacheDirectory, LIVE, truthBinary, type Version } from './build.ts';
import type { Case } from './case.ts';

/** What cert-manager does with a case; see test/truth/go/judge.go. */
export interface Verdict {
  id: string;
  outcome: 'keep' | 'reissue' | 'error' | 'panic';
  gate?: string;
  policy?: string;
  reason?: string;
  message?: string;
  error?: string;
  at?: string;
}

/** Lets the real trigger controller of that release judge the cases. */
export async function judge(version: Version, cases: readonly Case[]): Promise<Verdict[]> {
  return ask<Verdict>(await truthBinary(version), ['judge'], cases);
}

/** Writes each case as a line to a truth program and reads a line of answer for each. */
export async function ask<V>(binary: string, args: string[], cases: readonly unknown[]): Promise<V[]> {
  const child = start(binary, args);
  const verdicts: V[] = [];
  const lines = createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY });
  const finished = (async () => {
    for await (const line of lines) verdicts.push(JSON.parse(line) as V);
  })();
  for (const one of cases) {
    if (!child.stdin.write(`${JSON.stringify(one)}\n`)) await once(child.stdin, 'drain');
  }
  child.stdin.end();
  await finished;
  if (verdicts.length !== cases.length) throw new Error(`${verdicts.length} verdicts for ${cases.length} cases`);
  return verdicts;
}

/** A wish to the truth program's `make`; see test/truth/go/make.go. */
export type Wish = { kind: 'key' | 'csr' | 'certificate' } & Record<string, unknown>;

/** Makes keys, requests and certificates. The same wish is granted with the same PEM. */
export class Maker {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly waiting: ((line: string) => void)[] = [];
  private readonly granted = new Map<string, Promise<string>>();

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.child = child;
    createInterface({ input: child.stdout }).on('line', (line) => this.waiting.shift()?.(line));
  }

  static async start(): Promise<Maker> {
    return new Maker(start(await truthBinary(LIVE), ['make', join(cacheDirectory(), 'keys.json')]));
  }

  /** PEM. Rejects with Go's words where the wish cannot be granted. */
  make(wish: Wish): Promise<string> {
    const line = JSON.stringify(wish);
    let pem = this.granted.get(line);
    if (pem === undefined) {
      pem = new Promise<string>((resolve, reject) => {
        this.waiting.push((answer) => {
          const made = JSON.parse(answer) as { pem?: string; error?: string };
          if (made.pem === undefined) reject(new Error(`${made.error} for ${line}`));
          else resolve(made.pem);
        });
        this.child.stdin.write(`${line}\n`);
      });
      this.granted.set(line, pem);
    }
    return pem;
  }

  stop(): void {
    this.child.stdin.end();
  }
}

function start(binary: string, args: string[]): ChildProcessWithoutNullStreams {
  const child = spawn(binary, args, { env: { ...process.env, TZ: 'UTC' }, stdio: ['pipe', 'pipe', 'pipe'] });
  child.stderr.pipe(process.stderr);
  return child;
}
