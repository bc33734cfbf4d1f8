import { NEXT_PRIVATE_KEY_LABEL } from '../model/kinds.ts';
import type { Certificate, CertificateRequest, Issuer, KubeObject, Secret } from '../model/objects.ts';
import { controllerOf } from '../model/owners.ts';

export { controllerOf } from '../model/owners.ts';

/** What was read of a cluster: everything that a backup is made from, and that `verify` compares. */
export interface ClusterState {
  /** By name. Those in scope; the namespaces of single Secrets read later are added. */
  namespaces: Map<string, KubeObject>;
  /** Issuers and ClusterIssuers in scope. */
  issuers: Issuer[];
  /** In the order of the list: by namespace and name. */
  certificates: Certificate[];
  /** All of the namespaces in scope; use `requestsOf` for those of one Certificate. */
  requests: CertificateRequest[];
  /** By `namespace/name`. Without Helm releases and service account and bootstrap tokens, which are not read. */
  secrets: Map<string, Secret>;
  /** False where Secrets could not be, or were not to be, listed: a Secret that is not in the map may then exist. */
  secretsRead: boolean;
  /** `namespace/name` of the Secrets that were read one by one, because they may not be listed; not set where none was. */
  secretsAsked?: Set<string>;
  /** Secrets labelled next-private-key, by namespace; also in `secrets`. */
  nextPrivateKeySecrets: Map<string, Secret[]>;
  /** Certificates that did not come to rest while they were read, by `namespace/name`. */
  unsettled: Map<string, 'issuing' | 'changing'>;
  /** `plural.group` (`secrets` for core) → resourceVersion of the last list; only for lists over all namespaces. */
  resourceVersions: Record<string, string>;
}

/** `namespace/name`: the key of the maps by object. */
export function keyOf(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

/** The Secret; undefined where it does not exist, `not-read` where that is not known. */
export function secretOf(state: ClusterState, namespace: string, name: string): Secret | undefined | 'not-read' {
  const key = keyOf(namespace, name);
  return state.secrets.get(key) ?? (state.secretsRead || state.secretsAsked?.has(key) ? undefined : 'not-read');
}

/** Requests by the uid of the Certificate that controls them; made once for many look-ups. */
export function groupRequests(requests: readonly CertificateRequest[]): Map<string, CertificateRequest[]> {
  const groups = new Map<string, CertificateRequest[]>();
  for (const request of requests) {
    const owner = controllerOf(request);
    if (owner === undefined) continue;
    const group = groups.get(owner.uid);
    if (group === undefined) groups.set(owner.uid, [request]);
    else group.push(request);
  }
  return groups;
}

/** Names of the next-private-key Secrets that belong to the Certificate, by the uid of their owner. */
export function nextPrivateKeySecretsOf(state: ClusterState, certificate: Certificate): string[] {
  const named = certificate.status?.nextPrivateKeySecretName;
  // Whoever may not list Secrets has the Certificate's own word for it.
  if (!state.secretsRead) return named === undefined ? [] : [named];
  const inNamespace = state.nextPrivateKeySecrets.get(certificate.metadata.namespace ?? '') ?? [];
  return inNamespace
    .filter((secret) => secret.metadata.ownerReferences?.some((owner) => owner.uid === certificate.metadata.uid))
    .map((secret) => secret.metadata.name)
    .sort();
}

/** cert-manager's temporary Secret for the key of an issuance in progress (keymanager_controller.go). */
export function isNextPrivateKeySecret(secret: Secret): boolean {
  return secret.metadata.labels?.[NEXT_PRIVATE_KEY_LABEL] !== undefined;
}

/** The throw-away Certificate of a `verify` that runs at the same time, or of one that died. */
export function isCanary(certificate: Certificate): boolean {
  const { name, labels } = certificate.metadata;
  return name.startsWith('certkeep-canary-') && labels?.['app.kubernetes.io/managed-by'] === 'certkeep';
}

/** Whether an issuance is in progress: condition Issuing is True. */
export function isIssuing(certificate: Certificate): boolean {
  return certificate.status?.conditions?.some((c) => c.type === 'Issuing' && c.status === 'True') ?? false;
}

/** Puts a Secret into the maps of the state. */
export function addSecret(state: ClusterState, secret: Secret): void {
  const namespace = secret.metadata.namespace ?? '';
  const key = keyOf(namespace, secret.metadata.name);
  state.secrets.set(key, secret);
  const others = state.nextPrivateKeySecrets
    .get(namespace)
    ?.filter((other) => other.metadata.name !== secret.metadata.name);
  if (isNextPrivateKeySecret(secret)) state.nextPrivateKeySecrets.set(namespace, [...(others ?? []), secret]);
}
