import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { KubeObject } from '../../src/model/objects.ts';
import type { Report } from '../../src/model/report.ts';
import { startCluster, type TestCluster } from '../cluster/api.ts';
import { certkeep, cliProgram, type RunResult } from '../support/bundle.ts';
import { CERTIFICATE_COUNT, fillCompany, INGRESS_CERTIFICATE, NAMESPACES, requests } from '../support/company.ts';
import { newIdentity } from '../support/identity.ts';
import { temporaryDirectory } from '../support/temporary.ts';

/** The controller is paused while a restore writes, and is started again whatever happens to the restore. */

let source: TestCluster;
let target: TestCluster;
let identity: string;
const backup = join(temporaryDirectory('pause'), 'backup');
const LEASE = ['get', 'lease', '-n', 'cert-manager', 'certkeep-restore', '--ignore-not-found', '-o', 'name'];

const at = (cluster: TestCluster, ...args: string[]) => [...args, '--kubeconfig', cluster.kubeconfig];
const restoreArgs = (...more: string[]) => at(target, 'restore', backup, '--identity-file', identity, ...more);

async function replicas(): Promise<number> {
  const { stdout } = await target.kubectl([
    ...['get', 'deployment', '-n', 'cert-manager', 'cert-manager'],
    ...['-o', 'jsonpath={.spec.replicas}'],
  ]);
  return Number(stdout);
}

