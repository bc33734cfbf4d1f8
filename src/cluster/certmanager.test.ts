import { describe, expect, it } from 'vitest';
import type { ResourceKind } from '../model/kinds.ts';
import type { KubeObject } from '../model/objects.ts';
import { discoverCertManager } from './certmanager.ts';
import { ApiError, type Cluster } from './client.ts';
import type { DeploymentShape } from './controller-deployment.ts';
import { controllerArguments, flagValue, versionOf } from './controller-deployment.ts';

function deployment(
  args: string[],
  more: { image?: string; ready?: number; configMap?: boolean } = {},
): DeploymentShape {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { namespace: 'cm', name: 'cert-manager', labels: { 'app.kubernetes.io/version': 'v1.20.0' } },
    spec: {
      replicas: 2,
      template: {
        spec: {
          containers: [
            {
              name: 'cert-manager-controller',
              image: more.image ?? 'quay.io/jetstack/cert-manager-controller:v1.21.2@sha256:00',
              args,
              env: [{ name: 'POD_NAMESPACE', valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } } }],
              volumeMounts: [{ name: 'config', mountPath: '/var/cert-manager/config' }],
            },
          ],
          volumes: more.configMap === false ? [] : [{ name: 'config', configMap: { name: 'cm-config' } }],
        },
      },
    },
    status: { readyReplicas: more.ready ?? 1 },
  };
}

interface Fake {
  deployment?: DeploymentShape;
  config?: string;
  forbidden?: string[];
  group?: boolean;
  noNamespace?: boolean;
}

function fake(state: Fake): Cluster {
  const refuse = (kind: ResourceKind, where: string): void => {
    if (state.forbidden?.includes(`${kind.plural}${where}`) === true) {
      throw new ApiError({ status: 403, reason: 'Forbidden', path: '', verb: 'get' });
    }
  };
  return {
    server: '',
    context: '',
    async get(kind: ResourceKind, _namespace: string | undefined, name: string): Promise<KubeObject | undefined> {
      refuse(kind, '');
      if (kind.plural === 'namespaces' && state.noNamespace === true) return undefined;
      if (kind.plural === 'configmaps') {
        return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { 'config.yaml': state.config ?? '' } };
      }
      return { apiVersion: '', kind: '', metadata: { name }, status: { storedVersions: ['v1'] } };
    },
    async list(kind: ResourceKind, options: { namespace?: string } = {}) {
      refuse(kind, options.namespace === undefined ? '/*' : `/${options.namespace}`);
      return { items: state.deployment === undefined ? [] : [state.deployment], resourceVersion: '1' };
    },
    async getPath() {
      if (state.group === false) throw new ApiError({ status: 404, path: '', verb: 'get' });
      return {};
    },
  } as unknown as Cluster;
}

