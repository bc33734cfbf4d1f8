import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCluster, type TestCluster } from './api.ts';
import { isAlive } from './lock.ts';
import { sweep } from './sweep.ts';

const START_MS = 900_000; // the first start builds everything
const CONTROLLER = '/apis/apps/v1/namespaces/cert-manager/deployments/cert-manager';
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/cert-manager-controller';
const CERTIFICATES = '/apis/cert-manager.io/v1/namespaces/default/certificates';

describe('a cluster with cert-manager', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster('one');
    await cluster.api.call('POST', '/apis/cert-manager.io/v1/namespaces/default/issuers', {
      apiVersion: 'cert-manager.io/v1',
      kind: 'Issuer',
      metadata: { name: 'self-signed' },
      spec: { selfSigned: {} },
    });
  }, START_MS);
  afterAll(async () => {
    await cluster?.stop();
    if (cluster) expect(processesOf(cluster.directory)).toEqual([]);
  });

  test('issues a Certificate', async () => {
    await createCertificate(cluster, 'first');
    await until(() => isReady(cluster, 'first'));
    const secret = await cluster.api.find('/api/v1/namespaces/default/secrets/first-tls');
    expect(Object.keys(secret?.data as object).sort()).toEqual(['ca.crt', 'tls.crt', 'tls.key']);
    // By the controller's own account and roles, as in a real installation.
    const { stdout } = await cluster.kubectl([
      'get',
      'certificaterequest',
      'first-1',
      '-o',
      'jsonpath={.spec.username}',
    ]);
    expect(stdout).toBe('system:serviceaccount:cert-manager:cert-manager');
  });

  test('has the Deployment, Pod and lease of a Helm install', async () => {
    const deployment = await cluster.api.call('GET', CONTROLLER);
    expect(deployment.metadata.labels).toMatchObject({
      'app.kubernetes.io/name': 'cert-manager',
      'app.kubernetes.io/instance': 'cert-manager',
      'app.kubernetes.io/component': 'controller',
      'app.kubernetes.io/version': 'v1.21.2',
      'helm.sh/chart': 'cert-manager-v1.21.2',
    });
    const { stdout } = await cluster.kubectl(['get', 'pods', '-n', 'cert-manager', '-o', 'json']);
    const pods = (JSON.parse(stdout) as { items: { metadata: { name: string }; spec: PodSpec; status: PodStatus }[] })
      .items;
    expect(pods).toHaveLength(3);
    const controller = pods.find((pod) => pod.spec.containers[0]?.image.includes('controller'));
    expect(controller?.spec.containers[0]).toMatchObject({
      image: 'quay.io/jetstack/cert-manager-controller:v1.21.2',
      args: [
        '--v=2',
        '--cluster-resource-namespace=$(POD_NAMESPACE)',
        '--leader-election-namespace=kube-system',
        '--acme-http01-solver-image=quay.io/jetstack/cert-manager-acmesolver:v1.21.2',
        '--max-concurrent-challenges=60',
      ],
    });
    expect(controller?.status.containerStatuses[0]?.ready).toBe(true);
    expect(await leaseHolder(cluster)).toBe(`${controller?.metadata.name}-external-cert-manager-controller`);
  });

  test('knows users by token, who may do nothing by themselves', async () => {
    const list = ['get', 'secrets', '--kubeconfig', cluster.kubeconfigOf('nobody')];
    const { code, stderr } = await cluster.kubectl(list, { check: false });
    expect(code).toBe(1);
    expect(stderr).toContain('User "nobody" cannot list resource "secrets"');
    await cluster.kubectl(['get', 'secrets', '--kubeconfig', cluster.kubeconfigOf('admin')]);
  });

  test('scaled to 0 the controller process is gone, scaled to 1 it is back', async () => {
    const before = controllerPid(cluster) ?? 0;
    expect(isAlive(before)).toBe(true);
    await scaleController(cluster, 0);
    await until(async () => (await controllerPods(cluster)).length === 0);
    expect(isAlive(before)).toBe(false);
    expect(await leaseHolder(cluster)).toBe('');
    const status = (await cluster.api.call('GET', CONTROLLER)).status as { replicas?: number; readyReplicas?: number };
    expect([status.replicas ?? 0, status.readyReplicas ?? 0]).toEqual([0, 0]);

    // The webhook still judges, but nothing is issued.
    await createCertificate(cluster, 'second');
    await sleep(500);
    expect((await cluster.api.call('GET', `${CERTIFICATES}/second`)).status).toBeUndefined();

    await scaleController(cluster, 1);
    await cluster.kubectl(['rollout', 'status', '-n', 'cert-manager', 'deployment/cert-manager', '--timeout=20s']);
    await until(() => isReady(cluster, 'second'));
    expect(controllerPid(cluster)).not.toBe(before);
  });

  test('a process that is killed comes back in the same Pod', async () => {
    const [pod] = await controllerPods(cluster);
    const before = controllerPid(cluster) ?? 0;
    process.kill(before, 'SIGKILL');
    await until(() => controllerPid(cluster) !== undefined && controllerPid(cluster) !== before);
    await createCertificate(cluster, 'third');
    await until(() => isReady(cluster, 'third'));
    expect(await controllerPods(cluster)).toEqual([pod]);
  });

  test(
    'changes the version and stops',
    async () => {
      await cluster.certManager('1.18.2');
      expect(cluster.processes().map((one) => one.version)).toEqual(['1.18.2', '1.18.2', '1.18.2']);
      const deployment = await cluster.api.call('GET', CONTROLLER);
      expect(deployment.metadata.labels?.['app.kubernetes.io/version']).toBe('v1.18.2');
      await createCertificate(cluster, 'fourth');
      await until(() => isReady(cluster, 'fourth'));
      expect((await cluster.api.call('GET', `${CERTIFICATES}/first`)).status).toMatchObject({ revision: 1 });

      await cluster.certManager('stop');
      expect(cluster.processes()).toEqual([]);
    },
    START_MS,
  );
});

