import type { Cluster } from '../cluster/client.ts';
import type { Clock, Progress } from '../model/progress.ts';

/** What `plan` is asked; `restore` takes the same and a canary. */
export interface PlanRequest {
  /** The cluster to restore to. */
  cluster: Cluster;
  /** The backup: a directory, or the artifact's .zip as downloaded. */
  path: string;
  /** age identities (their text, not paths) that may open it. */
  identities: string[];
  /** `sha256:<hex>`; any other root is refused. */
  expectRoot?: string;
  /** uid of kube-system; any other cluster is refused before anything else is read. */
  expectCluster?: string;
  certManagerNamespace?: string;
  clusterResourceNamespace?: string;
  /** `crds`, and `plural.group` of kinds of other groups that are to be restored. Default none. */
  include?: readonly string[];
  /** What to do about a live object that differs from the backup. */
  onConflict: 'fail' | 'keep';
  /** Refuse (exit 3, nothing written) where a Certificate would be reissued afterwards. */
  failOnReissue: boolean;
  /** The same for an ordinary renewal that is due. Default false: it is said, and the restore goes on. */
  failOnRenewal?: boolean;
  /** An abort begins nothing new; the writes under way end, and the report tells what was written. */
  signal?: AbortSignal;
  clock: Clock;
  progress: Progress;
  toolVersion: string;
  /** Limit for the waiting parts, in milliseconds; the default grows with the number of objects. */
  timeoutMs?: number;
}

export interface RestoreRequest extends PlanRequest {
  /** Whether `verify` may make its throw-away Certificate afterwards. */
  canary: boolean;
  canaryNamespace?: string;
  /** `auto` (default): cert-manager's controller is scaled to 0 while that matters; `never`: it is left alone. */
  pause?: 'auto' | 'never';
  /** The longest that an attended pause lasts, in milliseconds. Default 10 minutes. */
  maxPauseMs?: number;
  /** File that tells each write before it is done; '' for none. Default: beside the backup, `<backup>.journal.ndjson`. */
  journal?: string;
  /** Told the word by which the lock names this run, as soon as it is taken. */
  onHold?: (holder: string) => void;
  /** For tests: how long a lock that seems to be left over is watched, in milliseconds. */
  lockDoubtMs?: number;
}
