import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { withLock } from './lock.ts';
import { cacheDirectory, goModule } from './places.ts';
import { KUBERNETES_VERSION } from './versions.ts';

/** Paths of the programs that a cluster runs. */
export interface Binaries {
  tools: string;
  etcd: string;
  apiServer: string;
  controllerManager: string;
  kubectl: string;
  /** By version, as '1.21.2'. */
  certManager: Record<string, string>;
}

interface Step {
  name: string;
  /** Go module directory under go/. */
  module: string;
  package: string;
  flags: string[];
  firstTime: string;
  path: string;
}

type Log = (line: string) => void;

/**
 * Builds what is not in the cache yet and returns the paths. The cache is keyed by the module files, our sources, the
 * flags and the Go version. Each program is written aside and renamed, and Go keeps its own cache of compiled
 * packages, so a build that was broken off goes on where it was. Throws when `go` is missing or a build fails.
 */
export async function build(certManagerVersions: string[], log: Log): Promise<Binaries> {
  const steps = allSteps(await goEnvironment(), certManagerVersions);
  await buildMissing(steps, log);
  const path = (name: string) => {
    const step = steps.find((one) => one.name === name);
    if (step === undefined) throw new Error(`no build step ${name}`);
    return step.path;
  };
  return {
    tools: path('tools'),
    etcd: path('etcd'),
    apiServer: path('kube-apiserver'),
    controllerManager: path('kube-controller-manager'),
    kubectl: path('kubectl'),
    certManager: Object.fromEntries(certManagerVersions.map((version) => [version, path(`cert-manager ${version}`)])),
  };
}

/** Builds Pebble, Let's Encrypt's ACME server for tests, in the same way, and returns its path. */
export async function buildPebble(log: Log): Promise<string> {
  const go = await goEnvironment();
  const pkg = 'github.com/letsencrypt/pebble/v2/cmd/pebble';
  const pebble = step(go, 'pebble', 'pebble', pkg, ['-ldflags=-s -w'], 'about half a minute');
  await buildMissing([pebble], log);
  return pebble.path;
}

async function buildMissing(steps: Step[], log: Log): Promise<void> {
  const missing = () => steps.filter((step) => !existsSync(step.path));
  if (missing().length === 0) return;
  const lock = join(cacheDirectory(), 'build.lock');
  const waiting = (owner: string) => log(`process ${owner} is building the test cluster already: waiting for it`);
  await withLock(lock, waiting, async () => {
    const todo = missing();
    if (todo.length === 0) return;
    log(`building ${todo.length} of the ${steps.length} programs of the test cluster into ${cacheDirectory()}`);
    if (todo.length > 1 && todo.length === steps.length)
      log('the first time takes about 10 minutes on two cores; later runs reuse it');
    for (const [index, step] of todo.entries()) {
      log(`building ${index + 1} of ${todo.length}: ${step.name} (${step.firstTime} the first time)`);
      await goBuild(step, log);
    }
  });
}

/** Directory of the Gateway API's module (CRDs) that this cert-manager was built with, downloaded if need be. */
export async function gatewayApiModule(version: string): Promise<string> {
  return (await download('sigs.k8s.io/gateway-api', version)).Dir;
}

/** A module of the version in our module file, checked against its go.sum. */
async function download(module: string, version: string): Promise<{ Dir: string; Version: string }> {
  const args = ['mod', 'download', '-json', `-modfile=${moduleFile(version)}`, module];
  const { stdout } = await promisify(execFile)('go', args, { cwd: goModule('certmanager') });
  return JSON.parse(stdout) as { Dir: string; Version: string };
}

/** Directory of cert-manager's own module (chart and CRDs), downloaded if need be. */
export async function certManagerModule(version: string): Promise<string> {
  const found = await download('github.com/cert-manager/cert-manager', version);
  if (found.Version !== `v${version}`)
    throw new Error(`${moduleFile(version)} is for ${found.Version}, not v${version}`);
  return found.Dir;
}

function moduleFile(version: string): string {
  return `go-${version.split('.').slice(0, 2).join('.')}.mod`;
}

