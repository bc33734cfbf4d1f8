import type { OpenedBackup } from '../archive/read.ts';
import type { Cluster } from '../cluster/client.ts';
import type { Clock, Progress } from '../model/progress.ts';

/** What `verify` is asked. */
export interface VerifyRequest {
  cluster: Cluster;
  /** The backup whose baseline is compared with; only its index is used. */
  backup: OpenedBackup;
  /** Only Certificates of these namespaces; [] for all of the backup. */
  namespaces: string[];
  certManagerNamespace?: string;
  /**
   * Where leaves come from: Secrets, or the current CertificateRequests, for which nothing of Secrets is read. Default: as
   * in the backup.
   */
  baseline?: 'secrets' | 'requests';
  /** False waives the canary; lease, version and readiness are looked at all the same. */
  canary: boolean;
  /** Default: the namespace that the controller is restricted to, else its own. */
  canaryNamespace?: string;
  /** uid of kube-system; any other cluster is refused. */
  expectCluster?: string;
  /** False: a reissue is told but the run ends with 0. */
  failOnReissue: boolean;
  /** True: an ordinary renewal counts like a reissue. */
  failOnRenewal: boolean;
  /** Called by `restore`. Default: whether this is another cluster than that of the backup. */
  restored?: boolean;
  /** For the barrier as a whole, in milliseconds; default two minutes and 50 ms a Certificate. */
  timeoutMs?: number;
  /** An abort ends the run with `interrupted`; the canary is removed all the same. */
  signal?: AbortSignal;
  clock: Clock;
  progress: Progress;
  toolVersion: string;
  /** Time between two looks at something awaited, in milliseconds; for tests. */
  pollMs?: number;
}

/** Where leaves come from in this run: as asked for, else as in the backup. */
export function baselineOf(request: Pick<VerifyRequest, 'backup' | 'baseline'>): 'secrets' | 'requests' {
  return request.baseline ?? request.backup.manifest.baseline ?? 'secrets';
}
