import pLimit from 'p-limit';
import { ApiError, type Cluster } from '../cluster/client.ts';
import { findKind } from '../cluster/discovery.ts';
import { explainApiError } from '../cluster/errors.ts';
import type { BackupContents } from '../model/backup.ts';
import { type ResourceKind, SERVICE_ACCOUNT } from '../model/kinds.ts';
import { type Certificate, refName } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import { type Reference, referencesOf } from '../refs/closure.ts';

const PARALLEL_READS = 12;

/**
 * ServiceAccounts, Gateways and ListenerSets that issuers of the backup use and that the target does not have. They are
 * the platform's, so a restore does not bring them, and their absence stops renewals, not the restore.
 */
export async function missingNamedObjects(
  cluster: Cluster,
  contents: BackupContents,
  clusterResourceNamespace: string,
): Promise<Problem[]> {
  const wanted = Map.groupBy(
    namedBy(contents, clusterResourceNamespace).filter(({ kind, namespace }) => kind !== 'Secret' && namespace !== ''),
    ({ kind, namespace, name }) => refName(kind, namespace, name),
  );
  const kinds = new Map<Reference['kind'], Promise<ResourceKind | undefined>>();
  const kindOf = (kind: Reference['kind']): Promise<ResourceKind | undefined> => {
    const known = kinds.get(kind) ?? kindNamed(cluster, kind);
    kinds.set(kind, known);
    return known;
  };
  const limit = pLimit(PARALLEL_READS);
  const found = await Promise.all(
    [...wanted].map(([object, references]) =>
      limit(async (): Promise<Problem[]> => {
        const [reference] = references;
        if (reference === undefined) return [];
        const state = await lookUp(cluster, await kindOf(reference.kind), reference);
        return state === 'there' ? [] : [problem(object, references, state)];
      }),
    ),
  );
  return found.flat();
}

function namedBy(contents: BackupContents, clusterResourceNamespace: string): Reference[] {
  const usedIn = new Map<string, string[]>();
  for (const { metadata, spec } of [...contents.certificates, ...contents.derived] as Certificate[]) {
    if (spec.issuerRef.kind !== 'ClusterIssuer') continue;
    usedIn.set(spec.issuerRef.name, [...(usedIn.get(spec.issuerRef.name) ?? []), metadata.namespace ?? '']);
  }
  return contents.issuers.flatMap((issuer) =>
    referencesOf(issuer, clusterResourceNamespace, { challengeNamespaces: usedIn.get(issuer.metadata.name) ?? [] }),
  );
}

async function kindNamed(cluster: Cluster, kind: Reference['kind']): Promise<ResourceKind | undefined> {
  if (kind === 'ServiceAccount') return SERVICE_ACCOUNT;
  const group = kind === 'XListenerSet' ? 'gateway.networking.x-k8s.io' : 'gateway.networking.k8s.io';
  return findKind(cluster, group, { kind });
}

async function lookUp(
  cluster: Cluster,
  kind: ResourceKind | undefined,
  { namespace, name }: Reference,
): Promise<'there' | 'absent' | 'hidden'> {
  if (kind === undefined) return 'absent';
  try {
    return (await cluster.get(kind, namespace, name)) === undefined ? 'absent' : 'there';
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return 'hidden';
    throw explainApiError(error, `look for ${refName(kind.kind, namespace, name)}`);
  }
}

function problem(object: string, references: readonly Reference[], state: 'absent' | 'hidden'): Problem {
  const from = references[0]?.from ?? '';
  const more = references.length > 1 ? ` and ${references.length - 1} more` : '';
  return state === 'absent'
    ? {
        severity: 'warning',
        code: 'prerequisite',
        message: `${object} does not exist on the target; ${from}${more} needs it. Certificates are kept without it, but not renewed.`,
        fix: 'Create it there, with its rights and the trust that a cloud provider or Vault puts in it.',
        object,
      }
    : {
        severity: 'note',
        code: 'prerequisite',
        message: `Whether ${object} exists on the target could not be seen for lack of rights; ${from}${more} needs it.`,
        fix: 'Make sure that it does.',
        object,
      };
}
