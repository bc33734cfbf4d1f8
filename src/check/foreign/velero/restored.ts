import type { ManifestObject } from '../../../archive/manifests/read.ts';
import { groupOf } from '../../../model/kinds.ts';
import type { KubeObject } from '../../../model/objects.ts';
import { VELERO_GROUP } from '../keep.ts';
import { type FilterSpec, filterSpec, includesNamespace, restoreIncludes } from './filters.ts';
import {
  CERTIFICATES,
  CLUSTER_ISSUERS,
  CRDS,
  INGRESSES,
  ISSUERS,
  REQUESTS,
  type Resource,
  SECRETS,
} from './resources.ts';

const [CERTIFICATE_REQUESTS, ORDERS, CHALLENGES] = REQUESTS;
const BY_KIND: Record<string, Resource | undefined> = {
  Certificate: CERTIFICATES,
  CertificateRequest: CERTIFICATE_REQUESTS,
  Order: ORDERS,
  Challenge: CHALLENGES,
  Issuer: ISSUERS,
  ClusterIssuer: CLUSTER_ISSUERS,
  Secret: SECRETS,
  Ingress: INGRESSES,
  CustomResourceDefinition: CRDS,
};

/**
 * What is left of a Velero backup's objects when the Restore that was given beside it has filtered them. Where there is
 * none, or several, all of them: nobody knows which will be used.
 */
export function asRestored(objects: readonly ManifestObject[]): readonly ManifestObject[] {
  const restores = objects.filter(
    ({ object }) => object.kind === 'Restore' && groupOf(object.apiVersion) === VELERO_GROUP,
  );
  const [restore] = restores;
  if (restore === undefined || restores.length > 1) return objects;
  const spec = filterSpec(restore.object.spec);
  return objects.filter(({ object }) => groupOf(object.apiVersion) === VELERO_GROUP || isRestored(spec, object));
}

function isRestored(spec: FilterSpec, object: KubeObject): boolean {
  const { namespace } = object.metadata;
  // Deployments are read for what they say, restored or not.
  if (object.kind === 'Deployment') return true;
  if (namespace !== undefined && !includesNamespace(spec, namespace)) return false;
  const resource = BY_KIND[object.kind];
  return resource === undefined || restoreIncludes(spec, resource);
}