describe('clusters side by side', () => {
  test(
    'have nothing in common',
    async () => {
      const clusters = await Promise.all(
        ['left', 'right'].map((name) => startCluster(name, { certManager: null, quiet: true })),
      );
      try {
        const uids = await Promise.all(
          clusters.map(async ({ api }) => (await api.call('GET', '/api/v1/namespaces/kube-system')).metadata.uid),
        );
        expect(uids[0]).not.toBe(uids[1]);
        await clusters[0]?.kubectl(['create', 'namespace', 'only-left']);
        expect(await clusters[1]?.api.find('/api/v1/namespaces/only-left')).toBeUndefined();
      } finally {
        await Promise.all(clusters.map((cluster) => cluster.stop()));
      }
    },
    START_MS,
  );
});

describe('nothing is left behind', () => {
  test(
    'when the process that started the cluster is killed',
    async () => {
      const { child, directory } = await startInChild('orphan');
      expect(processesOf(directory).length).toBeGreaterThan(3);
      child.kill('SIGKILL');
      await until(() => !existsSync(directory) && processesOf(directory).length === 0);
    },
    START_MS,
  );

  test(
    'when the supervisor is killed',
    async () => {
      const cluster = await startCluster('beheaded', { certManager: null, quiet: true });
      const { directory } = cluster;
      const supervisor = processesOf(directory).find((one) => one.command.includes('supervisor.ts'));
      expect(supervisor).toBeDefined();
      process.kill(supervisor?.pid ?? 0, 'SIGKILL');
      await until(() => processesOf(directory).length === 0);
      sweep(() => undefined);
      expect(existsSync(directory)).toBe(false);
    },
    START_MS,
  );

  test('when the start is refused', async () => {
    await expect(startCluster('refused', { certManager: '9.9.9', quiet: true })).rejects.toThrow(/9\.9\.9/);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith('certkeep-test-refused'))).toEqual([]);
  });
});

interface PodSpec {
  containers: { image: string; args: string[] }[];
}
interface PodStatus {
  containerStatuses: { ready: boolean }[];
}

async function createCertificate(cluster: TestCluster, name: string): Promise<void> {
  await cluster.api.call('POST', CERTIFICATES, {
    apiVersion: 'cert-manager.io/v1',
    kind: 'Certificate',
    metadata: { name },
    spec: { secretName: `${name}-tls`, dnsNames: [`${name}.example`], issuerRef: { name: 'self-signed' } },
  });
}

async function isReady(cluster: TestCluster, name: string): Promise<boolean> {
  const { status } = await cluster.api.call('GET', `${CERTIFICATES}/${name}`);
  const conditions = (status as { conditions?: { type: string; status: string }[] } | undefined)?.conditions ?? [];
  return conditions.some((one) => one.type === 'Ready' && one.status === 'True');
}

async function leaseHolder(cluster: TestCluster): Promise<string> {
  const lease = await cluster.api.call('GET', LEASE);
  return (lease.spec as { holderIdentity?: string }).holderIdentity ?? '';
}

async function scaleController(cluster: TestCluster, replicas: number): Promise<void> {
  await cluster.kubectl(['scale', '-n', 'cert-manager', 'deployment/cert-manager', `--replicas=${replicas}`]);
}

async function controllerPods(cluster: TestCluster): Promise<string[]> {
  const path = '/api/v1/namespaces/cert-manager/pods?labelSelector=app.kubernetes.io%2Fcomponent%3Dcontroller';
  const { items } = await cluster.api.call<{ items: { metadata: { name: string } }[] }>('GET', path);
  return items.map((item) => item.metadata.name);
}

function controllerPid(cluster: TestCluster): number | undefined {
  return cluster.processes().find((one) => one.component === 'controller')?.pid;
}

async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs / 1000} s: ${condition}`);
    await sleep(50);
  }
}

/** Starts a cluster from another Node process, which then just waits. */
async function startInChild(name: string): Promise<{ child: ChildProcess; directory: string }> {
  const script = `import { startCluster } from ${JSON.stringify(join(import.meta.dirname, 'api.ts'))};
    const cluster = await startCluster('${name}', { quiet: true });
    console.log(cluster.directory);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const directory = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding('utf8').once('data', (text: string) => resolve(text.trim()));
    child.once('exit', (code) => reject(new Error(`the starter ended with ${code}`)));
  });
  return { child, directory };
}

/** Living processes whose command line names the text. */
function processesOf(text: string): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return command.includes(text) ? [{ pid: Number(name), command }] : [];
      } catch {
        return [];
      }
    });
}
