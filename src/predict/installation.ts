import { ApiError } from '../cluster/api-error.ts';
import type { Cluster } from '../cluster/client.ts';
import { explainApiError } from '../cluster/errors.ts';
import { CRD } from '../model/kinds.ts';
import type { Secret } from '../model/objects.ts';
import { controllerFlags } from '../reissue/flags.ts';
import type { CrdFacts, UpgradeFacts } from '../reissue/hazards.ts';

/** What a cluster, or a backup of it, tells of its cert-manager. */
export interface Installation {
  /** Arguments of the controller that bear on issuance. */
  flags: readonly string[];
  /** The controller's configuration file, parsed, where it is known. */
  controllerConfig?: Record<string, unknown>;
  clusterResourceNamespace: string;
  /** CRD name → stored versions. */
  crds: Record<string, string[]>;
}

/** The facts that bear on an upgrade; how Helm holds the CRDs is for `readHelmFacts` to find out. */
export function factsOfInstallation({ flags, controllerConfig, ...rest }: Installation): UpgradeFacts {
  const { clusterResourceNamespace, crds } = rest;
  const storedVersions = [...new Set(Object.values(crds).flat())];
  return {
    flags: controllerFlags(flags, controllerConfig),
    ...(clusterResourceNamespace === '' ? {} : { clusterResourceNamespace }),
    ...(storedVersions.length === 0 ? {} : { crds: { storedVersions } }),
  };
}

/** Whether Helm installed the CRDs, and keeps them; {} where they may not be read. */
export async function readHelmFacts(cluster: Cluster): Promise<Pick<CrdFacts, 'byHelm' | 'kept'>> {
  try {
    const crd = await cluster.get(CRD, undefined, 'certificates.cert-manager.io');
    if (crd === undefined) return {};
    const { labels = {}, annotations = {} } = crd.metadata;
    return {
      byHelm:
        labels['app.kubernetes.io/managed-by'] === 'Helm' || annotations['meta.helm.sh/release-name'] !== undefined,
      kept: annotations['helm.sh/resource-policy'] === 'keep',
    };
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return {};
    throw explainApiError(error, 'read the CRDs');
  }
}

/** Whether a Secret is among these, which are all that there are. */
export function existing(secrets: readonly Secret[]): (namespace: string, name: string) => boolean {
  const names = new Set(secrets.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
  return (namespace, name) => names.has(`${namespace}/${name}`);
}
