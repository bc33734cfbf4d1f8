import type { Cluster } from '../cluster/client.ts';
import { CLUSTER_ISSUER, ISSUER } from '../model/kinds.ts';
import { rbacFix } from '../rights/command.ts';
import { knownObjects } from '../rights/known.ts';
import { DEFAULTS, type RightsOptions, withDefaults } from '../rights/options.ts';
import { missingRights, requireRights } from '../rights/review.ts';
import { rightsFor } from '../rights/rights.ts';
import { LOCK_ROWS, SCALE_ROWS } from '../rights/table.ts';
import { hasWrite } from './apply.ts';
import type { Prepared } from './prepare.ts';
import type { PlanRequest, RestoreRequest } from './request.ts';

/** The rights that a plan or restore needs; narrowed to what the backup holds once that is known. */
export function restoreRights(
  use: 'plan' | 'restore',
  request: PlanRequest & Partial<Pick<RestoreRequest, 'canary' | 'canaryNamespace' | 'pause'>>,
  prepared?: Prepared,
): RightsOptions {
  const info = prepared?.info;
  const known = prepared === undefined ? undefined : knownObjects(prepared.opened.manifest, prepared.opened.contents);
  return withDefaults({
    use,
    canary: request.canary ?? true,
    pause: request.pause !== 'never',
    controllerDeployment: info?.deployment?.name ?? '',
    certManagerNamespace: request.certManagerNamespace ?? info?.namespace ?? '',
    clusterResourceNamespace: request.clusterResourceNamespace ?? info?.clusterResourceNamespace ?? '',
    canaryNamespace: request.canaryNamespace ?? info?.watchedNamespace ?? '',
    leaderElectionNamespace: info?.leaderElectionNamespace ?? '',
    makers: known === undefined || known.makers.length === 0 ? DEFAULTS.makers : known.makers,
    include: request.include ?? [],
    ...(known === undefined ? {} : { known }),
  });
}

/**
 * Makes sure, before the first write, that all of the restore is allowed, the verification behind it too: half a restore
 * helps nobody. Only the writes that the plan really holds are asked for.
 * @throws CertkeepError forbidden (6) that names every missing right
 */
export async function requireRestoreRights(
  cluster: Cluster,
  options: RightsOptions,
  prepared: Prepared,
): Promise<void> {
  const todo = prepared.planned.filter(hasWrite);
  const written = new Set(todo.flatMap(({ kind }) => (kind === undefined ? [] : [kind.plural])));
  const patched = new Set(
    todo.flatMap(({ kind, method, action, completesManagers }) =>
      kind !== undefined &&
      (completesManagers || (action === 'create' && method !== undefined && method.how !== 'create'))
        ? [kind.plural]
        : [],
    ),
  );
  const withStatus = new Set(
    todo.flatMap(({ kind, status }) => (kind !== undefined && status !== undefined ? [kind.plural] : [])),
  );
  const issuers: string[] = [ISSUER.plural, CLUSTER_ISSUER.plural];
  const namespaces = [...new Set(prepared.planned.map(({ object }) => object.metadata.namespace ?? ''))];
  await requireRights(
    cluster,
    options,
    namespaces.filter((namespace) => namespace !== ''),
    ({ verb, resource, namespace }) => {
      const [plural = '', subresource] = resource.split('/');
      // The canary's, which is made in any case.
      if (namespace === options.canaryNamespace && verb === 'create' && !issuers.includes(plural)) return true;
      if (subresource === 'status') return withStatus.has(plural);
      if (verb === 'patch') return patched.has(plural);
      return verb !== 'create' || written.has(plural);
    },
  );
}

/** Rights that the lock and the pause of a restore would need and that are missing, in words. */
export interface RefusedPause {
  lock: string[];
  scale: string[];
  /** What to do about it. */
  fix: string;
}

/** Asks beforehand: a pause that is allowed by halves would leave the controller stopped, or the lock behind. */
export async function refusedPause(cluster: Cluster, options: RightsOptions): Promise<RefusedPause> {
  const [lock, scale] = await Promise.all(
    [LOCK_ROWS, SCALE_ROWS].map((rows) => missingRights(cluster, rightsFor(options, rows))),
  );
  return { lock: lock ?? [], scale: scale ?? [], fix: rbacFix(options) };
}
