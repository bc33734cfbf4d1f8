import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pLimit from 'p-limit';
import { certManagerModule } from './build.ts';
import { type AnyObject, type KubeApi, KubeError } from './kubeapi.ts';
import { tail } from './processes.ts';
import { readSpec, readState } from './state.ts';

const NAMESPACE = 'cert-manager';
const DEPLOYMENTS = ['cert-manager', 'cert-manager-webhook', 'cert-manager-cainjector'];
const READY_TIMEOUT_MS = 90_000;
// Helm's server-side apply goes under this name.
const MANAGER = 'helm';

/** Resource path of each kind in the chart. */
const PATHS: Record<string, [group: string, plural: string, namespaced: boolean]> = {
  CustomResourceDefinition: ['apis/apiextensions.k8s.io/v1', 'customresourcedefinitions', false],
  ClusterRole: ['apis/rbac.authorization.k8s.io/v1', 'clusterroles', false],
  ClusterRoleBinding: ['apis/rbac.authorization.k8s.io/v1', 'clusterrolebindings', false],
  Role: ['apis/rbac.authorization.k8s.io/v1', 'roles', true],
  RoleBinding: ['apis/rbac.authorization.k8s.io/v1', 'rolebindings', true],
  Service: ['api/v1', 'services', true],
  ServiceAccount: ['api/v1', 'serviceaccounts', true],
  ConfigMap: ['api/v1', 'configmaps', true],
  Deployment: ['apis/apps/v1', 'deployments', true],
  MutatingWebhookConfiguration: ['apis/admissionregistration.k8s.io/v1', 'mutatingwebhookconfigurations', false],
  ValidatingWebhookConfiguration: ['apis/admissionregistration.k8s.io/v1', 'validatingwebhookconfigurations', false],
};

export interface InstallOptions {
  /** Values over the chart's own. */
  values?: Record<string, unknown>;
  /**
   * Replace the CRDs while the old controller still runs, as `helm upgrade` does. Otherwise a running controller of
   * another version is stopped first, which is the order in which no upgrade reissues anything.
   */
  underRunningController?: boolean;
  /** Changes the CRDs one after the other, by name; awaited after each, before anything else is changed. */
  afterCrd?: (name: string) => Promise<void>;
}

/**
 * Installs or changes cert-manager by its own Helm chart (CRDs, RBAC, webhook configurations, Deployments), and
 * returns when the controller holds its lease and the webhook refuses an Issuer that it must refuse. Throws with the
 * ends of the logs when that takes more than 90 s.
 */
export async function installCertManager(
  api: KubeApi,
  directory: string,
  version: string,
  binary: string,
  options: InstallOptions = {},
): Promise<void> {
  const spec = readSpec(directory);
  const programs = join(directory, 'programs');
  mkdirSync(programs, { recursive: true });
  const program = join(programs, `cert-manager-${version}`);
  if (!existsSync(program)) symlinkSync(binary, program);

  const objects = await renderChart(spec.binaries.tools, version, spec.ports.webhook, options.values ?? {});
  const running = readState(directory)?.pods.find((pod) => pod.component === 'controller');
  if (running !== undefined && running.version !== version && options.underRunningController !== true) {
    await scale(api, directory, ['cert-manager'], 0);
  }
  await api.apply(`/api/v1/namespaces/${NAMESPACE}`, namespaceObject(), MANAGER);
  const of = (kinds: string[], inverse = false) => objects.filter((one) => kinds.includes(one.kind ?? '') !== inverse);
  await applyCrds(api, of(['CustomResourceDefinition']), options.afterCrd);
  await applyAll(api, of(['CustomResourceDefinition', 'Deployment'], true));
  await applyAll(api, of(['Deployment']));
  await untilRunning(api, directory, version);
}

/** Stops cert-manager: all three Deployments scaled to 0, their processes ended. CRDs and objects stay. */
export async function stopCertManager(api: KubeApi, directory: string): Promise<void> {
  await scale(api, directory, DEPLOYMENTS, 0);
}

async function scale(api: KubeApi, directory: string, deployments: string[], replicas: number): Promise<void> {
  for (const name of deployments) {
    const path = `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${name}`;
    if (await api.find(path)) await api.mergePatch(`${path}/scale`, { spec: { replicas } });
  }
  const left = () => (readState(directory)?.pods ?? []).filter((pod) => deployments.includes(pod.deployment));
  const deadline = Date.now() + 40_000;
  while (replicas === 0 && left().length > 0) {
    if (Date.now() > deadline) throw new Error(`${left()[0]?.name} did not end within 40 s`);
    await sleep(50);
  }
}

