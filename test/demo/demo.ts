/**
 * `npm run demo`: the main job on real clusters that it starts itself, then the documented way beside it.
 * `npm run demo -- --kubeconfig FILE [--context NAME]`: backs that cluster up and only reads it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { table } from '../../src/cli/terminal.ts';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import { certkeep, type RunResult } from '../support/bundle.ts';
import {
  apply,
  CERTIFICATE_COUNT,
  fillCompany,
  INGRESS,
  INGRESS_CERTIFICATE,
  NAMESPACE_OBJECTS,
  requests,
  waitReady,
} from '../support/company.ts';
import { newIdentity } from '../support/identity.ts';
import { documentedWay, fingerprints } from './documented-way.ts';

const started = performance.now();

function say(text: string): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(0).padStart(4);
  console.log(`[${seconds} s] ${text}`);
}

/** Runs certkeep as a user would, shows the command and what it printed; throws where the code is not the expected one. */
async function show(args: string[], expected = 0): Promise<RunResult> {
  console.log(`\n$ certkeep ${args.join(' ')}`);
  const result = await certkeep(args);
  process.stdout.write(indent(result.stderr) + indent(result.stdout));
  if (result.code !== expected) throw new Error(`certkeep ${args[0]} ended with ${result.code}, not ${expected}`);
  return result;
}

const indent = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => `  ${line}\n`)
    .join('');

async function existingCluster(args: string[]): Promise<void> {
  const key = await newIdentity();
  const directory = join(mkdtempSync(join(tmpdir(), 'certkeep-demo-')), 'backup');
  say('backing up the given cluster; nothing is written to it');
  await show(['backup', '--output', directory, '--recipient', key.recipient, ...args]);
  await show(['check', directory, '--identity-file', key.file]);
  console.log(`\nThe backup is in ${directory}, encrypted to the key in ${key.file}.`);
  console.log('Compare the cluster with it at any time, still only reading:');
  console.log(`  node dist/cli.js verify ${directory} --no-canary ${args.join(' ')}`);
}

async function ownClusters(): Promise<void> {
  say('starting three clusters: etcd, kube-apiserver, kube-controller-manager and cert-manager 1.21.2 each');
  console.log('         (the first run builds all of these from source, which takes some ten minutes)');
  const directory = mkdtempSync(join(tmpdir(), 'certkeep-demo-'));
  const clusters: TestCluster[] = [];
  const start = async (name: string) => {
    const cluster = await startCluster(name);
    clusters.push(cluster);
    return cluster;
  };
  try {
    const source = await start('demo-source');
    say(
      `filling the first with a small company: ${CERTIFICATE_COUNT} Certificates in 5 namespaces, one made from an Ingress`,
    );
    await fillCompany(source);
    const before = await fingerprints(source);
    say(`${before.size} Certificates issued by the real controller`);

    const key = await newIdentity();
    const backup = join(directory, 'backup');
    await show(['backup', '--kubeconfig', source.kubeconfig, '--output', backup, '--recipient', key.recipient]);
    await show(['check', backup, '--identity-file', key.file]);

    console.log();
    say('a second, empty cluster with cert-manager running: the migration');
    const target = await start('demo-target');
    const restore = ['--kubeconfig', target.kubeconfig, '--identity-file', key.file];
    await show(['plan', backup, ...restore]);
    // 8: the Ingress is not there yet, so that its Certificate cannot be proved.
    await show(['restore', backup, ...restore], 8);
    console.log();
    say('applying the Ingress and waiting for ingress-shim to make its Certificate');
    await apply(target, [INGRESS]);
    await waitReady(target, CERTIFICATE_COUNT);
    await show(['verify', backup, ...restore]);
    const kept = await fingerprints(target);
    const made = (await requests(target)).length;

    console.log();
    say('a third cluster: the two lines that the documentation of cert-manager gives for a backup');
    const third = await start('demo-documented');
    await apply(third, NAMESPACE_OBJECTS);
    const documented = await documentedWay(source, third, directory, say);

    const same = (after: Map<string, string>, name: string) => {
      const now = after.get(name);
      if (now === undefined) return 'not there';
      return now === before.get(name) ? 'unchanged' : 'REISSUED';
    };
    console.log();
    for (const line of table(
      ['CERTIFICATE', 'CERTKEEP', 'DOCUMENTED', 'THE SAME, INGRESS ONE CUT OUT'],
      [...before.keys()].map((name) => [
        name,
        same(kept, name),
        same(documented.asWritten, name),
        same(documented.edited, name),
      ]),
    )) {
      console.log(line);
    }
    const unchanged = [...before.keys()].filter((name) => same(kept, name) === 'unchanged').length;
    console.log(`\ncertkeep:   ${unchanged} of ${before.size} unchanged, ${made} CertificateRequests made`);
    console.log(`documented: ${documented.error}`);
    const reissued = [...before.keys()].filter((name) => same(documented.edited, name) === 'REISSUED').length;
    console.log(
      `            without ${INGRESS_CERTIFICATE.namespace}/${INGRESS_CERTIFICATE.name}: ${reissued} of ${documented.edited.size} reissued`,
    );
    if (unchanged !== before.size || made !== 0) throw new Error('the demo did not end as it should');
    say('done');
  } finally {
    await Promise.all(clusters.map((cluster) => cluster.stop()));
    rmSync(directory, { recursive: true, force: true });
  }
}

const args = process.argv.slice(2);
try {
  await (args.includes('--kubeconfig') ? existingCluster(args) : ownClusters());
} catch (error) {
  console.error(`\ndemo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
