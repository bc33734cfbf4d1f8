import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AnyObject, type KubeApi, KubeError } from './kubeapi.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { freePorts } from './ports.ts';
import { type Running, start } from './processes.ts';
import type { PodProcess } from './state.ts';

/** The name under which the Pods are bound; there is no Node object. */
export const NODE = 'certkeep-node';
const NAMESPACE = 'cert-manager';
const GRACE_MS = 30_000;
const TOKEN_SECONDS = 31_536_000;

interface Container {
  image: string;
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: { fieldRef?: { fieldPath: string } } }[];
}

interface PodTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec: { serviceAccountName?: string; containers: Container[]; [key: string]: unknown };
}

interface Pod {
  name: string;
  namespace: string;
  deployment: string;
  hash: string;
  template: PodTemplate;
  process?: Running;
  facts?: PodProcess;
  ready: boolean;
  restarts: number;
  /** Set once the Pod is being deleted. */
  stopping?: Promise<void>;
}

/**
 * Plays deployment controller and kubelet for the Deployments of the namespace cert-manager: a Pod object for each
 * replica, a process for each Pod, and the status of both. Scaling to 0 sends SIGTERM and the Pod is gone only when
 * its process has ended; another template (image, arguments) replaces the process; a deleted Pod is made anew; a
 * process that ends by itself is started again under the same Pod.
 */
export class PodRunner {
  readonly #api: KubeApi;
  readonly #directory: string;
  readonly #tools: string;
  readonly #ca: string;
  readonly #changed: (pods: PodProcess[]) => void;
  readonly #log: (line: string) => void;
  readonly #abort = new AbortController();
  readonly #deployments = new Map<string, AnyObject>();
  readonly #pods = new Map<string, Pod>();
  readonly #busy = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  /** Generation of each Deployment that the last pass worked on. */
  readonly #observed = new Map<string, number>();

  constructor(options: {
    api: KubeApi;
    directory: string;
    tools: string;
    ca: string;
    changed: (pods: PodProcess[]) => void;
    log: (line: string) => void;
  }) {
    this.#api = options.api;
    this.#directory = options.directory;
    this.#tools = options.tools;
    this.#ca = options.ca;
    this.#changed = options.changed;
    this.#log = options.log;
  }

