import type { BackupRequest } from '../../src/backup/backup.ts';
import type { Cluster } from '../../src/cluster/client.ts';
import { silent, systemClock } from '../../src/model/progress.ts';

/** What a test asks of a backup: all of the cluster, in plaintext, unless it says otherwise. */
export function backupRequest(cluster: Cluster, directory: string, more: Partial<BackupRequest> = {}): BackupRequest {
  return {
    cluster,
    directory,
    namespaces: [],
    secrets: 'auto',
    recipients: [],
    encrypt: 'secrets',
    allowPlaintextSecrets: true,
    allowMissing: [],
    allowEmpty: false,
    wait: false,
    toolVersion: '0.0.0',
    clock: systemClock,
    progress: silent,
    ...more,
  };
}