async function waitFor(what: string, probe: () => Promise<boolean>, seconds = 60): Promise<void> {
  const end = Date.now() + seconds * 1000;
  while (!(await probe())) {
    if (Date.now() > end) throw new Error(`${what} did not come about in ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Ended in order: the controller runs, nobody holds the lock. */
async function expectResumed(): Promise<void> {
  expect(await replicas()).toBe(1);
  expect((await target.kubectl(LEASE)).stdout).toBe('');
}

/** Makes the lock as old as it would be half a minute later. */
async function age(): Promise<void> {
  const patch = JSON.stringify({
    spec: { renewTime: new Date(Date.now() - 31_000).toISOString().replace('Z', '000Z') },
  });
  await target.kubectl(['patch', 'lease', '-n', 'cert-manager', 'certkeep-restore', '--type=merge', '-p', patch]);
}

/** Starts a restore and lets go of it once it has scaled the controller to 0. */
async function paused(...more: string[]): Promise<{ child: ChildProcess; ended: Promise<RunResult> }> {
  const child = spawn(process.execPath, [cliProgram(), ...restoreArgs(...more)], {
    env: { PATH: process.env.PATH ?? '' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const start = performance.now();
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (text) => {
    stdout += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const ended = new Promise<RunResult>((resolve) =>
    child.on('close', (code) =>
      resolve({ code: code ?? -1, stdout, stderr, seconds: (performance.now() - start) / 1000 }),
    ),
  );
  await waitFor('the pause', async () => (await replicas()) === 0);
  return { child, ended };
}

beforeAll(async () => {
  [source, target] = [await startCluster('pause-source'), await startCluster('pause-target')];
  await fillCompany(source);
  // What an Ingress makes is none of this test's business: without its Ingress it would be awaited.
  await source.kubectl(['delete', 'ingress', '-n', 'shop', '--all']);
  await waitFor('the collection of the Certificate that the Ingress made', async () => {
    const { namespace, name } = INGRESS_CERTIFICATE;
    return (await source.kubectl(['get', 'certificate', '-n', namespace, name, '--ignore-not-found'])).stdout === '';
  });
  const key = await newIdentity();
  identity = key.file;
  const made = await certkeep(at(source, 'backup', '--output', backup, '--recipient', key.recipient));
  expect(made.code, made.stderr).toBe(0);
  await source.stop();
});
afterAll(async () => {
  await target?.stop();
});

/** Each test begins on a target that has nothing of the company. */
beforeEach(async () => {
  await target.kubectl(['delete', 'namespace', ...NAMESPACES, '--ignore-not-found']);
  await target.kubectl(['delete', 'clusterissuers', '--all']);
  await target.kubectl(
    [
      'delete',
      'certificates,secrets',
      '--all',
      '-n',
      'cert-manager',
      '--field-selector',
      'metadata.name!=cert-manager-webhook-ca',
    ],
    { check: false },
  );
});

describe('a restore', () => {
  it('pauses the controller, writes, starts it again, and gives the lock up', async () => {
    const { ended } = await paused();
    const lease = JSON.parse(
      (await target.kubectl(['get', 'lease', '-n', 'cert-manager', 'certkeep-restore', '-o', 'json'])).stdout,
    ) as KubeObject;
    expect(lease.metadata.annotations).toEqual({
      'certkeep.dev/paused-deployment': 'cert-manager',
      'certkeep.dev/paused-replicas': '1',
    });
    const result = await ended;
    expect(result.code, result.stderr).toBe(0);
    expect(result.stderr).toMatch(/controller of cert-manager is paused[\s\S]*Stage 30[\s\S]*started again after/);
    await expectResumed();
    expect(await requests(target)).toEqual([]);
  });

  it('is the only one: a second is refused, and changes nothing', async () => {
    const first = await paused();
    // Held still, so that it cannot be over before the second one looks; its lock lasts 30 s.
    first.child.kill('SIGSTOP');
    const second = await certkeep(restoreArgs('--json'));
    expect(second.code, second.stderr).toBe(7);
    expect((JSON.parse(second.stdout) as Report).problems.map((p) => p.code)).toContain('restore-running');
    first.child.kill('SIGCONT');
    expect((await first.ended).code).toBe(0);
    await expectResumed();
  });

  it('that is cancelled starts it again before it ends', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const { child, ended } = await paused();
      child.kill(signal);
      const result = await ended;
      expect(result.code, result.stderr).toBe(1);
      await expectResumed();
    }
  });

  it('does not pause where it is told not to, and where nothing is to be written', async () => {
    const done = await certkeep(restoreArgs('--pause', 'never'));
    expect(done.code, done.stderr).toBe(0);
    expect(done.stderr).not.toContain('paused');
    const again = await certkeep(restoreArgs());
    expect(again.code, again.stderr).toBe(0);
    expect(again.stderr).not.toContain('paused');
    expect(await requests(target)).toEqual([]);
  });

  it('goes on without a pause, and says so, where a right to pause is missing', async () => {
    const user = 'certkeep-restore';
    const printed = await certkeep(['rbac', '--for', 'restore', '--user', user, '--json']);
    const { items } = JSON.parse(printed.stdout) as { items: (KubeObject & { rules?: { resources: string[] }[] })[] };
    // The lock without the scale, then neither.
    for (const missing of [['deployments/scale'], ['deployments/scale', 'leases']]) {
      const roles = items.map((item) => {
        const rules = item.rules?.filter((rule) => !rule.resources.some((resource) => missing.includes(resource)));
        return rules === undefined ? item : { ...item, rules };
      });
      await target.kubectl(['apply', '-f', '-'], {
        input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: roles }),
      });
      const args = ['restore', backup, '--identity-file', identity, '--no-canary', '--json'];
      const result = await certkeep([...args, '--kubeconfig', target.kubeconfigOf(user)]);
      const report = JSON.parse(result.stdout) as Report;
      const said = report.problems.find((p) => p.code === 'not-paused');
      if (missing.length === 1) {
        expect(result.code, result.stderr).toBe(0);
        expect([said?.severity, said?.message]).toEqual(['warning', expect.stringContaining('deployments/scale')]);
        expect(await requests(target)).toEqual([]);
      } else {
        // Without leases nobody sees whether a controller lives, either.
        expect(result.code, result.stderr).toBe(6);
      }
      await expectResumed();
    }
  });

  it('notices who scales the controller back, and says it', async () => {
    const { ended } = await paused('--json');
    await target.kubectl(['scale', '-n', 'cert-manager', 'deployment/cert-manager', '--replicas=1']);
    const report = JSON.parse((await ended).stdout) as Report;
    expect(report.exitCode).toBe(0);
    expect(report.problems.map((p) => p.code)).toContain('not-paused');
    await expectResumed();
    expect(await requests(target)).toEqual([]);
  });
});

describe('a restore that was killed', () => {
  it('leaves a pause that every command names, and that resume or the next restore ends', async () => {
    const { child, ended } = await paused();
    child.kill('SIGKILL');
    await ended;
    expect(await replicas()).toBe(0);

    // Its lock still looks alive: nobody may step in yet.
    expect((await certkeep(at(target, 'resume'))).code).toBe(7);
    await age();

    const commands = [
      at(target, 'plan', backup, '--identity-file', identity, '--json'),
      at(target, 'verify', backup, '--timeout', '1s', '--json'),
      at(
        target,
        'backup',
        '--output',
        join(temporaryDirectory('pause'), 'b'),
        '--secrets',
        'none',
        '--allow-empty',
        '--json',
      ),
    ];
    for (const args of commands) {
      const report = JSON.parse((await certkeep(args)).stdout) as Report;
      expect(report.problems[0]?.code, args[0]).toBe('controller-paused');
      expect(report.problems[0]?.fix).toContain('certkeep resume');
    }

    const resumed = await certkeep(at(target, 'resume'));
    expect(resumed.code, resumed.stderr).toBe(0);
    await expectResumed();
    const nothing = await certkeep(at(target, 'resume'));
    expect([nothing.code, /Nothing to resume/.test(nothing.stderr)]).toEqual([0, true]);

    const second = await paused();
    second.child.kill('SIGKILL');
    await second.ended;
    await age();
    const again = await certkeep(restoreArgs('--json'));
    expect(again.code, again.stderr).toBe(0);
    await expectResumed();
    expect((JSON.parse(again.stdout) as Report).certificates).toHaveLength(CERTIFICATE_COUNT - 1);
    expect(await requests(target)).toEqual([]);
  });

  it('resume names what would be reissued, and starts all the same when it is forced', async () => {
    const done = await certkeep(restoreArgs());
    expect(done.code, done.stderr).toBe(0);
    await target.kubectl(['scale', '-n', 'cert-manager', 'deployment/cert-manager', '--replicas=0']);
    const unknown = await certkeep(at(target, 'resume'));
    expect([unknown.code, /no restore wrote down/.test(unknown.stderr)]).toEqual([2, true]);
    const path = 'jsonpath={.items[0].metadata.name} {.items[0].spec.secretName}';
    const { stdout } = await target.kubectl(['get', 'certificates', '-n', 'api', '-o', path]);
    const [name = '', secret = ''] = stdout.split(' ');
    await target.kubectl(['delete', 'secret', '-n', 'api', secret]);
    const refused = await certkeep(at(target, 'resume', '--replicas', '1', '--json'));
    expect(refused.code, refused.stderr).toBe(3);
    const named = (JSON.parse(refused.stdout) as Report).problems.map((p) => [p.code, p.object]);
    expect(named).toContainEqual(['would-be-reissued', `Certificate/api/${name}`]);
    expect(await replicas()).toBe(0);
    const forced = await certkeep(at(target, 'resume', '--replicas', '1', '--force'));
    expect(forced.code, forced.stderr).toBe(0);
    expect(await replicas()).toBe(1);
  });
});
