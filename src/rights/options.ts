/** What a run that needs rights is going to do. */
export type Use = 'backup' | 'predict' | 'verify' | 'plan' | 'restore' | 'resume';

export const USES: readonly Use[] = ['backup', 'verify', 'restore', 'predict', 'plan', 'resume'];

export type MakerKind = 'Ingress' | 'Gateway' | 'ListenerSet' | 'XListenerSet';

/** A Secret that a backup needs, by what names it. */
export interface KnownSecret {
  namespace: string;
  name: string;
  /** Named by a Certificate as its own; else by an issuer; else by something else (a keystore's password). */
  purpose: 'leaf' | 'issuer' | 'other';
}

/** What a backup says of the cluster that it was taken from, so that rights can be narrowed to it. */
export interface KnownObjects {
  /** Namespaces of its Certificates and Issuers. */
  namespaces: string[];
  secrets: KnownSecret[];
  /** Which of cert-manager's own kinds, and of Namespaces, it holds. */
  kinds: ReadonlySet<string>;
  /** It has an issuer, of this kind, whose status is written back. */
  issuersWithStatus: ReadonlySet<string>;
  makers: MakerKind[];
}

/** The request for a list of rights; the fields are the flags of `certkeep rbac`. */
export interface RightsOptions {
  use: Use;
  /** [] for all. */
  namespaces: readonly string[];
  /** backup: which Secrets are captured. */
  secrets: 'all' | 'issuer' | 'none';
  /** backup, verify: where the leaf that is compared comes from. */
  baseline: 'secrets' | 'requests';
  /** verify, restore. */
  canary: boolean;
  canaryNamespace: string;
  certManagerNamespace: string;
  clusterResourceNamespace: string;
  leaderElectionNamespace: string;
  /** ConfigMap that holds the configuration of cert-manager's controller; '' where it has none. */
  controllerConfig: string;
  /** restore: whether the controller is paused. */
  pause: boolean;
  /** Name of the controller's Deployment. */
  controllerDeployment: string;
  /** What makes Certificates in the cluster. */
  makers: readonly MakerKind[];
  /** backup, plan, restore: `crds`, or `RESOURCE.GROUP`. */
  include: readonly string[];
  known?: KnownObjects;
}

export const DEFAULTS = {
  namespaces: [],
  secrets: 'all',
  baseline: 'secrets',
  canary: true,
  pause: true,
  controllerDeployment: 'cert-manager',
  certManagerNamespace: 'cert-manager',
  /** cert-manager's own default, and that of its Helm chart. */
  leaderElectionNamespace: 'kube-system',
  controllerConfig: '',
  makers: ['Ingress'],
  include: [],
} as const;

/** The options with what was not given filled in. */
export function withDefaults(given: Partial<RightsOptions> & { use: Use }): RightsOptions {
  const certManagerNamespace = given.certManagerNamespace || DEFAULTS.certManagerNamespace;
  return {
    ...DEFAULTS,
    ...given,
    certManagerNamespace,
    clusterResourceNamespace: given.clusterResourceNamespace || certManagerNamespace,
    controllerDeployment: given.controllerDeployment || DEFAULTS.controllerDeployment,
    leaderElectionNamespace: given.leaderElectionNamespace || DEFAULTS.leaderElectionNamespace,
    canaryNamespace: given.canaryNamespace || certManagerNamespace,
  };
}
