import { execFile, spawn } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Binaries, build } from './build.ts';
import { type InstallOptions, installCertManager, stopCertManager } from './certmanager.ts';
import { readTokens } from './controlplane.ts';
import { KubeApi } from './kubeapi.ts';
import { adminCredentials } from './kubeconfig.ts';
import { type Pebble, type PebbleOptions, startPebble } from './pebble.ts';
import { checkedName, temporaryClusterPrefix } from './places.ts';
import { freePorts } from './ports.ts';
import { tail } from './processes.ts';
import { type PodProcess, readSpec, readState, writeSpec } from './state.ts';
import { isSupervisor, sweep } from './sweep.ts';
import { certManagerVersion, DEFAULT_CERT_MANAGER } from './versions.ts';

/** A real Kubernetes API server with a real cert-manager on it. */
export interface TestCluster {
  name: string;
  /** Path of the administrator's kubeconfig (client certificate); its context has the cluster's name. */
  kubeconfig: string;
  server: string;
  /** Everything that belongs to this cluster; log files are in `logs/`. Gone after `stop`. */
  directory: string;
  /** Bearer tokens by user: admin, certkeep-backup, certkeep-verify, certkeep-restore, nobody. */
  tokens: Record<string, string>;
  /** Path of a kubeconfig that uses the token of one of these users. */
  kubeconfigOf(user: string): string;
  /** A client with the administrator's rights. */
  api: KubeApi;
  /** Runs kubectl as administrator. Rejects on an exit code other than 0, unless `check` is false. */
  kubectl(args: string[], options?: { input?: string; check?: boolean }): Promise<KubectlResult>;
  /** Installs, changes or stops cert-manager ('stop': all three Deployments scaled to 0, processes ended). */
  certManager(version: string, options?: InstallOptions): Promise<void>;
  /** cert-manager's processes now. */
  processes(): PodProcess[];
  /** Starts a Pebble, which ends with this process or with `stop`, whichever comes first. Other clusters may use it. */
  pebble(options?: PebbleOptions): Promise<Pebble>;
  /** Kills everything and deletes the directory. */
  stop(): Promise<void>;
}

export interface KubectlResult {
  stdout: string;
  stderr: string;
  code: number;
}

export interface StartOptions {
  /** Version, or null for a cluster without cert-manager. Default 1.21.2. */
  certManager?: string | null;
  install?: InstallOptions;
  /** Further flags of the API server; `pki` is the directory of the cluster's certificates. */
  apiServerFlags?: (pki: string) => string[];
  /** Say nothing about builds and starts on standard error. */
  quiet?: boolean;
}

type Log = (line: string) => void;

/**
 * Starts a cluster that lives as long as this process at most: when it ends, however that happens, the cluster's
 * processes are killed and its directory deleted. Returns when cert-manager holds its lease and its webhook judges.
 * Builds what is missing first, which takes minutes the first time.
 */
export async function startCluster(name: string, options: StartOptions = {}): Promise<TestCluster> {
  const prefix = `${temporaryClusterPrefix()}${checkedName(name)}-`;
  return launch(name, () => mkdtempSync(prefix), false, options);
}

/**
 * Starts a cluster in a new directory, which is made when everything is built. `keep`: once it is complete it outlives
 * this process, until `stop`; when this process ends before that, nothing stays.
 */
export async function launch(
  name: string,
  makeDirectory: () => string,
  keep: boolean,
  options: StartOptions,
): Promise<TestCluster> {
  const log: Log =
    options.quiet === true ? () => undefined : (line) => process.stderr.write(`cluster ${name}: ${line}\n`);
  sweep(log);
  const version = options.certManager === null ? [] : [certManagerVersion(options.certManager ?? DEFAULT_CERT_MANAGER)];
  const binaries = await build(version, log);
  const directory = makeDirectory();
  try {
    for (let attempt = 1; ; attempt++) {
      try {
        return await startOnce(name, directory, keep, binaries, version[0], options, log);
      } catch (error) {
        // Another program may have taken a port between the choice and its use.
        if (attempt >= 3 || !/address already in use/.test(String(error))) throw error;
        log('a port was taken by another program: once more');
      }
    }
  } catch (error) {
    rmSync(directory, { recursive: true, force: true });
    throw error;
  }
}

