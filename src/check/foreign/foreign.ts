import type { ManifestObject } from '../../archive/manifests/read.ts';
import type { Certificate, Issuer, KubeObject, Secret } from '../../model/objects.ts';

/** One object of somebody else's backup, and where it stands. */
export interface Item<T extends KubeObject = KubeObject> extends Omit<ManifestObject, 'object'> {
  object: T;
  /** Its place among all objects, from 0: the order in which kubectl would apply them. */
  position: number;
}

/**
 * Somebody else's backup, sorted. What is malformed is in `items` at most, with a `bad-manifest` problem; the metadata of
 * all that is in `items` has the types that the API server insists on.
 */
export interface Foreign {
  /** Who would restore the objects: `none` where there are only manifests of Velero itself. */
  tool: 'kubectl' | 'velero' | 'none';
  items: readonly Item[];
  /** Of cert-manager.io/v1. */
  certificates: readonly Item<Certificate>[];
  /** Issuers and ClusterIssuers of cert-manager.io/v1. */
  issuers: readonly Item<Issuer>[];
  /** By `Secret/namespace/name`; `stringData` is merged into `data`. */
  secrets: ReadonlyMap<string, Item<Secret>>;
  /** How many objects of each resource (`plural.group`) a Velero backup holds; empty for manifests. */
  counts: ReadonlyMap<string, number>;
  /** cert-manager as the backup shows it; '' where it does not. */
  certManager: { version: string; namespace: string };
  /** Where ClusterIssuers look for their Secrets. */
  clusterResourceNamespace: { name: string; isAssumed: boolean };
  /** `Kind/namespace/name` of what may be absent. */
  accepted: ReadonlySet<string>;
  /** False where a part could not be read: what is not there may be in it. */
  complete: boolean;
  now: Date;
  horizonMs: number;
}

/** What is asked besides the objects. */
export interface ForeignOptions {
  now: Date;
  horizonMs: number;
  clusterResourceNamespace?: string;
  allowMissing: readonly string[];
}
