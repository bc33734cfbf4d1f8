// One process for each test cluster: it starts the control plane, runs cert-manager's Pods and cleans up at the end.
// Usage: node supervisor.ts DIRECTORY
//
// Standard input is a pipe from the process that asked for the cluster. When that process ends, SIGKILL included, the
// pipe closes, and everything is killed and the directory deleted; unless it wrote "detach" before: then the cluster
// stays until SIGTERM.
import { appendFileSync, cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { prepare, serverUrl, startControlPlane } from './controlplane.ts';
import { adminCredentials } from './kubeconfig.ts';
import { PodRunner } from './pods.ts';
import { type Running, start } from './processes.ts';
import { type ClusterState, readSpec, writeState } from './state.ts';

const directory = process.argv[2] ?? '';
const spec = readSpec(directory);
const state: ClusterState = { phase: 'starting', pid: process.pid, server: serverUrl(spec), pods: [] };
const processes = new Map<string, Running>();
let pods: PodRunner | undefined;
let ending = false;
let detached = false;

function log(line: string): void {
  try {
    appendFileSync(join(directory, 'supervisor.log'), `${new Date().toISOString()} ${line}\n`);
  } catch {
    // The directory is gone: there is nobody left to read it.
  }
}

/** Kills everything at once: an API server with open watches would take a minute to end by itself. */
async function end(why: string, code: number): Promise<never> {
  if (!ending) {
    ending = true;
    log(`ending: ${why}`);
    const all = [...processes.values()];
    for (const one of all) one.signal('SIGKILL');
    await Promise.all([pods?.stop(), ...all.map((one) => one.ended)]);
    const keep = process.env.CERTKEEP_TEST_LOGS;
    if (keep) cpSync(join(directory, 'logs'), join(keep, `${spec.name}-${process.pid}`), { recursive: true });
    rmSync(directory, { recursive: true, force: true });
  }
  process.exit(code);
}

/** Starts a program of the control plane. Once the cluster is complete, it is started again when it ends by itself. */
function run(name: string, command: string[]): Running {
  const one = start(spec.binaries.tools, name, command, join(directory, 'logs', `${name}.log`));
  processes.set(name, one);
  void one.ended.then((how) => {
    if (ending) return;
    log(`${name} ended by itself: ${how}`);
    setTimeout(() => {
      if (!ending && state.phase === 'ready') run(name, command);
    }, 500);
  });
  return one;
}

/** Kills everything, but leaves the reason where the starter, which then ends this process, can read it. */
function fail(error: unknown): void {
  if (ending || state.phase === 'failed') return;
  state.phase = 'failed';
  state.message = error instanceof Error ? error.message : String(error);
  log(`failed: ${error instanceof Error ? error.stack : error}`);
  writeState(directory, state);
  for (const one of processes.values()) one.signal('SIGKILL');
  setTimeout(() => void end('the start failed', 1), 5_000);
}

process.on('SIGTERM', () => void end('SIGTERM', 0));
process.on('SIGINT', () => void end('SIGINT', 0));
process.on('SIGHUP', () => undefined);
process.on('uncaughtException', fail);
process.on('unhandledRejection', fail);
process.stdin.on('data', (text) => {
  detached ||= String(text).includes('detach');
});
for (const event of ['end', 'error']) {
  process.stdin.on(event, () => {
    if (!detached) void end('the process that asked for this cluster ended', 0);
  });
}

try {
  writeState(directory, state);
  await prepare(directory, spec);
  const api = await startControlPlane(directory, spec, run);
  pods = new PodRunner({
    api,
    directory,
    tools: spec.binaries.tools,
    ca: adminCredentials(directory, api.server).ca,
    log,
    changed: (running) => {
      state.pods = running;
      if (!ending) writeState(directory, state);
    },
  });
  pods.run();
  state.phase = 'ready';
  writeState(directory, state);
  log('ready');
} catch (error) {
  fail(error);
}
