import { truthBinary, type Version } from '../build.ts';
import { ask } from '../run.ts';
import type { ShimCase, ShimVerdict } from './case.ts';

/** Lets the real shim of that release judge the cases. */
export async function judgeShim(version: Version, cases: readonly ShimCase[]): Promise<ShimVerdict[]> {
  return ask<ShimVerdict>(await truthBinary(version, 'shim'), [], cases);
}
