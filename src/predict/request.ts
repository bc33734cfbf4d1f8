import type { Cluster } from '../cluster/client.ts';
import type { Clock, Progress } from '../model/progress.ts';
import type { CaLimits } from './limits.ts';

/** A running cluster. */
export interface LiveSource {
  cluster: Cluster;
  certManagerNamespace?: string;
  clusterResourceNamespace?: string;
  /** uid that the cluster must have. */
  expectCluster?: string;
  /** How long reading it may take. */
  timeoutMs?: number;
}

/** What lies in files: one backup of certkeep, or plain manifests. */
export interface FileSource {
  /** The directory or .zip of one backup; or files and directories of manifests, `-` for standard input. */
  paths: readonly string[];
  stdin?: AsyncIterable<Uint8Array>;
  /** Contents of age identity files, for a sealed backup. */
  identities: readonly string[];
  /** The root that the backup must have. */
  expectRoot?: string;
}

export interface PredictRequest {
  source: LiveSource | FileSource;
  /** Only Certificates in these namespaces; [] for all. */
  namespaces: readonly string[];
  /** Only Certificates with these labels, as for kubectl. */
  selector?: string;
  /** The cert-manager to ask instead of the one that runs: an upgrade forecast. */
  certManagerVersion?: string;
  /** The cert-manager that runs, where the source does not say. */
  currentVersion?: string;
  /** How far ahead renewals are listed, in milliseconds. */
  horizonMs: number;
  /** A reissue (not an ordinary renewal) is an error and ends with 3; one that cannot be decided with 8. */
  failOnReissue: boolean;
  /** A renewal before the horizon is an error, too. */
  failOnRenewal: boolean;
  /** Instead of, and besides, the limits that certkeep knows. */
  caLimits?: readonly CaLimits[];
  /** The time to judge by. */
  clock: Clock;
  progress: Progress;
  toolVersion: string;
  signal?: AbortSignal;
}
