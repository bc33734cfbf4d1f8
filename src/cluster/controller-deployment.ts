import { load as parseYaml } from 'js-yaml';
import type { KubeObject } from '../model/objects.ts';

interface ContainerShape {
  name: string;
  image?: string;
  command?: string[];
  args?: string[];
  env?: { name: string; value?: string; valueFrom?: { fieldRef?: { fieldPath?: string } } }[];
  volumeMounts?: { name: string; mountPath: string; subPath?: string }[];
}

/** What is read of an apps/v1 Deployment. */
export interface DeploymentShape extends KubeObject {
  spec?: {
    replicas?: number;
    template?: {
      spec?: {
        containers?: ContainerShape[];
        volumes?: { name: string; configMap?: { name: string; items?: { key: string; path: string }[] } }[];
      };
    };
  };
  status?: { replicas?: number; readyReplicas?: number };
}

/** What is read of cert-manager's ControllerConfiguration (controller.config.cert-manager.io); '' where it is silent. */
export interface ControllerConfig {
  clusterResourceNamespace: string;
  namespace: string;
  leaderElectionNamespace: string;
  leaderElection: boolean;
  /** What bears on the Certificates that Ingresses and Gateways make, as the arguments that say the same. */
  shimFlags: string[];
  /** The whole file as it was parsed; {} for none. */
  raw: Record<string, unknown>;
  certificateOwnerRef: boolean;
}

const CONTAINER_NAME = 'cert-manager-controller';

/** Whether it has cert-manager's controller container: the chart always names it so. */
export function isController(deployment: DeploymentShape): boolean {
  return (deployment.spec?.template?.spec?.containers ?? []).some((c) => c.name === CONTAINER_NAME);
}

function containerOf(deployment: DeploymentShape): ContainerShape | undefined {
  const containers = deployment.spec?.template?.spec?.containers ?? [];
  return containers.find((c) => c.name === CONTAINER_NAME) ?? containers[0];
}

/**
 * The controller's arguments in the form `--name=value`, with `$(VARIABLE)` resolved from the container's environment
 * (POD_NAMESPACE is the Deployment's namespace).
 */
export function controllerArguments(deployment: DeploymentShape): string[] {
  const container = containerOf(deployment);
  const words = [...(container?.command ?? []), ...(container?.args ?? [])];
  const joined: string[] = [];
  for (let i = 0; i < words.length; i += 1) {
    const word = (words[i] ?? '').replace(/^-(?=[^-])/, '--');
    if (!word.startsWith('--')) continue;
    const next = words[i + 1];
    // pflag takes the next word as the value of a flag without "="; of a switch it does not, but then none follows.
    if (!word.includes('=') && next !== undefined && !next.startsWith('-')) {
      joined.push(`${word}=${next}`);
      i += 1;
    } else {
      joined.push(word);
    }
  }
  return joined.map((word) =>
    word.replaceAll(/\$\(([A-Za-z_]\w*)\)/g, (all, name: string) => variable(deployment, name) ?? all),
  );
}

function variable(deployment: DeploymentShape, name: string): string | undefined {
  const entry = containerOf(deployment)?.env?.find((e) => e.name === name);
  if (entry?.value !== undefined) return entry.value;
  if (
    entry?.valueFrom?.fieldRef?.fieldPath === 'metadata.namespace' ||
    (entry === undefined && name === 'POD_NAMESPACE')
  ) {
    return deployment.metadata.namespace;
  }
  return undefined;
}

