/** The kinds of API object that certkeep deals with, as the API server's paths need them. */
export interface ResourceKind {
  /** API group, '' for core. */
  group: string;
  version: string;
  kind: string;
  /** The word in the URL. */
  plural: string;
  namespaced: boolean;
}

const kind = (group: string, version: string, name: string, plural: string, namespaced: boolean): ResourceKind => ({
  group,
  version,
  kind: name,
  plural,
  namespaced,
});

export const CERT_MANAGER_GROUP = 'cert-manager.io';
export const ACME_GROUP = 'acme.cert-manager.io';

export const NAMESPACE = kind('', 'v1', 'Namespace', 'namespaces', false);
export const SECRET = kind('', 'v1', 'Secret', 'secrets', true);
export const POD = kind('', 'v1', 'Pod', 'pods', true);
export const SERVICE_ACCOUNT = kind('', 'v1', 'ServiceAccount', 'serviceaccounts', true);
export const CONFIG_MAP = kind('', 'v1', 'ConfigMap', 'configmaps', true);
export const EVENT = kind('', 'v1', 'Event', 'events', true);
export const DEPLOYMENT = kind('apps', 'v1', 'Deployment', 'deployments', true);
export const LEASE = kind('coordination.k8s.io', 'v1', 'Lease', 'leases', true);
export const INGRESS = kind('networking.k8s.io', 'v1', 'Ingress', 'ingresses', true);
export const GATEWAY = kind('gateway.networking.k8s.io', 'v1', 'Gateway', 'gateways', true);
export const LISTENER_SET = kind('gateway.networking.k8s.io', 'v1', 'ListenerSet', 'listenersets', true);
export const CRD = kind('apiextensions.k8s.io', 'v1', 'CustomResourceDefinition', 'customresourcedefinitions', false);
export const CERTIFICATE = kind(CERT_MANAGER_GROUP, 'v1', 'Certificate', 'certificates', true);
export const CERTIFICATE_REQUEST = kind(CERT_MANAGER_GROUP, 'v1', 'CertificateRequest', 'certificaterequests', true);
export const ISSUER = kind(CERT_MANAGER_GROUP, 'v1', 'Issuer', 'issuers', true);
export const CLUSTER_ISSUER = kind(CERT_MANAGER_GROUP, 'v1', 'ClusterIssuer', 'clusterissuers', false);
export const ORDER = kind(ACME_GROUP, 'v1', 'Order', 'orders', true);
export const CHALLENGE = kind(ACME_GROUP, 'v1', 'Challenge', 'challenges', true);
/** Names of the CustomResourceDefinitions that come with cert-manager. */
export const CERT_MANAGER_CRDS: readonly string[] = [
  'certificaterequests.cert-manager.io',
  'certificates.cert-manager.io',
  'challenges.acme.cert-manager.io',
  'clusterissuers.cert-manager.io',
  'issuers.cert-manager.io',
  'orders.acme.cert-manager.io',
];

/** `v1` or `group/version`. */
export function apiVersion(k: ResourceKind): string {
  return k.group === '' ? k.version : `${k.group}/${k.version}`;
}

/** The API group of an object's apiVersion; '' for core. */
export function groupOf(apiVersionText: string): string {
  const slash = apiVersionText.indexOf('/');
  return slash < 0 ? '' : apiVersionText.slice(0, slash);
}

/** Labels and annotations of cert-manager (pkg/apis/certmanager/v1/types.go). */
export const FAO_LABEL = 'controller.cert-manager.io/fao';
export const NEXT_PRIVATE_KEY_LABEL = 'cert-manager.io/next-private-key';
export const CERTIFICATE_NAME_ANNOTATION = 'cert-manager.io/certificate-name';
export const ISSUER_NAME_ANNOTATION = 'cert-manager.io/issuer-name';
export const ISSUER_KIND_ANNOTATION = 'cert-manager.io/issuer-kind';
export const ISSUER_GROUP_ANNOTATION = 'cert-manager.io/issuer-group';
export const REVISION_ANNOTATION = 'cert-manager.io/certificate-revision';
export const LAST_APPLIED_ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration';
/** The field manager under which cert-manager's issuing controller applies a Certificate's Secret. */
export const ISSUING_FIELD_MANAGER = 'cert-manager-certificates-issuing';
