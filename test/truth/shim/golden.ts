import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ShimVerdict } from './case.ts';

const DIRECTORY = join(import.meta.dirname, '../golden/shim');

/** The kept verdicts of one release's shim on the cases of the fixed seed. Throws where there are none. */
export function readShimGolden(version: string): Map<string, ShimVerdict> {
  const file = join(DIRECTORY, `${version}.json.gz`);
  if (!existsSync(file)) throw new Error(`no ${file}: make it with npm run truth`);
  const verdicts = JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as ShimVerdict[];
  return new Map(verdicts.map((verdict) => [verdict.id, verdict]));
}

export function writeShimGolden(version: string, verdicts: readonly ShimVerdict[]): void {
  mkdirSync(DIRECTORY, { recursive: true });
  writeFileSync(join(DIRECTORY, `${version}.json.gz`), gzipSync(JSON.stringify(verdicts), { level: 9 }));
}
