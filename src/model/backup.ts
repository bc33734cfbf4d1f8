import type { Condition, IssuerRef, KubeObject, ManagedFieldsEntry, OwnerReference } from './objects.ts';

/** What an object is in the backup. The role decides the file and, among Secrets, the order. */
export type Role =
  | 'namespace'
  | 'crd'
  | 'issuer-secret'
  | 'account-key'
  | 'ca-secret'
  | 'keystore-password'
  | 'leaf-secret'
  | 'other-secret'
  | 'issuer'
  | 'included'
  | 'certificate'
  | 'derived-certificate';

/** Facts about one X.509 certificate; of public data only. */
export interface LeafFacts {
  /** SHA-256 of the DER, lower-case hex. */
  sha256: string;
  /** Serial number, upper-case hex as OpenSSL prints it. */
  serial: string;
  /** RFC 3339, UTC, whole seconds. */
  notBefore: string;
  notAfter: string;
  /** SHA-256 of the SubjectPublicKeyInfo's DER, lower-case hex. */
  publicKeySha256: string;
}

/** A CertificateRequest as evidence: matched by uid, since names are used again. */
export interface RequestFacts {
  name: string;
  uid: string;
  creationTimestamp: string;
  /** Annotation cert-manager.io/certificate-revision; '' when absent. */
  revision: string;
}

/** What `verify` compares with: one Certificate at the time of the backup. */
export interface CertificateBaseline {
  uid: string;
  secretName: string;
  issuerRef: IssuerRef;
  /** null where Secrets were not read, or the Secret does not exist or holds no readable certificate. */
  leaf: LeafFacts | null;
  /** Why leaf is null: not-read, missing, unreadable. */
  leafAbsent?: 'not-read' | 'missing' | 'unreadable';
  /** The leaf is that of the current CertificateRequest, and the Secret was not read; absent: that of the Secret. */
  leafFrom?: 'request';
  /** SHA-256 of the public key that belongs to tls.key; null where the key was not read or is unreadable. */
  keySha256: string | null;
  revision: number | null;
  renewalTime: string | null;
  conditions: Condition[];
  lastFailureTime: string | null;
  failedIssuanceAttempts: number | null;
  /** CertificateRequests whose controller owner reference is this Certificate's uid. */
  requests: RequestFacts[];
  /** Names of the Secrets labelled next-private-key that it owns. */
  nextPrivateKeySecrets: string[];
  /** SHA-256 over the canonical JSON of spec with inline passwords replaced: tells whether the spec was edited. */
  specSha256: string;
}

/** What is compared of an issuer. */
export interface IssuerBaseline {
  ready: boolean | null;
  acmeAccountUri: string | null;
  /** SHA-256 of the public key of the ACME account key, or of the CA's certificate. */
  accountKeySha256: string | null;
  caSha256: string | null;
}

/** One line of index.ndjson: redacted, so that it may be read without the identity. */
export interface IndexEntry {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
  uid: string;
  role: Role;
  /** File that holds the object, without a trailing `.age`; '' when the object itself is not in the backup. */
  file: string;
  /**
   * `sha256:<hex>` over the object's line (without the newline); `hmac-sha256:<hex>` under the backup's digest key for
   * a Secret and for any object that carries a credential; '' where the object itself is not in the backup.
   */
  digest: string;
  ownerReferences: OwnerReference[];
  /** `Kind/ns/name:field.path` of every reference that brought it here. */
  referencedFrom: string[];
  /** Field managers of the object's main resource, in the order of managedFields. */
  managers: { manager: string; operation: string }[];
  /** For a derived Certificate: who makes it. */
  maker?: { kind: string; name: string; apiVersion: string; uid: string; annotations: Record<string, string> };
  baseline?: CertificateBaseline;
  issuer?: IssuerBaseline;
}

/** One line of state/status.ndjson. */
export interface StatusRecord {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
  status: Record<string, unknown>;
}

/** One line of state/managed-fields.ndjson: managedFields without entries of subresources. */
export interface ManagedFieldsRecord {
  apiVersion: string;
  kind: string;
  namespace?: string;
  name: string;
  managedFields: ManagedFieldsEntry[];
}

/** Everything in a backup. `secrets` is undefined where they are sealed and no identity opened them, or not captured. */
export interface BackupContents {
  namespaces: KubeObject[];
  crds: KubeObject[];
  secrets: KubeObject[];
  issuers: KubeObject[];
  certificates: KubeObject[];
  derived: KubeObject[];
  status: StatusRecord[];
  managedFields: ManagedFieldsRecord[];
  requests: KubeObject[];
  index: IndexEntry[];
}

/** What manifest.json says of the backup as a whole, besides the files and the root. */
export interface ManifestHeader {
  tool: { name: 'certkeep'; version: string };
  /** RFC 3339, UTC: the t0 of `verify`. */
  createdAt: string;
  cluster: { uid: string; server: string; context: string; kubernetes: string };
  certManager: {
    version: string;
    namespace: string;
    clusterResourceNamespace: string;
    /** Where that was found: flag, controller-arguments, controller-config, default, unknown. */
    clusterResourceNamespaceSource: string;
    /** Arguments of the controller container that bear on issuance. */
    flags: string[];
    /** CRD name → storage version(s). */
    crds: Record<string, string[]>;
  };
  scope: {
    namespaces: string[];
    selector: string;
    /** `crds` and `plural.group`: of every --include, and of the issuers of other groups that Certificates use. */
    include: string[];
    /** Referenced objects that are known not to be in the backup, as `Kind/namespace/name`: accepted, or a prerequisite. */
    allowMissing?: string[];
  };
  secrets: 'all' | 'issuer' | 'none';
  /** `requests`: leaves are those of the current CertificateRequests, and nothing of Secrets was read; absent: of Secrets. */
  baseline?: 'secrets' | 'requests';
  encryption: 'none' | 'secrets' | 'all';
  recipients: string[];
  restorable: boolean;
  counts: Record<string, number>;
  /** What was read and does not belong in a backup. */
  leftOut?: {
    certificateRequests: number;
    temporaryKeys: number;
    webhookCas: number;
    unreferencedSecrets: number;
  };
  /** Resource plural.group → resourceVersion of the list that was read. */
  resourceVersions: Record<string, string>;
}

export interface ManifestFile {
  sha256: string;
  bytes: number;
}

export interface Manifest extends ManifestHeader {
  format: 'certkeep-backup';
  formatVersion: string;
  files: Record<string, ManifestFile>;
  /** `sha256:<hex>` of this file's canonical bytes without this field. */
  root: string;
}
