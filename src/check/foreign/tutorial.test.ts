import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkPaths } from '../../../test/fixtures/foreign/check.ts';
import { list } from '../../../test/fixtures/foreign/export.ts';
import { veleroEntries, writeTarball } from '../../../test/fixtures/foreign/tarball.ts';
import { EDGE_CASES, type EdgeCase } from '../../../test/fixtures/foreign/tutorial.ts';
import { temporaryDirectory } from '../../../test/support/temporary.ts';

const directory = temporaryDirectory('tutorial');
let count = 0;

/** The files of an edge case, written where `check` can read them. */
async function files({ manifests, tarball }: EdgeCase): Promise<string[]> {
  count += 1;
  const paths: string[] = [];
  if (manifests !== undefined) {
    paths.push(join(directory, `${count}.json`));
    writeFileSync(paths[0] as string, list(manifests));
  }
  if (tarball !== undefined) paths.push(await writeTarball(join(directory, `${count}.tar.gz`), veleroEntries(tarball)));
  return paths;
}

describe('every edge case of cert-manager’s backup tutorial', () => {
  const documented = readFileSync(new URL('../../../docs/foreign-backups.md', import.meta.url), 'utf8');

  it.each(EDGE_CASES.map((edge) => [edge.section, edge.says, edge] as const))(
    '%s: %s',
    async (_section, says, edge) => {
      const report = await checkPaths(await files(edge));
      const found = report.problems.find((p) => p.code === edge.code && p.object === edge.object);
      expect(found, JSON.stringify(report.problems, null, 1)).toMatchObject({ severity: edge.severity });
      expect(found?.fix).not.toBe('');
      if (edge.severity === 'error') expect(report.exitCode).not.toBe(0);
      expect(documented).toContain(`| ${edge.section} | ${says} | \`${edge.code}\` |`);
    },
  );
});
