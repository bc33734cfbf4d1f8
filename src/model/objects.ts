/**
 * Kubernetes objects as plain JSON, with types for the fields that certkeep reads. Nothing is dropped: every object
 * keeps the fields that these types do not name, because a backup must give back what it took.
 */

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

export interface ManagedFieldsEntry {
  manager?: string;
  operation?: string;
  apiVersion?: string;
  time?: string;
  fieldsType?: string;
  fieldsV1?: unknown;
  subresource?: string;
}

export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  managedFields?: ManagedFieldsEntry[];
  [field: string]: unknown;
}

export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  [field: string]: unknown;
}

export interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
  observedGeneration?: number;
}

export interface IssuerRef {
  name: string;
  kind?: string;
  group?: string;
}

export interface SecretKeyRef {
  name: string;
  key?: string;
}

export interface PrivateKeySpec {
  algorithm?: string;
  encoding?: string;
  size?: number;
  rotationPolicy?: string;
}

export interface X509Subject {
  organizations?: string[];
  countries?: string[];
  organizationalUnits?: string[];
  localities?: string[];
  provinces?: string[];
  streetAddresses?: string[];
  postalCodes?: string[];
  serialNumber?: string;
}

export interface RenewalWindow {
  cron?: string;
  windowDuration?: string;
  timezone?: string;
  [field: string]: unknown;
}

/** spec of cert-manager.io/v1 Certificate (pkg/apis/certmanager/v1/types_certificate.go). */
export interface CertificateSpec {
  secretName: string;
  issuerRef: IssuerRef;
  commonName?: string;
  dnsNames?: string[];
  ipAddresses?: string[];
  uris?: string[];
  emailAddresses?: string[];
  otherNames?: { oid?: string; utf8Value?: string }[];
  literalSubject?: string;
  subject?: X509Subject;
  isCA?: boolean;
  usages?: string[];
  duration?: string;
  renewBefore?: string;
  renewBeforePercentage?: number;
  renewal?: { policy?: string; windows?: RenewalWindow[]; [field: string]: unknown };
  privateKey?: PrivateKeySpec;
  keystores?: Record<string, { create?: boolean; password?: string; passwordSecretRef?: SecretKeyRef } | undefined>;
  secretTemplate?: { annotations?: Record<string, string>; labels?: Record<string, string> };
  additionalOutputFormats?: { type: string }[];
  [field: string]: unknown;
}

export interface CertificateStatus {
  conditions?: Condition[];
  revision?: number;
  notBefore?: string;
  notAfter?: string;
  renewalTime?: string;
  lastFailureTime?: string;
  failedIssuanceAttempts?: number;
  nextPrivateKeySecretName?: string;
  /** ACME Renewal Information, behind a feature gate of 1.21. */
  acme?: { ari?: { suggestedWindow?: { start?: string; end?: string } } };
  [field: string]: unknown;
}

export interface Certificate extends KubeObject {
  kind: 'Certificate';
  spec: CertificateSpec;
  status?: CertificateStatus;
}

/** cert-manager.io/v1 CertificateRequest. `spec.request` and `status.certificate` are base64 of PEM. */
export interface CertificateRequest extends KubeObject {
  kind: 'CertificateRequest';
  spec: {
    request?: string;
    issuerRef: IssuerRef;
    isCA?: boolean;
    usages?: string[];
    duration?: string;
    [field: string]: unknown;
  };
  status?: {
    conditions?: Condition[];
    certificate?: string;
    ca?: string;
    failureTime?: string;
    [field: string]: unknown;
  };
}

/** Issuer, ClusterIssuer, or an issuer of another group. */
export interface Issuer extends KubeObject {
  spec: Record<string, unknown>;
  status?: { conditions?: Condition[]; acme?: Record<string, unknown>; [field: string]: unknown };
}

/** v1 Secret. `data` values are base64. */
export interface Secret extends KubeObject {
  kind: 'Secret';
  type?: string;
  data?: Record<string, string>;
}

/** `Kind/namespace/name`, or `Kind/name` for a cluster-scoped object: how reports and flags name an object. */
export function objectName(object: { kind: string; metadata: { namespace?: string; name: string } }): string {
  return refName(object.kind, object.metadata.namespace, object.metadata.name);
}

/** The same from its parts. */
export function refName(kind: string, namespace: string | undefined, name: string): string {
  return namespace === undefined || namespace === '' ? `${kind}/${name}` : `${kind}/${namespace}/${name}`;
}

/** The condition of that type, or undefined. */
export function condition(conditions: Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((c) => c.type === type);
}
