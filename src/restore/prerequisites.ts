import type { CertManagerInfo } from '../cluster/certmanager.ts';
import type { Cluster } from '../cluster/client.ts';
import { explainApiError } from '../cluster/errors.ts';
import type { BackupContents, Manifest } from '../model/backup.ts';
import { CERT_MANAGER_GROUP, CERTIFICATE } from '../model/kinds.ts';
import { type Certificate, objectName, refName } from '../model/objects.ts';
import { CertkeepError, type Problem } from '../model/problems.ts';
import { referencesOf } from '../refs/closure.ts';
import type { PlannedObject } from './actions.ts';
import { keyOf } from './kinds.ts';
import type { LiveState } from './live.ts';
import { probeWebhook } from './webhook-probe.ts';

/** Oldest minor version of cert-manager whose rules are known. */
const OLDEST = { major: 1, minor: 11 };

/**
 * Refuses a cluster that cannot take the restore at all.
 *
 * @param bringsCrds the restore writes cert-manager's CRDs itself; cert-manager may then be installed after it
 * @throws CertkeepError cert-manager-not-installed (6), unsupported-cert-manager (2)
 */
export function requireCertManager(info: CertManagerInfo, bringsCrds = false): void {
  if (!info.installed && !bringsCrds) {
    throw new CertkeepError(
      'cert-manager-not-installed',
      'cert-manager is not installed on the target cluster: its CustomResourceDefinitions are not served.',
      'Install cert-manager (its CRDs, webhook and controller) there first, then run the same command again; or, with a backup that holds them, give --include crds and install it afterwards.',
    );
  }
  const version = /^v?(\d+)\.(\d+)/.exec(info.version);
  if (version === null) return;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  if (major > OLDEST.major || (major === OLDEST.major && minor >= OLDEST.minor)) return;
  throw new CertkeepError(
    'unsupported-cert-manager',
    `The target runs cert-manager ${info.version}; certkeep knows the rules of 1.11 and later.`,
    'Upgrade cert-manager on the target first.',
  );
}

/** What the target must have before the first write, besides cert-manager itself. */
export async function checkPrerequisites(input: {
  cluster: Cluster;
  manifest: Manifest;
  contents: BackupContents;
  info: CertManagerInfo;
  live: LiveState;
  planned: readonly PlannedObject[];
}): Promise<Problem[]> {
  const { cluster, contents, live, info } = input;
  const problems: Problem[] = [
    ...clusterResourceNamespace(input.manifest, contents, info),
    ...terminatingNamespaces(contents, live),
    ...unknownNamespaces(input.planned, live),
    ...missingIssuers(contents, live),
  ];
  if (
    info.installed &&
    input.planned.some((item) => item.action === 'create' && item.kind?.group === CERT_MANAGER_GROUP)
  ) {
    const problem = await probe(cluster, contents, live);
    if (problem !== undefined) problems.push(problem);
  }
  if (info.version === '') {
    problems.push({
      severity: 'warning',
      code: 'undecidable',
      message:
        'The version of cert-manager on the target is not known, so its rules are taken to be those of the backup.',
      fix: 'Name its namespace with --cert-manager-namespace.',
    });
  }
  if (!info.running) {
    problems.push({
      severity: 'warning',
      code: 'controller-not-running',
      message: 'The cert-manager controller is not running on the target. The restore can be done, but not be proved.',
      fix: 'Start it afterwards and run "certkeep verify" with the same backup.',
    });
  }
  return problems;
}

async function probe(cluster: Cluster, contents: BackupContents, live: LiveState): Promise<Problem | undefined> {
  const clusterScoped = contents.issuers.some((issuer) => issuer.kind === 'ClusterIssuer');
  const existing = contents.namespaces.find((ns) => live.objects.has(objectName(ns)))?.metadata.name;
  try {
    return await probeWebhook(cluster, clusterScoped ? undefined : (existing ?? 'default'));
  } catch (error) {
    throw explainApiError(error, 'test whether the webhook answers');
  }
}