describe('discoverCertManager', () => {
  it('reads a Helm install', async () => {
    const args = ['--v=2', '--cluster-resource-namespace=$(POD_NAMESPACE)', '--leader-election-namespace=kube-system'];
    expect(await discoverCertManager(fake({ deployment: deployment(args) }))).toMatchObject({
      version: 'v1.21.2',
      namespace: 'cm',
      installed: true,
      running: true,
      deployment: { namespace: 'cm', name: 'cert-manager', replicas: 2, readyReplicas: 1 },
      clusterResourceNamespace: 'cm',
      clusterResourceNamespaceSource: 'controller-arguments',
      leaderElectionNamespace: 'kube-system',
      leaderElection: true,
      watchedNamespace: '',
      flags: ['--cluster-resource-namespace=cm', '--leader-election-namespace=kube-system'],
      crds: { 'issuers.cert-manager.io': ['v1'] },
    });
  });

  it('reads the file of --config, and lets arguments win', async () => {
    const config = 'clusterResourceNamespace: from-file\nleaderElectionConfig:\n  namespace: le\n';
    const file = '--config=/var/cert-manager/config/config.yaml';
    expect(await discoverCertManager(fake({ deployment: deployment([file]), config }))).toMatchObject({
      clusterResourceNamespace: 'from-file',
      clusterResourceNamespaceSource: 'controller-config',
      leaderElectionNamespace: 'le',
    });
    const both = deployment([file, '--cluster-resource-namespace', 'from-argument']);
    expect(await discoverCertManager(fake({ deployment: both, config }))).toMatchObject({
      clusterResourceNamespace: 'from-argument',
      clusterResourceNamespaceSource: 'controller-arguments',
    });
  });

  it('reads what bears on shims from the file, as the arguments of the same meaning', async () => {
    const file = '--config=/var/cert-manager/config/config.yaml';
    const config = [
      'ingressShimConfig:',
      '  defaultIssuerName: ca',
      '  extraCertificateAnnotations: [a, b]',
      'gatewayAPIConfig:',
      '  enabled: true',
      'featureGates:',
      '  ListenerSets: true',
    ].join('\n');
    const found = await discoverCertManager(
      fake({ deployment: deployment([file, '--default-issuer-name=from-argument']), config }),
    );
    expect(found.flags).toEqual([
      '--extra-certificate-annotations=a,b',
      '--enable-gateway-api=true',
      '--feature-gates=ListenerSets=true',
      file,
      '--default-issuer-name=from-argument',
    ]);
    expect(found.flagsKnown).toBe(true);
  });

  it('does not guess where the file cannot be read', async () => {
    const file = deployment(['--config=/var/cert-manager/config/config.yaml']);
    const unknown = { clusterResourceNamespace: '', clusterResourceNamespaceSource: 'unknown' };
    expect(await discoverCertManager(fake({ deployment: file, forbidden: ['configmaps'] }))).toMatchObject(unknown);
    const elsewhere = deployment(['--config=/var/cert-manager/config/config.yaml'], { configMap: false });
    expect(await discoverCertManager(fake({ deployment: elsewhere }))).toMatchObject(unknown);
  });

  it('takes the default of the code, and a flag over all', async () => {
    expect(await discoverCertManager(fake({ deployment: deployment([]) }))).toMatchObject({
      clusterResourceNamespace: 'kube-system',
      clusterResourceNamespaceSource: 'default',
    });
    const given = { clusterResourceNamespace: 'given' };
    expect(await discoverCertManager(fake({ deployment: deployment([]) }), given)).toMatchObject({
      clusterResourceNamespace: 'given',
      clusterResourceNamespaceSource: 'flag',
    });
  });

  it('falls back to namespace cert-manager, and goes on without rights', async () => {
    const state = { deployment: deployment([]), forbidden: ['deployments/*', 'customresourcedefinitions'] };
    expect(await discoverCertManager(fake(state))).toMatchObject({ version: 'v1.21.2', crds: {} });
    const blind = { forbidden: ['deployments/*', 'deployments/cert-manager'] };
    expect(await discoverCertManager(fake(blind))).toMatchObject({
      version: '',
      namespace: 'cert-manager',
      installed: true,
      running: false,
      clusterResourceNamespaceSource: 'unknown',
    });
  });

  it('tells a given namespace that does not exist from one without a controller', async () => {
    const given = { certManagerNamespace: 'nope' };
    await expect(discoverCertManager(fake({ noNamespace: true }), given)).rejects.toMatchObject({
      code: 'wrong-usage',
      exitCode: 2,
      fix: expect.stringContaining('--cert-manager-namespace'),
    });
    expect(await discoverCertManager(fake({}), given)).toMatchObject({ namespace: 'nope', deploymentAbsent: true });
    const blind = { forbidden: ['deployments/nope', 'namespaces'] };
    expect((await discoverCertManager(fake(blind), given)).deploymentAbsent).toBe(false);
    const elsewhere = await discoverCertManager(fake({ forbidden: ['deployments/*'] }));
    expect(elsewhere.deploymentAbsent).toBe(false);
  });

  it('tells not installed and not running', async () => {
    expect(await discoverCertManager(fake({ group: false }))).toMatchObject({ installed: false, running: false });
    expect(await discoverCertManager(fake({ deployment: deployment([], { ready: 0 }) }))).toMatchObject({
      running: false,
    });
  });
});

describe('the controller’s Deployment', () => {
  it.each([
    ['quay.io/jetstack/cert-manager-controller:v1.21.2', 'v1.21.2'],
    ['registry:5000/cert-manager-controller:1.19.0-r3', 'v1.19.0'],
    ['registry:5000/cert-manager-controller:v1.22.0-beta.1', 'v1.22.0-beta.1'],
    ['registry:5000/cert-manager-controller', 'v1.20.0'],
    ['registry/cert-manager-controller:latest', 'v1.20.0'],
    ['registry/cert-manager-controller@sha256:00', 'v1.20.0'],
  ])('%s is %s', (image, version) => {
    expect(versionOf(deployment([], { image }))).toBe(version);
  });

  it('reads arguments in all spellings; the last one wins', () => {
    const args = controllerArguments(deployment(['-v=2', '--namespace', 'a', '--leader-elect', '--namespace=b']));
    expect(flagValue(args, 'namespace')).toBe('b');
    expect(flagValue(args, 'leader-elect')).toBe('true');
    expect(flagValue(args, 'name')).toBeUndefined();
  });
});