function allSteps(go: string, certManagerVersions: string[]): Step[] {
  const [major, minor] = KUBERNETES_VERSION.split('.');
  const pkg = 'k8s.io/component-base/version';
  const kubernetes = [
    `-ldflags=-s -w -X ${pkg}.gitVersion=v${KUBERNETES_VERSION} -X ${pkg}.gitMajor=${major} -X ${pkg}.gitMinor=${minor} -X ${pkg}.gitTreeState=clean`,
  ];
  const steps = [
    step(go, 'tools', 'tools', '.', ['-ldflags=-s -w'], 'a few seconds'),
    step(go, 'etcd', 'controlplane', 'go.etcd.io/etcd/server/v3', ['-ldflags=-s -w'], 'about a minute'),
    step(go, 'kube-apiserver', 'controlplane', 'k8s.io/kubernetes/cmd/kube-apiserver', kubernetes, 'about 4 minutes'),
    step(
      go,
      'kube-controller-manager',
      'controlplane',
      'k8s.io/kubernetes/cmd/kube-controller-manager',
      kubernetes,
      'about a minute',
    ),
    step(go, 'kubectl', 'controlplane', 'k8s.io/kubernetes/cmd/kubectl', kubernetes, 'about half a minute'),
  ];
  for (const version of certManagerVersions) {
    const flags = [
      `-modfile=${moduleFile(version)}`,
      `-tags=cm${version.split('.').slice(0, 2).join('_')}`,
      `-ldflags=-s -w -X github.com/cert-manager/cert-manager/pkg/util.AppVersion=v${version}`,
    ];
    steps.push(step(go, `cert-manager ${version}`, 'certmanager', '.', flags, 'about 4 minutes'));
  }
  return steps;
}

function step(go: string, name: string, module: string, pkg: string, flags: string[], firstTime: string): Step {
  const directory = goModule(module);
  const modfile = flags.find((flag) => flag.startsWith('-modfile='))?.slice('-modfile='.length) ?? 'go.mod';
  const relevant = readdirSync(directory)
    .filter((file) => file.endsWith('.go') || file === modfile || file === modfile.replace(/mod$/, 'sum'))
    .sort();
  const hash = createHash('sha256').update(JSON.stringify([go, pkg, flags, relevant]));
  for (const file of relevant) hash.update(readFileSync(join(directory, file)));
  const file = name.replace(' ', '-');
  const path = join(cacheDirectory(), 'bin', `${file}-${hash.digest('hex').slice(0, 12)}`, file);
  return { name, module, package: pkg, flags, firstTime, path };
}

async function goBuild(step: Step, log: Log): Promise<void> {
  const home = dirname(step.path);
  mkdirSync(home, { recursive: true });
  // What a killed build left.
  for (const file of readdirSync(home)) rmSync(join(home, file), { recursive: true, force: true });
  const partial = `${step.path}.partial-${process.pid}`;
  const child = spawn('go', ['build', ...step.flags, '-o', partial, step.package], {
    cwd: goModule(step.module),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const tick = setInterval(() => log(`still building ${step.name}: ${seconds()} s`), 15_000);
  const errors: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => errors.push(text));
  const code = await exited(child).finally(() => clearInterval(tick));
  if (code !== 0) {
    throw new Error(`go build of ${step.name} failed (exit ${code}):\n${errors.join('').trim().slice(-2_000)}`);
  }
  renameSync(partial, step.path);
  log(`built ${step.name} in ${seconds()} s`);
}

function exited(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
}

/** Version and target of the Go that will build, as go.mod's toolchain line makes it. */
async function goEnvironment(): Promise<string> {
  try {
    const names = ['GOVERSION', 'GOOS', 'GOARCH', 'CGO_ENABLED'];
    const { stdout } = await promisify(execFile)('go', ['env', ...names], { cwd: goModule('tools') });
    return stdout.trim().split('\n').join(' ');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw new Error('the program go was not found: install Go 1.26 or later (https://go.dev/dl) and put it on PATH');
    }
    throw error;
  }
}
