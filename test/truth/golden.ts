import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Case } from './case.ts';
import type { Verdict } from './run.ts';

const DIRECTORY = join(import.meta.dirname, 'golden');

/**
 * The kept verdicts of one release on the cases of the fixed seed. Damaged cases are not among them: the bytes that they
 * damage are another signature's in every run. Throws where there are none.
 */
export function readGolden(version: string): Map<string, Verdict> {
  const file = join(DIRECTORY, `${version}.json.gz`);
  if (!existsSync(file)) throw new Error(`no ${file}: make it with npm run truth`);
  const verdicts = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as Verdict[];
  return new Map(verdicts.map((verdict) => [verdict.id, verdict]));
}

export function writeGolden(version: string, cases: readonly Case[], verdicts: readonly Verdict[]): void {
  mkdirSync(DIRECTORY, { recursive: true });
  const kept = verdicts.filter((_, i) => !cases[i]?.damaged);
  writeFileSync(join(DIRECTORY, `${version}.json.gz`), gzipSync(JSON.stringify(kept), { level: 9 }));
}