/** A ClusterIssuer finds its Secrets in one namespace, which is a flag of the controller and can differ. */
function clusterResourceNamespace(manifest: Manifest, contents: BackupContents, info: CertManagerInfo): Problem[] {
  const source = manifest.certManager.clusterResourceNamespace;
  const withReferences = contents.issuers.filter(
    (issuer) => issuer.kind === 'ClusterIssuer' && referencesOf(issuer, source).some((ref) => ref.kind === 'Secret'),
  );
  const first = withReferences[0];
  if (first === undefined || info.clusterResourceNamespace === source) return [];
  const object = objectName(first);
  if (info.clusterResourceNamespace === '') {
    return [
      {
        severity: 'error',
        code: 'cluster-resource-namespace-unknown',
        message: `${object} names Secrets, but the namespace in which the target's cert-manager looks for them is not known.`,
        fix: 'Name it with --cluster-resource-namespace.',
        object,
      },
    ];
  }
  return [
    {
      severity: 'error',
      code: 'prerequisite',
      message: `${object} names Secrets: they were in namespace ${source} at the source, but the target's cert-manager looks for them in ${info.clusterResourceNamespace}.`,
      fix: `Start the target's cert-manager with --cluster-resource-namespace=${source}.`,
      object,
    },
  ];
}

function terminatingNamespaces(contents: BackupContents, live: LiveState): Problem[] {
  return contents.namespaces.flatMap((namespace) => {
    const name = objectName(namespace);
    if (live.objects.get(name)?.metadata.deletionTimestamp === undefined) return [];
    return [
      {
        severity: 'error' as const,
        code: 'prerequisite' as const,
        message: `${name} is being deleted on the target: nothing can be created in it.`,
        fix: 'Wait until it is gone, then run the same command again.',
        object: name,
      },
    ];
  });
}

/** Namespaces that objects need and that neither exist nor come with the backup. */
function unknownNamespaces(planned: readonly PlannedObject[], live: LiveState): Problem[] {
  const known = new Set<string>();
  for (const item of planned) if (item.object.kind === 'Namespace') known.add(item.object.metadata.name);
  const missing = new Set<string>();
  for (const { action, object } of planned) {
    const namespace = object.metadata.namespace;
    if (action !== 'create' || namespace === undefined || known.has(namespace)) continue;
    if (!live.objects.has(refName('Namespace', undefined, namespace))) missing.add(namespace);
  }
  return [...missing].sort().map((name) => ({
    severity: 'error',
    code: 'prerequisite',
    message: `The namespace ${name} does not exist on the target and is not in the backup.`,
    fix: `Create it: kubectl create namespace ${name}`,
    object: refName('Namespace', undefined, name),
  }));
}

/** Issuers that Certificates name and that will not be there: nothing is reissued for it, but nothing renews either. */
function missingIssuers(contents: BackupContents, live: LiveState): Problem[] {
  const known = new Set([...contents.issuers.map(keyOf), ...live.objects.keys()]);
  const users = new Map<string, number>();
  for (const certificate of contents.certificates as Certificate[]) {
    const { name, kind, group } = certificate.spec.issuerRef;
    if ((group || CERT_MANAGER_GROUP) !== CERT_MANAGER_GROUP) continue;
    const namespace = kind === 'ClusterIssuer' ? undefined : certificate.metadata.namespace;
    const issuer = refName(kind || 'Issuer', namespace, name);
    if (!known.has(issuer)) users.set(issuer, (users.get(issuer) ?? 0) + 1);
  }
  return [...users].map(([issuer, count]) => ({
    severity: 'warning',
    code: 'missing-issuer',
    message: `${issuer} is neither in the backup nor on the target; ${count} ${CERTIFICATE.plural} name it and cannot renew without it.`,
    fix: 'Create it before the next renewal.',
    object: issuer,
  }));
}
