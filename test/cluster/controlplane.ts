import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { KubeApi } from './kubeapi.ts';
import { adminCredentials, TOKEN_USERS, writeKubeconfig, writeTokens } from './kubeconfig.ts';
import { type Running, tail } from './processes.ts';
import type { ClusterSpec } from './state.ts';

const START_TIMEOUT_MS = 90_000;

// Only what the tests need: deletion of namespaces and of objects whose owner is gone, and what every namespace of a
// real cluster contains. Not the deployment controller: the Pods of cert-manager are run by pods.ts.
const CONTROLLERS = [
  'namespace-controller',
  'garbage-collector-controller',
  'serviceaccount-controller',
  'root-ca-certificate-publisher-controller',
  'clusterrole-aggregation-controller',
];

/** Starts a program of the control plane; it is started again when it ends by itself. */
export type Starter = (name: string, command: string[]) => Running;

/** Files that a cluster needs before its processes start: certificates, tokens, kubeconfigs. */
export async function prepare(directory: string, spec: ClusterSpec): Promise<void> {
  const pki = join(directory, 'pki');
  mkdirSync(pki, { recursive: true, mode: 0o700 });
  mkdirSync(join(directory, 'logs'), { recursive: true });
  await promisify(execFile)(spec.binaries.tools, ['certificates', pki]);
  const tokens = writeTokens(directory);
  const server = serverUrl(spec);
  const admin = adminCredentials(directory, server);
  writeKubeconfig(join(directory, 'kubeconfig'), spec.name, server, admin.ca, admin);
  for (const user of TOKEN_USERS) {
    const token = tokens[user] ?? '';
    writeKubeconfig(join(directory, `kubeconfig-${user}`), spec.name, server, admin.ca, { token });
  }
}

export function serverUrl(spec: ClusterSpec): string {
  return `https://127.0.0.1:${spec.ports.apiServer}`;
}

/**
 * Starts etcd, kube-apiserver and kube-controller-manager; returns a client when the API server is ready. Throws with
 * the end of the log of the one that failed.
 */
export async function startControlPlane(directory: string, spec: ClusterSpec, starter: Starter): Promise<KubeApi> {
  const etcd = starter('etcd', etcdCommand(directory, spec));
  const apiServer = starter('kube-apiserver', apiServerCommand(directory, spec));
  const api = new KubeApi(adminCredentials(directory, serverUrl(spec)));
  await untilReady(api, [etcd, apiServer]);
  starter('kube-controller-manager', controllerManagerCommand(directory, spec));
  return api;
}

async function untilReady(api: KubeApi, processes: Running[]): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    for (const process of processes) {
      if (!process.isRunning()) {
        throw new Error(`${process.name} ended (${await process.ended}):\n${tail(process.log)}`);
      }
    }
    // Its start-up work included, the default roles above all: the controller manager gives up after 10 s without.
    if ((await api.answers('/readyz')) && (await api.answers('/api/v1/namespaces/kube-system'))) return;
    if (Date.now() > deadline) {
      const logs = processes.map((process) => `${process.name}:\n${tail(process.log)}`);
      throw new Error(`the API server was not ready after ${START_TIMEOUT_MS / 1000} s\n${logs.join('\n')}`);
    }
    await sleep(50);
  }
}

function etcdCommand(directory: string, spec: ClusterSpec): string[] {
  const client = `http://127.0.0.1:${spec.ports.etcd}`;
  const peer = `http://127.0.0.1:${spec.ports.etcdPeer}`;
  return [
    spec.binaries.etcd,
    '--name=etcd',
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=etcd=${peer}`,
    // 8 GiB: 50,000 Certificates with Secrets and requests come near the default of 2 GiB.
    '--quota-backend-bytes=8589934592',
    // Nothing here has to survive a power failure.
    '--unsafe-no-fsync',
    '--log-level=warn',
  ];
}

function apiServerCommand(directory: string, spec: ClusterSpec): string[] {
  const pki = (name: string) => join(directory, 'pki', name);
  return [
    spec.binaries.apiServer,
    `--etcd-servers=http://127.0.0.1:${spec.ports.etcd}`,
    `--secure-port=${spec.ports.apiServer}`,
    '--bind-address=127.0.0.1',
    `--tls-cert-file=${pki('server.crt')}`,
    `--tls-private-key-file=${pki('server.key')}`,
    `--client-ca-file=${pki('ca.crt')}`,
    `--token-auth-file=${join(directory, 'tokens.csv')}`,
    `--service-account-key-file=${pki('sa.pub')}`,
    `--service-account-signing-key-file=${pki('sa.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    '--service-cluster-ip-range=10.96.0.0/16',
    '--authorization-mode=RBAC',
    '--disable-admission-plugins=ServiceAccount',
    '--endpoint-reconciler-type=none',
    ...(spec.apiServerFlags ?? []),
  ];
}

function controllerManagerCommand(directory: string, spec: ClusterSpec): string[] {
  return [
    spec.binaries.controllerManager,
    `--kubeconfig=${join(directory, 'kubeconfig')}`,
    `--controllers=${CONTROLLERS.join(',')}`,
    '--leader-elect=false',
    '--secure-port=0',
    `--root-ca-file=${join(directory, 'pki', 'ca.crt')}`,
    '--kube-api-qps=500',
    '--kube-api-burst=1000',
  ];
}

/** The tokens of the users in the token file. */
export function readTokens(directory: string): Record<string, string> {
  const lines = readFileSync(join(directory, 'tokens.csv'), 'utf8').trim().split('\n');
  return Object.fromEntries(
    lines.map((line) => {
      const [token = '', user = ''] = line.split(',');
      return [user, token];
    }),
  );
}
