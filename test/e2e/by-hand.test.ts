import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import { readSpec } from '../cluster/state.ts';
import { fingerprints } from '../demo/documented-way.ts';
import { ageTool } from '../support/age-tool.ts';
import { certkeep, run } from '../support/bundle.ts';
import { apply, CERTIFICATE_COUNT, fillCompany, INGRESS, requests, waitReady } from '../support/company.ts';
import { newIdentity } from '../support/identity.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** A backup is restored without certkeep, by the words of its own RESTORE.md, with plain kubectl and age. */

let source: TestCluster;
let target: TestCluster;
const directory = temporaryDirectory('by-hand');
const sealed = join(directory, 'sealed');

/** The commands of RESTORE.md's section for people without certkeep: its bash blocks, in order. */
function commandsByHand(backup: string): string {
  const text = readFileSync(join(backup, 'RESTORE.md'), 'utf8');
  const section = text.slice(text.search(/^## .*by hand/im));
  const blocks = [...section.matchAll(/```(?:bash|sh)\n([\s\S]*?)```/g)].map((m) => m[1] ?? '');
  expect(blocks.length).toBeGreaterThan(0);
  return blocks.join('\n');
}

beforeAll(async () => {
  [source, target] = [await startCluster('hand-source'), await startCluster('hand-target')];
  await fillCompany(source);
});
afterAll(async () => {
  await Promise.all([source?.stop(), target?.stop()]);
});

describe('restoring by hand', () => {
  it('kubectl apply -f objects/ of a sealed backup writes nothing', async () => {
    const key = await newIdentity();
    expect(
      (await certkeep(['backup', '--kubeconfig', source.kubeconfig, '--output', sealed, '--recipient', key.recipient]))
        .code,
    ).toBe(0);
    const names = async () =>
      (await target.kubectl(['get', 'ns,secrets,certificates,issuers,clusterissuers', '-A', '-o', 'name'])).stdout;
    const was = await names();
    await target.kubectl(['apply', '-f', join(sealed, 'objects')], { check: false });
    expect(await names()).toBe(was);

    const before = await fingerprints(source);
    const script = join(directory, 'restore.sh');
    writeFileSync(script, `set -euo pipefail\n${commandsByHand(sealed)}`);
    const path = `${dirname(readSpec(target.directory).binaries.kubectl)}:${dirname(await ageTool())}:${process.env.PATH ?? ''}`;
    const result = await run('bash', [script], {
      cwd: sealed,
      env: { KUBECONFIG: target.kubeconfig, AGE_IDENTITY: key.file, PATH: path },
    });
    expect(result.code, `${result.stdout}\n${result.stderr}`).toBe(0);
    await apply(target, [INGRESS]);
    await waitReady(target, CERTIFICATE_COUNT);
    expect(await requests(target)).toEqual([]);
    expect(await fingerprints(target)).toEqual(before);
    expect(existsSync(join(sealed, 'objects/30-secrets.ndjson'))).toBe(false);
  });
});