async function renderChart(
  tools: string,
  version: string,
  webhookPort: number,
  values: Record<string, unknown>,
): Promise<AnyObject[]> {
  const webhook = { securePort: webhookPort, url: { host: `localhost:${webhookPort}` } };
  const all = { crds: { enabled: true }, startupapicheck: { enabled: false }, webhook, ...values };
  const module = await certManagerModule(version);
  const args = ['chart', '-module', module, '-version', `v${version}`, '-values', JSON.stringify(all)];
  const { stdout } = await promisify(execFile)(tools, args, { maxBuffer: 64 << 20 });
  return JSON.parse(stdout) as AnyObject[];
}

async function applyCrds(api: KubeApi, crds: AnyObject[], after: InstallOptions['afterCrd']): Promise<void> {
  if (after === undefined) {
    await applyAll(api, crds);
    return untilEstablished(api, crds);
  }
  for (const crd of crds.sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))) {
    await applyAll(api, [crd]);
    await untilEstablished(api, [crd]);
    await after(crd.metadata.name);
  }
}

async function applyAll(api: KubeApi, objects: AnyObject[]): Promise<void> {
  const limit = pLimit(8);
  await Promise.all(objects.map((object) => limit(() => api.apply(pathOf(object), object, MANAGER))));
}

function pathOf(object: AnyObject): string {
  const known = PATHS[object.kind ?? ''];
  if (known === undefined) throw new Error(`the chart has a ${object.kind}, which the test cluster does not know`);
  const [group, plural, namespaced] = known;
  const { namespace = NAMESPACE, name } = object.metadata;
  return `/${group}/${namespaced ? `namespaces/${namespace}/` : ''}${plural}/${name}`;
}

async function untilEstablished(api: KubeApi, crds: AnyObject[]): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (const crd of crds) {
    for (;;) {
      const now = await api.call('GET', pathOf(crd));
      const conditions = (now.status as { conditions?: { type: string; status: string }[] })?.conditions ?? [];
      if (conditions.some((one) => one.type === 'Established' && one.status === 'True')) break;
      if (Date.now() > deadline) throw new Error(`CRD ${crd.metadata.name} was not established within 30 s`);
      await sleep(50);
    }
  }
}

/** Waits until a controller of this version holds the lease and the webhook judges. */
async function untilRunning(api: KubeApi, directory: string, version: string): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  let missing = '';
  for (;;) {
    missing =
      (await rolledOut(api)) ?? (await holdsLease(api, directory, version)) ?? (await webhookProblem(api)) ?? '';
    if (missing === '') return;
    if (Date.now() > deadline) break;
    await sleep(100);
  }
  const logs = DEPLOYMENTS.map((name) => `${name}:\n${tail(join(directory, 'logs', `${name}.log`))}`);
  throw new Error(
    `cert-manager ${version} was not ready after ${READY_TIMEOUT_MS / 1000} s: ${missing}\n${logs.join('\n')}`,
  );
}

async function rolledOut(api: KubeApi): Promise<string | undefined> {
  for (const name of DEPLOYMENTS) {
    const deployment = await api.call('GET', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments/${name}`);
    const status = (deployment.status ?? {}) as { observedGeneration?: number; readyReplicas?: number };
    if (status.observedGeneration !== deployment.metadata.generation || !status.readyReplicas)
      return `${name} is not ready`;
  }
  return undefined;
}

async function holdsLease(api: KubeApi, directory: string, version: string): Promise<string | undefined> {
  const pod = readState(directory)?.pods.find((one) => one.component === 'controller' && one.version === version);
  if (pod === undefined) return 'the controller is not running';
  const lease = await api.find('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/cert-manager-controller');
  const holder = (lease?.spec as { holderIdentity?: string } | undefined)?.holderIdentity ?? '';
  return holder.startsWith(`${pod.name}-`) ? undefined : `the lease is held by "${holder}", not by ${pod.name}`;
}

/** An Issuer without a type must be refused by the webhook itself: a dry run that succeeds may never have reached it. */
async function webhookProblem(api: KubeApi): Promise<string | undefined> {
  const issuer = { apiVersion: 'cert-manager.io/v1', kind: 'Issuer', metadata: { name: 'must-be-refused' }, spec: {} };
  try {
    await api.call('POST', '/apis/cert-manager.io/v1/namespaces/default/issuers?dryRun=All', issuer);
    return 'the webhook let an Issuer pass that it must refuse';
  } catch (error) {
    if (error instanceof KubeError && /denied the request/.test(error.message)) return undefined;
    return error instanceof Error ? error.message : String(error);
  }
}

function namespaceObject(): AnyObject {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
}
