import { type OpenedBackup, readBackup } from '../archive/read.ts';
import { type CertManagerInfo, discoverCertManager } from '../cluster/certmanager.ts';
import { leftoverPause } from '../cluster/pause-record.ts';
import { requireVisible } from '../cluster/visible.ts';
import type { BackupContents } from '../model/backup.ts';
import { parseIncludes } from '../model/include.ts';
import { CERT_MANAGER_GROUP } from '../model/kinds.ts';
import { type Certificate, refName } from '../model/objects.ts';
import { CertkeepError, type Problem } from '../model/problems.ts';
import { type PlannedObject, planObjects } from './actions.ts';
import { dryRun } from './dry-run.ts';
import { conflictProblems, predictionProblems } from './findings.ts';
import { bringsCertManager, includedKinds } from './included.ts';
import { keptLeafProblems } from './kept.ts';
import { type LiveState, readLive } from './live.ts';
import { makersWithoutSecret } from './makers.ts';
import { missingNamedObjects } from './named-objects.ts';
import { type PredictedCertificate, predictAll } from './predict.ts';
import { checkPrerequisites, requireCertManager } from './prerequisites.ts';
import type { PlanRequest } from './request.ts';
import { targetUid } from './target.ts';

/** Everything that is known before the first write. */
export interface Prepared {
  opened: OpenedBackup;
  /** uid of the target cluster. */
  clusterUid: string;
  info: CertManagerInfo;
  live: LiveState;
  planned: PlannedObject[];
  predicted: PredictedCertificate[];
  problems: Problem[];
}

/**
 * Opens the backup, reads the target and makes the plan. Nothing is written.
 *
 * @param dryRunAll try every write without writing it; false: a sample where there are many
 * @throws CertkeepError where no plan can be made: no-secrets-in-backup (2), wrong-cluster (2), cannot-decrypt (5),
 *   damaged-backup (4), cert-manager-not-installed (6), unreachable (9), …
 */
export async function prepare(request: PlanRequest, dryRunAll: boolean): Promise<Prepared> {
  const { cluster, progress } = request;
  const asked = parseIncludes(request.include ?? []);
  const opened = await openRestorable(request);
  const uid = await targetUid(cluster, request.expectCluster);
  const info = await discoverCertManager(cluster, {
    ...(request.certManagerNamespace === undefined ? {} : { certManagerNamespace: request.certManagerNamespace }),
    ...(request.clusterResourceNamespace === undefined
      ? {}
      : { clusterResourceNamespace: request.clusterResourceNamespace }),
  });
  const { manifest, contents } = opened;
  progress.info(
    `Source: the backup of ${manifest.createdAt} of cluster ${manifest.cluster.uid} (${manifest.cluster.server}, cert-manager ${manifest.certManager.version || 'unknown'}), root ${opened.root}.`,
  );
  progress.info(
    `Target: cluster ${uid} (${cluster.server}, context ${cluster.context}, cert-manager ${info.version || 'unknown'})${uid === manifest.cluster.uid ? ', the very cluster that the backup was taken from' : ''}.`,
  );
  requireCertManager(info, bringsCertManager(contents, asked));
  requireVisible(info);

  const included = await includedKinds(cluster, contents, asked);
  const live = await readLive(cluster, {
    namespaces: namespacesOf(contents),
    secrets: secretsOf(contents),
    crds: asked.crds ? contents.crds.map((crd) => crd.metadata.name) : [],
    kinds: included.kinds.filter((kind) => !included.brought.includes(kind)),
    certManager: info.installed,
  });
  const planned = planObjects({ contents, live, onConflict: request.onConflict, included });
  const version = (info.version || manifest.certManager.version).replace(/^v/, '');
  const predicted = predictAll({ planned, live, version, now: request.clock.now() });
  const prerequisites = await checkPrerequisites({ cluster, manifest, contents, info, live, planned });
  const tried = [...prerequisites, ...included.problems].some((p) => p.severity === 'error')
    ? []
    : await dryRun({
        cluster,
        planned,
        live,
        absent: [...included.brought.map((kind) => kind.group), ...(info.installed ? [] : [CERT_MANAGER_GROUP])],
        sample: !dryRunAll,
        signal: request.signal,
        progress,
      });
  const problems = [
    ...(await leftoverPause(cluster, info, request.clock.now())),
    ...makersWithoutSecret(planned, live),
    ...prerequisites,
    ...included.problems,
    ...(await missingNamedObjects(cluster, contents, info.clusterResourceNamespace)),
    ...conflictProblems(planned),
    ...keptLeafProblems(planned, contents),
    ...predictionProblems(predicted, {
      failOnReissue: request.failOnReissue,
      failOnRenewal: request.failOnRenewal ?? false,
      neverIssued: neverIssued(contents),
    }),
    ...tried,
  ];
  return { opened, clusterUid: uid, info, live, planned, predicted, problems };
}

/** The backup, all of it readable, with its Secrets. */
async function openRestorable(request: PlanRequest): Promise<OpenedBackup> {
  const opened = await readBackup({
    path: request.path,
    identities: request.identities,
    ...(request.expectRoot === undefined ? {} : { expectRoot: request.expectRoot }),
  });
  if (!opened.manifest.restorable) {
    throw new CertkeepError(
      'no-secrets-in-backup',
      `The backup ${opened.path} cannot be restored: it holds no Secrets, and without them every Certificate would be reissued.`,
      'Make a backup with --recipient AGE_PUBLIC_KEY (or --secrets all), and restore that.',
    );
  }
  if (opened.sealed.length > 0) {
    throw new CertkeepError(
      'cannot-decrypt',
      `The backup ${opened.path} is encrypted (${opened.sealed.join(', ')}) and no identity was given that opens it.`,
      'Give the age identity with --identity-file, or in the variable CERTKEEP_IDENTITY.',
    );
  }
  return opened;
}

/** Certificates that had no Secret when the backup was made. */
function neverIssued(contents: BackupContents): Set<string> {
  const entries = contents.index.filter((entry) => entry.baseline?.leafAbsent === 'missing');
  return new Set(entries.map((entry) => refName(entry.kind, entry.namespace, entry.name)));
}

/** Every namespace that the backup's objects are in or bring with them. */
/** Those of the backup, and those that its Certificates want. */
function secretsOf(contents: BackupContents): { namespace: string; name: string }[] {
  const certificates = [...contents.certificates, ...contents.derived] as Certificate[];
  const all = [
    ...contents.secrets.map(({ metadata: { namespace = '', name } }) => ({ namespace, name })),
    ...certificates.map(({ metadata: { namespace = '' }, spec: { secretName: name } }) => ({ namespace, name })),
  ];
  return [...new Map(all.map((one) => [`${one.namespace}/${one.name}`, one])).values()];
}

function namespacesOf(contents: BackupContents): Set<string> {
  const namespaces = new Set(contents.namespaces.map((ns) => ns.metadata.name));
  for (const part of [contents.secrets, contents.issuers, contents.certificates, contents.derived]) {
    for (const object of part) if (object.metadata.namespace !== undefined) namespaces.add(object.metadata.namespace);
  }
  return namespaces;
}
