/**
 * How fast `certkeep predict --from FILE` is on 50,000 Certificates with their Secrets and requests in one file, parsing
 * and report included, beside cert-manager's own policy chain on the same states: time, CPU and peak memory of both.
 * `npm run bench`, or `node test/truth/bench.ts 10000`. Writes test/results/truth-bench.json when CERTKEEP_RESULTS is set.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import type { Report } from '../../src/model/report.ts';
import { decide } from '../../src/reissue/decide.ts';
import { cliProgram } from '../support/bundle.ts';
import { writeResult } from '../support/results.ts';
import { LIVE, truthBinary } from './build.ts';
import type { Case } from './case.ts';
import { buildCase, soundPlan } from './plan.ts';
import { Random } from './random.ts';
import { Maker } from './run.ts';

/** What is allowed for 50,000 on 2 cores. */
export const LIMIT = { seconds: 10, megabytes: 1024 };

/** Sound states of the common kinds of key (RSA 2048 and P-256), `count` of them, made of some hundred different ones. */
export async function soundStates(count: number): Promise<Case[]> {
  const maker = await Maker.start();
  try {
    const plans = Array.from({ length: 1000 }, (_, i) => soundPlan(new Random(i), maker));
    const common = plans.filter(({ keys }) => /^(rsa2048|p256)-/.test(keys.secret));
    const states = await Promise.all(common.map((plan, i) => buildCase(plan, `bench-${i}`, 'sound')));
    return Array.from({ length: count }, (_, i) => ({ ...(states[i % states.length] as Case), id: `bench-${i}` }));
  } finally {
    maker.stop();
  }
}

/** Decides them all; how many are kept. */
export function decideAll(states: readonly Case[]): number {
  let kept = 0;
  for (const { certificate, secret, requests, now } of states) {
    const input = { certificate, secret: secret ?? undefined, requests, siblings: [certificate] };
    if (decide(input, { now: new Date(now), version: LIVE }).outcome === 'keep') kept++;
  }
  return kept;
}

/** The same state under names of its own, so that all of them fit into one cluster, judged at one time. */
function named(state: Case, i: number, now: string): Case {
  const json = JSON.stringify(state)
    .replace(/"web-(\d+)"/g, `"web-${i}-$1"`)
    .replaceAll('"web"', `"web-${i}"`)
    .replaceAll('"web-tls"', `"web-${i}-tls"`)
    .replaceAll('"uid-web"', `"uid-web-${i}"`)
    .replaceAll('"app1"', `"app${i % 500}"`);
  return { ...(JSON.parse(json) as Case), now };
}

/** Writes what `kubectl get certificates,secrets,certificaterequests -A -o json` would print, and the same for Go. */
export async function writeFiles(count: number, list: string, cases: string): Promise<string> {
  const states = await soundStates(count);
  const { now } = states[0] as Case;
  const out = createWriteStream(list);
  const go = createWriteStream(cases);
  const write = (stream: typeof out, words: string) => (stream.write(words) ? undefined : once(stream, 'drain'));
  await write(out, '{"apiVersion":"v1","items":[');
  let comma = '';
  for (const kind of ['certificates', 'requests', 'secrets'] as const) {
    for (const [i, plain] of states.entries()) {
      const state = named(plain, i, now);
      if (kind === 'certificates') await write(go, `${JSON.stringify(state)}\n`);
      const objects =
        kind === 'certificates' ? [state.certificate] : kind === 'secrets' ? [state.secret] : state.requests;
      for (const object of objects) {
        if (object === undefined || object === null) continue;
        await write(out, `${comma}\n${JSON.stringify(object, null, 4)}`);
        comma = ',';
      }
    }
  }
  await write(out, '\n],"kind":"List","metadata":{"resourceVersion":""}}\n');
  await Promise.all([out, go].map((stream) => new Promise<void>((resolve) => stream.end(resolve))));
  return now;
}

interface Run {
  seconds: number;
  /** User and system time, of all its threads. */
  cpuSeconds: number;
  /** Peak of resident memory as the kernel counts it (VmHWM). */
  megabytes: number;
  stdout: string;
}

/** Runs a program to its end, looking at its memory on the way. */
async function run(command: string, args: readonly string[], stdin?: string): Promise<Run> {
  const begin = performance.now();
  const input = stdin === undefined ? ('ignore' as const) : openSync(stdin, 'r');
  const child = spawn(command, args, { stdio: [input, 'pipe', 'inherit'] });
  let peak = 0;
  let ticks = 0;
  const timer = setInterval(() => {
    try {
      // The name in parentheses may hold spaces; utime and stime are the 14th and 15th field.
      const [utime = 0, stime = 0] = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
        .slice(11, 13)
        .map(Number);
      ticks = Math.max(ticks, utime + stime);
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0));
    } catch {
      // It has ended, or this system has no /proc.
    }
  }, 10);
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const stdout = await text(child.stdout as Readable);
  const code = await ended;
  clearInterval(timer);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}`);
  return { seconds: (performance.now() - begin) / 1000, cpuSeconds: ticks / 100, megabytes: peak / 1024, stdout };
}

async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? 50_000);
  const directory = mkdtempSync(join(tmpdir(), 'certkeep-bench-'));
  try {
    const list = join(directory, 'list.json');
    const cases = join(directory, 'cases.jsonl');
    const now = await writeFiles(count, list, cases);
    const certkeep = await run(process.execPath, [
      cliProgram(),
      'predict',
      '--from',
      list,
      '--now',
      now,
      '--json',
      '--quiet',
    ]);
    const report = JSON.parse(certkeep.stdout) as Report;
    const go = await run(await truthBinary(LIVE), ['chain'], cases);
    const chain = JSON.parse(go.stdout) as { cases: number; reissued: number; chainMs: number };
    const reissued = report.certificates.filter(({ prediction }) => prediction === 'reissue').length;
    const figures = {
      certificates: count,
      fileMegabytes: round(statSync(list).size / 1e6),
      certkeep: {
        seconds: round(certkeep.seconds),
        cpuSeconds: round(certkeep.cpuSeconds),
        peakMegabytes: Math.round(certkeep.megabytes),
        reissued,
      },
      certManagersChain: {
        seconds: round(go.seconds),
        cpuSeconds: round(go.cpuSeconds),
        ofWhichDeciding: round(chain.chainMs / 1000),
        peakMegabytes: Math.round(go.megabytes),
        reissued: chain.reissued,
      },
      allowed: LIMIT,
    };
    console.log(JSON.stringify(figures, null, 2));
    if (process.env.CERTKEEP_RESULTS === '1') writeResult('truth-bench', figures);
    if (report.certificates.length !== count || reissued !== chain.reissued) throw new Error('they do not agree');
    const share = count / 50_000;
    // On a machine that does other work besides, the time on the clock says little.
    const seconds = Math.min(certkeep.seconds, certkeep.cpuSeconds || certkeep.seconds);
    if (seconds > Math.max(2, LIMIT.seconds * share)) throw new Error('too slow');
    if (certkeep.megabytes > Math.max(300, LIMIT.megabytes * share)) throw new Error('too much memory');
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const round = (figure: number): number => Math.round(figure * 10) / 10;

if (import.meta.main) await main();
