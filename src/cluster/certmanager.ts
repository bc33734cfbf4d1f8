import { CERT_MANAGER_CRDS, CERT_MANAGER_GROUP, CONFIG_MAP, CRD, DEPLOYMENT, NAMESPACE } from '../model/kinds.ts';
import type { KubeObject } from '../model/objects.ts';
import { CertkeepError } from '../model/problems.ts';
import { ApiError } from './api-error.ts';
import type { Cluster } from './client.ts';
import {
  type ControllerConfig,
  configFileOf,
  controllerArguments,
  type DeploymentShape,
  flagValue,
  isController,
  issuanceFlags,
  parseControllerConfig,
  versionOf,
} from './controller-deployment.ts';
import { explainApiError } from './errors.ts';

export interface CertManagerInfo {
  /** `v1.21.2`; '' where it cannot be told. */
  version: string;
  namespace: string;
  /** The API group cert-manager.io is served. */
  installed: boolean;
  /** The controller's Deployment has ready replicas. */
  running: boolean;
  deployment?: { namespace: string; name: string; replicas: number; readyReplicas: number };
  /** True: there is no Deployment of the controller where it was looked for; not set where none may be seen. */
  deploymentAbsent?: boolean;
  /** Why less is known than the cluster could tell: a right that is missing. Not set where all was read. */
  hidden?: HiddenFact;
  /** Where ClusterIssuers look for their Secrets; '' where it is not known. */
  clusterResourceNamespace: string;
  clusterResourceNamespaceSource: 'flag' | 'controller-arguments' | 'controller-config' | 'default' | 'unknown';
  leaderElectionNamespace: string;
  /** False where the controller runs without leader election: there is no lease then. */
  leaderElection: boolean;
  /** The only namespace that the controller looks at (`--namespace`); '' for all. */
  watchedNamespace: string;
  /** True: Certificates own their Secrets (`--enable-certificate-owner-ref`), which then go with them. */
  certificateOwnerRef?: boolean;
  /** Settings of the controller that bear on issuance, as `--name=value`: its arguments, and its file where it has one. */
  flags: string[];
  /** False where the Deployment, or the file of its settings, could not be read: there may be others. */
  flagsKnown: boolean;
  /** The controller's configuration file (--config), parsed; not set where there is none, or it cannot be read. */
  controllerConfig?: Record<string, unknown>;
  /** CRD name → stored versions; empty where CRDs may not be read. */
  crds: Record<string, string[]>;
}

export interface HiddenFact {
  /** `no right to list deployments.apps in the namespace cert-manager`. */
  because: string;
  /** Name of the ConfigMap that could not be read; '' where it is about the Deployment. */
  configMap: string;
}

export interface DiscoverOptions {
  certManagerNamespace?: string;
  clusterResourceNamespace?: string;
}

const DEFAULT_NAMESPACE = 'cert-manager';
/** internal/apis/config/controller/v1alpha1/defaults.go: both default to kube-system. */
const CODE_DEFAULT_NAMESPACE = 'kube-system';
const COMPONENT_LABEL = 'app.kubernetes.io/component=controller';
const CONTROLLER_LABELS = `app.kubernetes.io/name=cert-manager,${COMPONENT_LABEL}`;

/**
 * Which cert-manager this cluster has, and how its controller is set up. Rights that are missing make the answer poorer,
 * not an error: a Deployment that may not be read leaves version '' and running false, and the source of the cluster
 * resource namespace is then `unknown`. Throws CertkeepError for everything else.
 */
export async function discoverCertManager(cluster: Cluster, options: DiscoverOptions = {}): Promise<CertManagerInfo> {
  try {
    return await discover(cluster, options);
  } catch (error) {
    throw explainApiError(error, 'find out about cert-manager');
  }
}

/** A namespace that was given and does not exist is a slip of the pen, not a cert-manager that does not run. */
async function mustExist(cluster: Cluster, namespace: string): Promise<void> {
  try {
    if ((await cluster.get(NAMESPACE, undefined, namespace)) !== undefined) return;
  } catch (error) {
    // Without the right to look, nothing is said.
    if (error instanceof ApiError && error.status === 403) return;
    throw error;
  }
  throw new CertkeepError(
    'wrong-usage',
    `The namespace ${namespace}, given as the one that cert-manager runs in, does not exist.`,
    'Correct --cert-manager-namespace, or leave it out: cert-manager is found by its labels.',
  );
}

