/** A resource as Velero's filters name it. */
export interface Resource {
  plural: string;
  group: string;
  namespaced: boolean;
  /** Singular and short names; Velero resolves them as kubectl does. */
  others: readonly string[];
}

const resource = (plural: string, group: string, namespaced: boolean, others: readonly string[]): Resource => ({
  plural,
  group,
  namespaced,
  others,
});

export const CERTIFICATES = resource('certificates', 'cert-manager.io', true, ['certificate', 'cert', 'certs']);
export const REQUESTS: readonly Resource[] = [
  resource('certificaterequests', 'cert-manager.io', true, ['certificaterequest', 'cr', 'crs']),
  resource('orders', 'acme.cert-manager.io', true, ['order']),
  resource('challenges', 'acme.cert-manager.io', true, ['challenge']),
];
export const ISSUERS = resource('issuers', 'cert-manager.io', true, ['issuer', 'iss']);
export const CLUSTER_ISSUERS = resource('clusterissuers', 'cert-manager.io', false, ['clusterissuer', 'ciss']);
export const SECRETS = resource('secrets', '', true, ['secret']);
export const INGRESSES = resource('ingresses', 'networking.k8s.io', true, ['ingress', 'ing']);
export const CRDS = resource('customresourcedefinitions', 'apiextensions.k8s.io', false, [
  'customresourcedefinition',
  'crd',
  'crds',
]);

/** `plural.group`, `plural` for the core group. */
export function fullName({ plural, group }: Resource): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** The CRDs that cert-manager needs to start. */
export const CERT_MANAGER_CRDS: readonly string[] = [CERTIFICATES, ISSUERS, CLUSTER_ISSUERS, ...REQUESTS].map(fullName);

/** Does an entry of a filter name the resource? The group may be left out, or be cut short. */
export function names(entry: string, { plural, group, others }: Resource): boolean {
  const dot = entry.indexOf('.');
  const word = (dot < 0 ? entry : entry.slice(0, dot)).toLowerCase();
  const asked = dot < 0 ? '' : entry.slice(dot + 1);
  return (word === plural || others.includes(word)) && group.startsWith(asked);
}
