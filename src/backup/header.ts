import type { CertManagerInfo } from '../cluster/certmanager.ts';
import type { Cluster } from '../cluster/client.ts';
import type { ManifestHeader } from '../model/backup.ts';
import { rfc3339 } from '../model/time.ts';

/** What the manifest says of the backup as a whole; the writer adds encryption, recipients and counts. */
export type Header = Omit<ManifestHeader, 'encryption' | 'recipients' | 'counts'>;

/** Facts about the source, read once at the beginning. */
export interface Source {
  cluster: Cluster;
  uid: string;
  kubernetes: string;
  certManager: CertManagerInfo;
}

export interface HeaderOptions {
  toolVersion: string;
  /** When the reading began: an issuance after that is one since the backup. */
  startedAt: Date;
  namespaces: readonly string[];
  selector: string;
  secrets: ManifestHeader['secrets'];
  baseline?: 'requests';
  restorable: boolean;
  resourceVersions: Record<string, string>;
  /** `crds` and `plural.group` of kinds of other groups that are in the backup. */
  include: readonly string[];
  leftOut: NonNullable<ManifestHeader['leftOut']>;
  /** `Kind/namespace/name` whose absence was accepted: `check` accepts it too. */
  allowMissing: readonly string[];
}

export function buildHeader(source: Source, options: HeaderOptions): Header {
  const { cluster, uid, kubernetes, certManager } = source;
  const allowMissing = [...new Set(options.allowMissing)].sort();
  const scope: ManifestHeader['scope'] & { allowMissing?: string[] } = {
    namespaces: [...options.namespaces].sort(),
    selector: options.selector,
    include: [...new Set(options.include)].sort(),
    ...(allowMissing.length === 0 ? {} : { allowMissing }),
  };
  return {
    tool: { name: 'certkeep', version: options.toolVersion },
    createdAt: rfc3339(options.startedAt),
    cluster: { uid, server: cluster.server, context: cluster.context, kubernetes },
    certManager: {
      version: certManager.version,
      namespace: certManager.namespace,
      clusterResourceNamespace: certManager.clusterResourceNamespace,
      clusterResourceNamespaceSource: certManager.clusterResourceNamespaceSource,
      flags: certManager.flags,
      crds: certManager.crds,
    },
    scope,
    secrets: options.secrets,
    ...(options.baseline === undefined ? {} : { baseline: options.baseline }),
    restorable: options.restorable,
    leftOut: options.leftOut,
    resourceVersions: options.resourceVersions,
  };
}