async function discover(cluster: Cluster, options: DiscoverOptions): Promise<CertManagerInfo> {
  const [installed, found, crds] = await Promise.all([
    groupIsServed(cluster),
    findDeployment(cluster, options.certManagerNamespace),
    storedVersions(cluster),
  ]);
  const deployment = isHidden(found) ? undefined : found;
  const namespace = options.certManagerNamespace ?? deployment?.metadata.namespace ?? DEFAULT_NAMESPACE;
  const base = { installed, namespace, crds };
  const given = options.clusterResourceNamespace ?? '';
  if (deployment === undefined) {
    if (options.certManagerNamespace !== undefined) await mustExist(cluster, options.certManagerNamespace);
    return {
      ...base,
      version: '',
      running: false,
      deploymentAbsent: !isHidden(found),
      ...(isHidden(found) ? { hidden: found } : {}),
      clusterResourceNamespace: given,
      clusterResourceNamespaceSource: given === '' ? 'unknown' : 'flag',
      leaderElectionNamespace: CODE_DEFAULT_NAMESPACE,
      leaderElection: true,
      watchedNamespace: '',
      flags: [],
      flagsKnown: false,
    };
  }
  const args = controllerArguments(deployment);
  const config = await controllerConfig(cluster, deployment, args);
  const file = config === 'unreadable' || isHidden(config) ? undefined : config;
  const status = deployment.status ?? {};
  const readyReplicas = status.readyReplicas ?? 0;
  return {
    ...base,
    version: versionOf(deployment),
    running: readyReplicas > 0,
    deployment: {
      namespace: deployment.metadata.namespace ?? '',
      name: deployment.metadata.name,
      replicas: deployment.spec?.replicas ?? 1,
      readyReplicas,
    },
    ...(isHidden(config) ? { hidden: config } : {}),
    ...clusterResourceNamespace(given, args, file),
    leaderElectionNamespace:
      flagValue(args, 'leader-election-namespace') || file?.leaderElectionNamespace || CODE_DEFAULT_NAMESPACE,
    leaderElection: flagValue(args, 'leader-elect') !== 'false' && file?.leaderElection !== false,
    watchedNamespace: flagValue(args, 'namespace') || (file?.namespace ?? ''),
    certificateOwnerRef: certificateOwnerRef(args, file),
    flags: [...fromFile(args, file), ...issuanceFlags(args)],
    flagsKnown: file !== undefined,
    ...(file === undefined || Object.keys(file.raw).length === 0 ? {} : { controllerConfig: file.raw }),
  };
}

function certificateOwnerRef(args: string[], config: ControllerConfig | undefined): boolean {
  const argument = flagValue(args, 'enable-certificate-owner-ref');
  return argument === undefined ? config?.certificateOwnerRef === true : argument !== 'false';
}

/** Those settings of the file that no argument overrides. */
function fromFile(args: string[], config: ControllerConfig | undefined): string[] {
  return (config?.shimFlags ?? []).filter((flag) => flagValue(args, flag.slice(2, flag.indexOf('='))) === undefined);
}

/** Arguments win over the file, as in cert-manager itself (cmd/controller/app/controller.go parses them last). */
function clusterResourceNamespace(
  given: string,
  args: string[],
  config: ControllerConfig | undefined,
): Pick<CertManagerInfo, 'clusterResourceNamespace' | 'clusterResourceNamespaceSource'> {
  const found = (
    namespace: string,
    source: CertManagerInfo['clusterResourceNamespaceSource'],
  ): Pick<CertManagerInfo, 'clusterResourceNamespace' | 'clusterResourceNamespaceSource'> => ({
    clusterResourceNamespace: namespace,
    clusterResourceNamespaceSource: source,
  });
  if (given !== '') return found(given, 'flag');
  const argument = flagValue(args, 'cluster-resource-namespace');
  if (argument !== undefined && argument !== '') return found(argument, 'controller-arguments');
  if (config === undefined) return found('', 'unknown');
  if (config.clusterResourceNamespace !== '') return found(config.clusterResourceNamespace, 'controller-config');
  return found(CODE_DEFAULT_NAMESPACE, 'default');
}

