import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { CERTKEEP_VERSION } from '../../src/model/version.ts';
import { DEFAULT_CERT_MANAGER, KUBERNETES_VERSION } from '../cluster/versions.ts';

/**
 * Writes what a measuring script printed to test/results/NAME.json, with the versions and the machine that it holds for.
 * Returns the path.
 */
export function writeResult(name: string, figures: unknown): string {
  const directory = join(import.meta.dirname, '../results');
  mkdirSync(directory, { recursive: true });
  const path = join(directory, `${name}.json`);
  const result = {
    name,
    at: new Date().toISOString(),
    versions: {
      certkeep: CERTKEEP_VERSION,
      node: process.versions.node,
      kubernetes: KUBERNETES_VERSION,
      certManager: DEFAULT_CERT_MANAGER,
    },
    machine: {
      cpu: cpus()[0]?.model ?? '',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      platform: process.platform,
    },
    figures,
  };
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
  return path;
}
