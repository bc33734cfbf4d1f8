import type { Cluster } from '../cluster/client.ts';
import { CERT_MANAGER_CRDS, CRD, type ResourceKind } from '../model/kinds.ts';
import { type KubeObject, objectName } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import { Refusals } from './refusals.ts';

/**
 * `--include crds`: the CustomResourceDefinitions of cert-manager and of the other kinds in the backup. One that converts
 * by a webhook stays out, since it would send every object of its kind to an address of the old cluster.
 *
 * @param resources `plural.group` of the other kinds; what no CRD defines (an aggregated API) is passed over.
 * @throws CertkeepError `forbidden`.
 */
export async function readCrds(
  cluster: Cluster,
  resources: readonly string[],
): Promise<{ crds: KubeObject[]; problems: Problem[] }> {
  const kind: ResourceKind = CRD;
  const refusals = new Refusals(cluster);
  const names = [...new Set([...CERT_MANAGER_CRDS, ...resources])];
  const read = await Promise.all(names.map((name) => refusals.note(cluster.get(kind, undefined, name), 'get', kind)));
  refusals.throwIfAny();
  const found = read.filter((crd) => crd !== undefined);
  const problems = found.filter(convertsByWebhook).map(
    (crd): Problem => ({
      severity: 'warning',
      code: 'prerequisite',
      message: `${objectName(crd)} converts between its versions by a webhook, so it is not captured.`,
      fix: 'Let the installation of its controller bring it on the target cluster.',
      object: objectName(crd),
    }),
  );
  return { crds: found.filter((crd) => !convertsByWebhook(crd)), problems };
}

function convertsByWebhook(crd: KubeObject): boolean {
  const { conversion } = (crd.spec ?? {}) as { conversion?: { strategy?: string } };
  return (conversion?.strategy ?? 'None') !== 'None';
}