async function groupIsServed(cluster: Cluster): Promise<boolean> {
  try {
    await cluster.getPath(`/apis/${CERT_MANAGER_GROUP}`);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}

function isHidden(found: DeploymentShape | ControllerConfig | HiddenFact | string | undefined): found is HiddenFact {
  return typeof found === 'object' && 'because' in found;
}

/** The Deployment of the controller; where there are several, one that runs. undefined: none; hidden: none may be seen. */
async function findDeployment(
  cluster: Cluster,
  namespace: string | undefined,
): Promise<DeploymentShape | HiddenFact | undefined> {
  const everywhere = namespace === undefined ? await labelled(cluster, undefined) : 'forbidden';
  let found: KubeObject[];
  if (everywhere !== 'forbidden') {
    found = everywhere;
  } else {
    const where = namespace ?? DEFAULT_NAMESPACE;
    const here = await labelled(cluster, where);
    if (here === 'forbidden') {
      return { because: `no right to list deployments.apps in the namespace ${where}`, configMap: '' };
    }
    // Without the right to look everywhere, that there is none here says nothing of other namespaces.
    if (here.length === 0 && namespace === undefined) {
      return {
        because: `no Deployment of cert-manager’s controller in the namespace ${where}, and no right to list deployments.apps in others (--cert-manager-namespace says where it is)`,
        configMap: '',
      };
    }
    found = here;
  }
  if (found.length === 0 && namespace !== undefined) {
    // The chart's nameOverride changes one of the labels; whoever names the namespace means what runs there.
    const here = await labelled(cluster, namespace, COMPONENT_LABEL);
    found = here === 'forbidden' ? [] : (here as DeploymentShape[]).filter(isController);
  }
  const deployments = found as DeploymentShape[];
  return deployments.find((d) => (d.status?.readyReplicas ?? 0) > 0) ?? deployments[0];
}

async function labelled(
  cluster: Cluster,
  namespace: string | undefined,
  labelSelector = CONTROLLER_LABELS,
): Promise<KubeObject[] | 'forbidden'> {
  try {
    const where = namespace === undefined ? {} : { namespace };
    return (await cluster.list(DEPLOYMENT, { ...where, labelSelector })).items;
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return 'forbidden';
    throw error;
  }
}

async function controllerConfig(
  cluster: Cluster,
  deployment: DeploymentShape,
  args: string[],
): Promise<ControllerConfig | 'unreadable' | HiddenFact> {
  const file = configFileOf(deployment, args);
  if (file === undefined) return parseControllerConfig('');
  if (file === 'elsewhere') return 'unreadable';
  try {
    const map = await cluster.get(CONFIG_MAP, deployment.metadata.namespace, file.configMap);
    const text = (map?.data as Record<string, string> | undefined)?.[file.key];
    return text === undefined ? 'unreadable' : parseControllerConfig(text);
  } catch (error) {
    if (!(error instanceof ApiError && error.status === 403)) throw error;
    const { configMap } = file;
    return {
      because: `no right to get configmaps "${configMap}" in the namespace ${deployment.metadata.namespace}, which holds the configuration of cert-manager’s controller`,
      configMap,
    };
  }
}

async function storedVersions(cluster: Cluster): Promise<Record<string, string[]>> {
  const read = async (name: string): Promise<[string, string[]][]> => {
    try {
      const crd = await cluster.get(CRD, undefined, name);
      const status = crd?.status as { storedVersions?: string[] } | undefined;
      return crd === undefined ? [] : [[name, status?.storedVersions ?? []]];
    } catch (error) {
      if (error instanceof ApiError && error.status === 403) return [];
      throw error;
    }
  };
  return Object.fromEntries((await Promise.all(CERT_MANAGER_CRDS.map(read))).flat());
}