async function startOnce(
  name: string,
  directory: string,
  keep: boolean,
  binaries: Binaries,
  version: string | undefined,
  options: StartOptions,
  log: Log,
): Promise<TestCluster> {
  const began = Date.now();
  const seconds = () => ((Date.now() - began) / 1000).toFixed(1);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const [etcd = 0, etcdPeer = 0, apiServer = 0, webhook = 0] = await freePorts(4);
  const apiServerFlags = options.apiServerFlags?.(join(directory, 'pki')) ?? [];
  writeSpec(directory, { name, binaries, ports: { etcd, etcdPeer, apiServer, webhook }, apiServerFlags });
  const detach = await startSupervisor(directory);
  const cluster = openCluster(directory, log);
  log(`Kubernetes is up after ${seconds()} s`);
  try {
    if (version !== undefined) await cluster.certManager(version, options.install);
    await untilControllersWork(cluster.api, directory);
    if (keep) await detach();
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  if (version !== undefined) log(`cert-manager ${version} is up after ${seconds()} s`);
  return cluster;
}

/** The default account is what kube-controller-manager makes first: once it is there, owners are collected as well. */
async function untilControllersWork(api: KubeApi, directory: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await api.answers('/api/v1/namespaces/default/serviceaccounts/default'))) {
    if (Date.now() > deadline) {
      const log = join(directory, 'logs', 'kube-controller-manager.log');
      throw new Error(`kube-controller-manager does not work:\n${tail(log)}`);
    }
    await sleep(50);
  }
}

/** A handle on a cluster that runs already. */
export function openCluster(directory: string, log: Log = () => undefined): TestCluster {
  const spec = readSpec(directory);
  const state = readState(directory);
  if (state === undefined) throw new Error(`${directory} holds no running cluster`);
  if (state.phase !== 'ready') throw new Error(`cluster ${spec.name} is ${state.phase}, not ready`);
  const api = new KubeApi(adminCredentials(directory, state.server));
  const kubeconfig = join(directory, 'kubeconfig');
  const pebbles: Pebble[] = [];
  return {
    name: spec.name,
    kubeconfig,
    server: state.server,
    directory,
    tokens: readTokens(directory),
    kubeconfigOf: (user) => `${kubeconfig}-${user}`,
    api,
    kubectl: (args, extra = {}) => runKubectl(spec.binaries.kubectl, kubeconfig, args, extra),
    processes: () => readState(directory)?.pods ?? [],
    async certManager(version, install) {
      if (version === 'stop') return stopCertManager(api, directory);
      const checked = certManagerVersion(version);
      const binaries = await build([checked], log);
      await installCertManager(api, directory, checked, binaries.certManager[checked] ?? '', install);
    },
    async pebble(options) {
      const pebble = await startPebble(spec.binaries.tools, directory, log, options);
      pebbles.push(pebble);
      return pebble;
    },
    async stop() {
      api.close();
      await Promise.all(pebbles.map((pebble) => pebble.stop()));
      await endSupervisor(state.pid, directory);
    },
  };
}

/**
 * Starts the supervisor and waits for its verdict. Throws with its reason when it failed. The returned function makes
 * the cluster independent of this process.
 */
async function startSupervisor(directory: string): Promise<() => Promise<void>> {
  const log = join(directory, 'supervisor.log');
  const output = openSync(log, 'a');
  const script = join(import.meta.dirname, 'supervisor.ts');
  const child = spawn(process.execPath, ['--no-warnings', script, directory], {
    detached: true,
    stdio: ['pipe', output, output],
  });
  closeSync(output);
  let ended = false;
  child.once('exit', () => {
    ended = true;
  });
  child.once('error', () => {
    ended = true;
  });
  // Neither keeps this process alive.
  child.unref();
  const pipe = child.stdin as Socket;
  pipe.unref();
  pipe.on('error', () => undefined);
  for (;;) {
    const state = readState(directory);
    if (state?.phase === 'ready') return () => new Promise((resolve) => pipe.end('detach', resolve));
    if (state?.phase === 'failed' || ended) {
      const problem = state?.message ?? `the supervisor ended:\n${tail(log)}`;
      if (!ended && child.pid !== undefined) await endSupervisor(child.pid, directory);
      throw new Error(problem);
    }
    await sleep(50);
  }
}

/** Ends a supervisor and waits until it has cleaned up. */
export async function endSupervisor(pid: number, directory: string): Promise<void> {
  const deadline = Date.now() + 20_000;
  if (isSupervisor(pid, directory)) process.kill(pid, 'SIGTERM');
  while (isSupervisor(pid, directory)) {
    if (Date.now() > deadline) process.kill(pid, 'SIGKILL');
    await sleep(20);
  }
  rmSync(directory, { recursive: true, force: true });
}

function runKubectl(
  kubectl: string,
  kubeconfig: string,
  args: string[],
  options: { input?: string; check?: boolean },
): Promise<KubectlResult> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', KUBECONFIG: kubeconfig };
    const child = execFile(kubectl, args, { env, maxBuffer: 1 << 30 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : 1;
      if (code !== 0 && options.check !== false) {
        reject(new Error(`kubectl ${args.join(' ')}: exit code ${code}: ${stderr.trim()}`));
      } else resolve({ stdout, stderr, code });
    });
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(options.input ?? '');
  });
}
