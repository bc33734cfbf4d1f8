// The test cluster from the shell: npm run cluster -- up NAME | down NAME | cert-manager NAME VERSION|stop | …
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { endSupervisor, launch, openCluster } from './api.ts';
import { build, buildPebble } from './build.ts';
import { namedClusterDirectory } from './places.ts';
import { readSpec, readState } from './state.ts';
import { clusterDirectories, isRunning } from './sweep.ts';
import { CERT_MANAGER_VERSIONS, certManagerVersion, DEFAULT_CERT_MANAGER } from './versions.ts';

const USAGE = `Usage: npm run cluster -- COMMAND
  up NAME [--cert-manager VERSION|none]  start a cluster (default ${DEFAULT_CERT_MANAGER}); the last line printed
                                         is the path of the administrator's kubeconfig
  down NAME                              stop it and delete everything that belongs to it
  cert-manager NAME VERSION|stop         install, change or stop cert-manager (stop: scaled to 0)
  pebble NAME                            run an ACME server for it until Ctrl-C; prints its URL and its CA's file
  list                                   running clusters
  build [--cert-manager VERSION]…        build only; may be given several times
cert-manager versions: ${CERT_MANAGER_VERSIONS.join(', ')}`;

class UsageError extends Error {}

const say = (line: string) => void process.stderr.write(`${line}\n`);

async function main(args: string[]): Promise<void> {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    options: { 'cert-manager': { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } },
  });
  const [command, ...rest] = positionals;
  if (values.help === true || command === undefined) {
    say(USAGE);
    return;
  }
  const versions = values['cert-manager'] ?? [];
  const need = (count: number) => {
    if (rest.length !== count) throw new UsageError(`${command} takes ${count} argument(s), not ${rest.length}`);
  };
  switch (command) {
    case 'up':
      need(1);
      return up(rest[0] ?? '', versions.at(-1));
    case 'down':
      need(1);
      return down(rest[0] ?? '');
    case 'cert-manager':
      need(2);
      return openCluster(runningDirectory(rest[0] ?? ''), say).certManager(rest[1] ?? '');
    case 'pebble':
      need(1);
      return pebble(rest[0] ?? '');
    case 'list':
      need(0);
      return list();
    case 'build':
      need(0);
      await build((versions.length > 0 ? versions : [DEFAULT_CERT_MANAGER]).map(certManagerVersion), say);
      await buildPebble(say);
      return;
    default:
      throw new UsageError(`unknown command ${command}`);
  }
}

async function up(name: string, version: string | undefined): Promise<void> {
  const directory = namedClusterDirectory(name);
  if (isRunning(directory)) {
    say(`cluster ${name} is running already`);
    const cluster = openCluster(directory, say);
    if (version !== undefined && version !== 'none') await cluster.certManager(version);
    console.log(cluster.kubeconfig);
    return;
  }
  const certManager = version === 'none' ? null : (version ?? DEFAULT_CERT_MANAGER);
  const makeDirectory = () => {
    mkdirSync(join(directory, '..'), { recursive: true });
    try {
      mkdirSync(directory, { mode: 0o700 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      throw new Error(`cluster ${name} is being started by another process`);
    }
    return directory;
  };
  const cluster = await launch(name, makeDirectory, true, { certManager });
  console.log(cluster.kubeconfig);
}

async function down(name: string): Promise<void> {
  const directory = namedClusterDirectory(name);
  const state = readState(directory);
  if (state === undefined) {
    say(`there is no cluster ${name}`);
    return;
  }
  await endSupervisor(state.pid, directory);
  say(`cluster ${name} is gone`);
}

async function pebble(name: string): Promise<void> {
  const server = await openCluster(runningDirectory(name), say).pebble();
  console.log(`${server.directoryUrl}\n${server.caFile}`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await server.stop();
}

function runningDirectory(name: string): string {
  const directory = namedClusterDirectory(name);
  if (!isRunning(directory)) throw new Error(`there is no running cluster ${name}: start it with "up ${name}"`);
  return directory;
}

function list(): void {
  for (const directory of clusterDirectories().filter(isRunning)) {
    const state = readState(directory);
    const versions = new Set(state?.pods.map((pod) => `${pod.component} ${pod.version}`));
    console.log(
      [readSpec(directory).name, state?.server, [...versions].join(', ') || 'no cert-manager', directory].join('\t'),
    );
  }
}

try {
  await main(process.argv.slice(2));
  process.exit(0);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  const usage = error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true;
  say(usage ? `${message}\n${USAGE}` : message);
  process.exit(usage ? 2 : 1);
}
