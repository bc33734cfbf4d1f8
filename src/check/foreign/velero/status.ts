import { objectName } from '../../../model/objects.ts';
import type { Problem } from '../../../model/problems.ts';
import type { Foreign } from '../foreign.ts';
import { filterSpec, restoreIncludes } from './filters.ts';
import { objectsOf } from './manifests.ts';
import { CERTIFICATES, names, type Resource } from './resources.ts';

const WHY =
  'Velero restores no status unless it is asked to. Certificates lose their revision and the pause after a failed issuance, so that a failing order is tried again at once; ACME issuers look their account up anew, which CAs with external account binding may refuse.';
const FIX =
  'Nothing to do where no issuance fails and no issuer needs external account binding; else use `certkeep restore`, which puts the status back.';

/** The status is lost, which is no reissue by itself. */
export function statusNotRestored(foreign: Foreign): Problem[] {
  const restores = objectsOf(foreign, 'Restore').filter((object) =>
    restoreIncludes(filterSpec(object.spec), CERTIFICATES),
  );
  const silent = restores.filter((object) => !restoresStatus(object.spec, CERTIFICATES));
  if (restores.length > 0) {
    return silent.map((object) => ({
      severity: 'warning',
      code: 'status-not-restored',
      message: WHY,
      fix: FIX,
      object: objectName(object),
    }));
  }
  const issued = foreign.certificates.some(({ object }) => object.status?.revision !== undefined);
  return foreign.tool === 'velero' && issued
    ? [{ severity: 'warning', code: 'status-not-restored', message: WHY, fix: FIX }]
    : [];
}

function restoresStatus(spec: unknown, resource: Resource): boolean {
  const { restoreStatus } = (spec ?? {}) as { restoreStatus?: unknown };
  if (typeof restoreStatus !== 'object' || restoreStatus === null) return false;
  const { includedResources, excludedResources } = filterSpec(restoreStatus);
  const has = (entries: readonly string[]) => entries.some((entry) => entry === '*' || names(entry, resource));
  return !has(excludedResources) && (includedResources.length === 0 || has(includedResources));
}