  /** Follows the Deployments and Pods until `stop`. */
  run(): void {
    const { signal } = this.#abort;
    void this.#api.follow(`/apis/apps/v1/namespaces/${NAMESPACE}/deployments`, signal, (deployment, gone) => {
      const name = deployment.metadata.name;
      if (gone) this.#deployments.delete(name);
      else this.#deployments.set(name, deployment);
      this.#reconcile(name);
    });
    const path = `/api/v1/namespaces/${NAMESPACE}/pods?fieldSelector=spec.nodeName%3D${NODE}`;
    void this.#api.follow(path, signal, (object, gone) => {
      const pod = this.#pods.get(object.metadata.name);
      if (pod === undefined) {
        if (!gone) void this.#remove(object.metadata.namespace ?? NAMESPACE, object.metadata.name);
      } else if (gone || object.metadata.deletionTimestamp !== undefined) {
        void this.#stopPod(pod, true).then(() => this.#reconcile(pod.deployment));
      }
    });
  }

  /** Kills every process and waits for their end; the API is not told. */
  async stop(): Promise<void> {
    this.#abort.abort();
    const processes = [...this.#pods.values()].flatMap((pod) => (pod.process ? [pod.process] : []));
    for (const one of processes) one.signal('SIGKILL');
    await Promise.all(processes.map((one) => one.ended));
  }

  /** One pass at a time for each Deployment; a change during a pass leads to another one. */
  #reconcile(name: string): void {
    if (this.#busy.has(name)) {
      this.#again.add(name);
      return;
    }
    const pass = this.#pass(name)
      .catch(async (error) => {
        if (this.#abort.signal.aborted) return;
        this.#log(`deployment ${name}: ${error instanceof Error ? error.message : error}`);
        await sleep(1_000);
        this.#again.add(name);
      })
      .finally(() => {
        this.#busy.delete(name);
        if (this.#again.delete(name) && !this.#abort.signal.aborted) this.#reconcile(name);
      });
    this.#busy.set(name, pass);
  }

  async #pass(name: string): Promise<void> {
    const deployment = this.#deployments.get(name);
    const spec = deployment?.spec as { replicas?: number; template: PodTemplate } | undefined;
    this.#observed.set(name, deployment?.metadata.generation ?? 0);
    const wanted = deployment?.metadata.deletionTimestamp === undefined ? (spec?.replicas ?? 0) : 0;
    const hash = spec === undefined ? '' : templateHash(spec.template);
    const alive = () => [...this.#pods.values()].filter((pod) => pod.deployment === name && !pod.stopping);

    const kept = alive()
      .filter((pod) => pod.hash === hash)
      .slice(0, wanted);
    const stopped = alive()
      .filter((pod) => !kept.includes(pod))
      .map((pod) => this.#stopPod(pod, false));
    if (stopped.length > 0) await this.#writeStatus(name, wanted, alive());
    // Like strategy Recreate: the webhook's port is taken until the old process has ended.
    if (kept.length < wanted)
      await Promise.all([...this.#pods.values()].map((pod) => pod.deployment === name && pod.stopping));
    if (spec !== undefined) {
      for (let missing = wanted - kept.length; missing > 0; missing--) await this.#createPod(name, hash, spec.template);
    }
    await Promise.all(stopped);
    await this.#writeStatus(name, wanted, alive());
  }

  async #createPod(deployment: string, hash: string, template: PodTemplate): Promise<void> {
    const name = `${deployment}-${hash}-${suffix()}`;
    const pod: Pod = { name, namespace: NAMESPACE, deployment, hash, template, ready: false, restarts: 0 };
    this.#pods.set(name, pod);
    try {
      await this.#api.call('POST', `/api/v1/namespaces/${NAMESPACE}/pods`, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name,
          namespace: NAMESPACE,
          labels: { ...template.metadata?.labels, 'pod-template-hash': hash },
          annotations: template.metadata?.annotations ?? {},
        },
        spec: { ...template.spec, nodeName: NODE },
      });
      await this.#startProcess(pod);
    } catch (error) {
      pod.process?.signal('SIGKILL');
      this.#pods.delete(name);
      await this.#remove(NAMESPACE, name).catch(() => undefined);
      throw error;
    }
  }

  async #startProcess(pod: Pod): Promise<void> {
    const container = pod.template.spec.containers[0];
    const image = /cert-manager-(controller|webhook|cainjector):v([0-9.]+)/.exec(container?.image ?? '');
    const [, component = '', version = ''] = image ?? [];
    const binary = join(this.#directory, 'programs', `cert-manager-${version}`);
    if (container === undefined || image === null || !existsSync(binary)) {
      throw new Error(`no program for the image ${container?.image}`);
    }
    const home = join(this.#directory, 'pods', pod.name);
    mkdirSync(home, { recursive: true });
    const kubeconfig = join(home, 'kubeconfig');
    const token = await this.#serviceAccountToken(pod);
    writeKubeconfig(kubeconfig, pod.name, this.#api.server, this.#ca, { token });

    const [metrics = 0, health = 0] = await freePorts(2);
    const env = environmentOf(pod, container);
    const args = (container.args ?? []).map((arg) => arg.replace(/\$\((\w+)\)/g, (all, name) => env[name] ?? all));
    // Last, so that they win: what differs between a process on this machine and a container of its own.
    args.push(`--kubeconfig=${kubeconfig}`, `--metrics-listen-address=127.0.0.1:${metrics}`);
    if (component === 'controller') args.push(`--internal-healthz-listen-address=127.0.0.1:${health}`);
    if (component === 'webhook') args.push(`--healthz-port=${health}`, '--dynamic-serving-dns-names=localhost');

    const log = join(this.#directory, 'logs', `${pod.deployment}.log`);
    const process = start(this.#tools, pod.name, [binary, component, ...args], log, env);
    pod.process = process;
    const { name, namespace, deployment } = pod;
    pod.facts = { name, namespace, deployment, component, version, pid: process.pid, log, metricsPort: metrics };
    this.#report();
    this.#log(`${pod.name}: started, process ${process.pid}`);
    void process.ended.then((how) => this.#processEnded(pod, process, how));
    // As in the real thing, only the webhook has a readiness probe.
    if (component === 'webhook') await this.#untilHealthy(process, health);
    await this.#podStatus(pod, process.isRunning());
  }

  async #untilHealthy(process: Running, port: number): Promise<void> {
    const deadline = Date.now() + 30_000;
    while (process.isRunning() && Date.now() < deadline && !(await answers(port, '/healthz'))) await sleep(50);
  }

  async #processEnded(pod: Pod, process: Running, how: string): Promise<void> {
    this.#log(`${pod.name}: process ${process.pid} ended (${how})`);
    if (pod.stopping !== undefined || this.#abort.signal.aborted) return;
    // Like a kubelet: again in the same Pod, soon the first time, then more slowly.
    pod.restarts++;
    try {
      await this.#podStatus(pod, false);
      await this.#statusOf(pod.deployment);
      await sleep(Math.min(200 * 2 ** (pod.restarts - 1), 10_000), undefined, { signal: this.#abort.signal });
      if (pod.stopping === undefined) await this.#startProcess(pod);
      await this.#statusOf(pod.deployment);
    } catch (error) {
      if (this.#abort.signal.aborted) return;
      this.#log(`${pod.name}: not restarted: ${error instanceof Error ? error.message : error}`);
      await this.#stopPod(pod, false);
      this.#reconcile(pod.deployment);
    }
  }

  /** Ends a Pod: deletionTimestamp, SIGTERM, SIGKILL after the grace period, and the object is gone at the end. */
  #stopPod(pod: Pod, deletedAlready: boolean): Promise<void> {
    pod.stopping ??= (async () => {
      const path = `/api/v1/namespaces/${pod.namespace}/pods/${pod.name}`;
      pod.process?.signal('SIGTERM');
      if (!deletedAlready) await this.#api.call('DELETE', path, { gracePeriodSeconds: 30 }).catch(() => undefined);
      if (pod.process !== undefined) {
        const timer = setTimeout(() => pod.process?.signal('SIGKILL'), GRACE_MS);
        await pod.process.ended;
        clearTimeout(timer);
      }
      await this.#remove(pod.namespace, pod.name).catch((error) => this.#log(`${pod.name}: ${error.message}`));
      rmSync(join(this.#directory, 'pods', pod.name), { recursive: true, force: true });
      this.#pods.delete(pod.name);
      this.#report();
    })();
    return pod.stopping;
  }

  async #remove(namespace: string, name: string): Promise<void> {
    try {
      await this.#api.call('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, { gracePeriodSeconds: 0 });
    } catch (error) {
      if (!(error instanceof KubeError && error.status === 404)) throw error;
    }
  }

  async #podStatus(pod: Pod, ready: boolean): Promise<void> {
    pod.ready = ready;
    const now = new Date().toISOString();
    const status = ready ? 'True' : 'False';
    const container = pod.template.spec.containers[0] as Container & { name?: string };
    const conditions = ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type, index) => ({
      type,
      status: index < 2 ? 'True' : status,
      lastTransitionTime: now,
    }));
    const state = ready
      ? { running: { startedAt: now } }
      : { waiting: { reason: 'CrashLoopBackOff', message: 'the process ended' } };
    await this.#api.mergePatch(`/api/v1/namespaces/${pod.namespace}/pods/${pod.name}/status`, {
      status: {
        phase: 'Running',
        startTime: now,
        hostIP: '127.0.0.1',
        podIP: '127.0.0.1',
        conditions,
        containerStatuses: [
          {
            name: container.name ?? 'container',
            image: container.image,
            imageID: container.image,
            ready,
            started: ready,
            restartCount: pod.restarts,
            state,
          },
        ],
      },
    });
  }

  async #statusOf(name: string): Promise<void> {
    const spec = this.#deployments.get(name)?.spec as { replicas?: number } | undefined;
    const alive = [...this.#pods.values()].filter((pod) => pod.deployment === name && !pod.stopping);
    await this.#writeStatus(name, spec?.replicas ?? 0, alive);
  }

  /** The Deployment's status. As the real controllers do, Pods that are being deleted count no more. */
  async #writeStatus(name: string, wanted: number, pods: Pod[]): Promise<void> {
    const deployment = this.#deployments.get(name);
    if (deployment === undefined) return;
    const ready = pods.filter((pod) => pod.ready).length;
    const old = (deployment.status ?? {}) as { conditions?: { type: string; status: string }[] };
    const now = new Date().toISOString();
    const condition = (type: string, yes: boolean, reason: string) => {
      const status = yes ? 'True' : 'False';
      const same = old.conditions?.find((one) => one.type === type && one.status === status);
      return same ?? { type, status, reason, message: reason, lastUpdateTime: now, lastTransitionTime: now };
    };
    try {
      await this.#api.mergePatch(`/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${name}/status`, {
        status: {
          observedGeneration: this.#observed.get(name),
          replicas: pods.length || null,
          updatedReplicas: pods.length || null,
          readyReplicas: ready || null,
          availableReplicas: ready || null,
          unavailableReplicas: Math.max(0, wanted - ready) || null,
          conditions: [
            condition(
              'Available',
              ready >= wanted,
              ready >= wanted ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
            ),
            condition('Progressing', true, 'NewReplicaSetAvailable'),
          ],
        },
      });
    } catch (error) {
      if (!(error instanceof KubeError && error.status === 404)) throw error;
    }
  }

  async #serviceAccountToken(pod: Pod): Promise<string> {
    const account = pod.template.spec.serviceAccountName ?? 'default';
    const answer = await this.#api.call<{ status: { token: string } }>(
      'POST',
      `/api/v1/namespaces/${pod.namespace}/serviceaccounts/${account}/token`,
      { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: TOKEN_SECONDS } },
    );
    return answer.status.token;
  }

  #report(): void {
    const processes = [...this.#pods.values()].flatMap((pod) =>
      pod.facts && pod.process?.isRunning() ? [pod.facts] : [],
    );
    this.#changed(processes);
  }
}

function templateHash(template: PodTemplate): string {
  return createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 10);
}

function suffix(): string {
  return randomBytes(4).toString('hex').slice(0, 5);
}

/** What the container sees: values and the Pod's own name and namespace. POD_NAME stands for its hostname. */
function environmentOf(pod: Pod, container: Container): Record<string, string> {
  const fields: Record<string, string> = { 'metadata.namespace': pod.namespace, 'metadata.name': pod.name };
  const env: Record<string, string> = { POD_NAME: pod.name };
  for (const { name, value, valueFrom } of container.env ?? []) {
    env[name] = value ?? fields[valueFrom?.fieldRef?.fieldPath ?? ''] ?? '';
  }
  return env;
}

function answers(port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, timeout: 1_000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('error', () => resolve(false));
    request.on('timeout', () => request.destroy());
  });
}