/** The value of `--name`; the last one wins, as in pflag. 'true' for a bare switch, undefined where it is not given. */
export function flagValue(args: string[], name: string): string | undefined {
  const last = args.findLast((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
  if (last === undefined) return undefined;
  return last.includes('=') ? last.slice(last.indexOf('=') + 1) : 'true';
}

/** Flags of the controller that bear on what is issued, when, by whom, and where things are looked for. */
const ISSUANCE_FLAGS = new Set([
  'acme-http01-solver-image',
  'auto-certificate-annotations',
  'certificate-request-maximum-backoff-duration',
  'certificate-request-minimum-backoff-duration',
  'cluster-issuer-ambient-credentials',
  'cluster-resource-namespace',
  'config',
  'controllers',
  'copied-annotation-prefixes',
  'default-issuer-group',
  'default-issuer-kind',
  'default-issuer-name',
  'enable-certificate-owner-ref',
  'enable-gateway-api',
  'enable-gateway-api-listenerset',
  'extra-certificate-annotations',
  'feature-gates',
  'gateway-api-extra-protocols',
  'issuer-ambient-credentials',
  'leader-elect',
  'leader-election-namespace',
  'max-certificate-bundle-size',
  'max-certificate-chain-length',
  'max-certificate-size',
  'max-concurrent-challenges',
  'max-private-key-size',
  'namespace',
]);

/** Those of the arguments that a backup records. */
export function issuanceFlags(args: string[]): string[] {
  return args.filter((arg) => ISSUANCE_FLAGS.has(arg.slice(2).split('=')[0] ?? ''));
}

/** `v1.21.2`: the image's tag, since that is what runs; else the label that Helm sets; '' where neither tells. */
export function versionOf(deployment: DeploymentShape): string {
  const image = (containerOf(deployment)?.image ?? '').split('@')[0] ?? '';
  const tag = /:([^:/]+)$/.exec(image)?.[1] ?? '';
  const label = deployment.metadata.labels?.['app.kubernetes.io/version'] ?? '';
  const found = [tag, label].map((text) => /^v?(\d+\.\d+\.\d+(?:-(?:alpha|beta|rc)[0-9A-Za-z.-]*)?)/.exec(text)?.[1]);
  const version = found.find((v) => v !== undefined);
  return version === undefined ? '' : `v${version}`;
}

/** Where the file of `--config` comes from: a key of a ConfigMap, or undefined (no such flag), or somewhere unreadable. */
export function configFileOf(
  deployment: DeploymentShape,
  args: string[],
): { configMap: string; key: string } | 'elsewhere' | undefined {
  const file = flagValue(args, 'config');
  if (file === undefined || file === '') return undefined;
  const mount = (containerOf(deployment)?.volumeMounts ?? []).find(
    (m) => file === m.mountPath || file.startsWith(`${m.mountPath.replace(/\/$/, '')}/`),
  );
  const volume = deployment.spec?.template?.spec?.volumes?.find((v) => v.name === mount?.name);
  if (mount === undefined || volume?.configMap === undefined) return 'elsewhere';
  const path = mount.subPath ?? file.slice(mount.mountPath.replace(/\/$/, '').length + 1);
  const key = volume.configMap.items?.find((item) => item.path === path)?.key ?? path;
  return { configMap: volume.configMap.name, key };
}

/** The file's text; '' gives the defaults, and so does what is not YAML (the controller would not run with it). */
export function parseControllerConfig(text: string): ControllerConfig {
  let parsed: unknown;
  try {
    parsed = text.trim() === '' ? {} : parseYaml(text);
  } catch {
    parsed = {};
  }
  const config = (typeof parsed === 'object' && parsed !== null ? parsed : {}) as Record<string, unknown>;
  const leader = (config.leaderElectionConfig ?? {}) as Record<string, unknown>;
  const string = (value: unknown): string => (typeof value === 'string' ? value : '');
  return {
    clusterResourceNamespace: string(config.clusterResourceNamespace),
    namespace: string(config.namespace),
    leaderElectionNamespace: string(leader.namespace),
    leaderElection: leader.enabled !== false,
    shimFlags: shimFlags(config),
    raw: config,
    certificateOwnerRef: config.enableCertificateOwnerRef === true,
  };
}

/** Fields of the file (internal/apis/config/controller) → the arguments of the same meaning. */
function shimFlags(config: Record<string, unknown>): string[] {
  const object = (value: unknown): Record<string, unknown> =>
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const shim = object(config.ingressShimConfig);
  const gateway = object(config.gatewayAPIConfig);
  const gates = Object.entries(object(config.featureGates)).map(([name, on]) => `${name}=${String(on)}`);
  const settings: [name: string, value: unknown][] = [
    ['default-issuer-name', shim.defaultIssuerName],
    ['default-issuer-kind', shim.defaultIssuerKind],
    ['default-issuer-group', shim.defaultIssuerGroup],
    ['auto-certificate-annotations', shim.defaultAutoCertificateAnnotations],
    ['extra-certificate-annotations', shim.extraCertificateAnnotations],
    ['enable-gateway-api', gateway.enabled ?? config.enableGatewayAPI],
    ['enable-gateway-api-listenerset', gateway.enableListenerSet ?? config.enableGatewayAPIListenerSet],
    ['gateway-api-extra-protocols', gateway.extraProtocols],
    ['controllers', config.controllers],
    ['feature-gates', gates.length === 0 ? undefined : gates],
  ];
  return settings.flatMap(([name, value]) => {
    const text = Array.isArray(value) ? value.map(String).join(',') : value;
    return ['string', 'boolean'].includes(typeof text) ? [`--${name}=${String(text)}`] : [];
  });
}
