import type { Clock, Progress } from '../model/progress.ts';

export interface CheckRequest {
  /** A backup's directory, or the artifact's .zip as downloaded. */
  path: string;
  /** Contents of age identity files; [] to check only what is readable. */
  identities: readonly string[];
  /** The root that the backup must have. */
  expectRoot?: string;
  /** How far ahead renewals and expiries are reported, in milliseconds. */
  horizonMs: number;
  clock: Clock;
  progress: Progress;
  /** Instead of the one that the manifest names. */
  clusterResourceNamespace?: string;
  /** `Kind/namespace/name` of Secrets and issuers whose absence is accepted, besides those that the manifest names. */
  allowMissing?: readonly string[];
  toolVersion: string;
}
