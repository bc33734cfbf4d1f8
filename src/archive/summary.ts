import type { BackupSummary } from '../model/report.ts';
import type { OpenedBackup } from './read.ts';
import { SECTIONS } from './stages.ts';

/** The order in which counts are told; bookkeeping comes last. */
const COUNT_ORDER: readonly string[] = [
  'namespaces',
  'crds',
  'secrets',
  'issuers',
  'certificates',
  'derived',
  'requests',
  ...SECTIONS.filter((section) => ['status', 'managedFields', 'index'].includes(section)),
];

/** What a report says of a backup; the counts are in the same order whether it was just written or read. */
export function backupSummary({
  path,
  root,
  manifest,
}: Pick<OpenedBackup, 'path' | 'root' | 'manifest'>): BackupSummary {
  const place = (what: string): number => (COUNT_ORDER.includes(what) ? COUNT_ORDER.indexOf(what) : COUNT_ORDER.length);
  return {
    path,
    root,
    createdAt: manifest.createdAt,
    certManager: manifest.certManager.version,
    cluster: manifest.cluster.uid,
    encryption: manifest.encryption,
    restorable: manifest.restorable,
    ...(manifest.leftOut === undefined ? {} : { leftOut: manifest.leftOut }),
    counts: Object.fromEntries(Object.entries(manifest.counts).sort(([a], [b]) => place(a) - place(b))),
  };
}
