/**
 * How fast the decision is: certkeep's and cert-manager's own chain over the same states, one after the other on one
 * core. `node test/truth/bench.ts 50000`
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decide } from '../../src/reissue/decide.ts';
import { LIVE, truthBinary } from './build.ts';
import type { Case } from './case.ts';
import { buildCase, soundPlan } from './plan.ts';
import { Random } from './random.ts';
import { Maker } from './run.ts';

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

async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? 50_000);
  const states = await soundStates(count);
  const begin = performance.now();
  const before = process.cpuUsage();
  const kept = decideAll(states);
  const { user, system } = process.cpuUsage(before);
  console.log(
    `certkeep: ${count} in ${(performance.now() - begin).toFixed(0)} ms (${((user + system) / 1000).toFixed(0)} ms of CPU), ${kept} kept`,
  );
  const directory = mkdtempSync(join(tmpdir(), 'certkeep-bench-'));
  try {
    const file = join(directory, 'states.jsonl');
    writeFileSync(file, '');
    for (let i = 0; i < count; i += 1000) {
      writeFileSync(
        file,
        states
          .slice(i, i + 1000)
          .map((one) => `${JSON.stringify(one)}\n`)
          .join(''),
        { flag: 'a' },
      );
    }
    const { stdout } = spawnSync(await truthBinary(LIVE), ['chain'], {
      stdio: [openSync(file, 'r'), 'pipe', 'inherit'],
    });
    const { cases, reissued, chainMs } = JSON.parse(stdout.toString()) as Record<string, number>;
    console.log(`cert-manager's chain: ${cases} in ${chainMs} ms, ${(cases as number) - (reissued as number)} kept`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

if (import.meta.main) await main();
