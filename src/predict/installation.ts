import type { Secret } from '../model/objects.ts';
import { controllerFlags } from '../reissue/flags.ts';
import type { UpgradeFacts } from '../reissue/hazards.ts';

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

/** The facts that bear on an upgrade. How Helm holds the CRDs is not known. */
export function factsOfInstallation({ flags, controllerConfig, ...rest }: Installation): UpgradeFacts {
  const { clusterResourceNamespace, crds } = rest;
  const storedVersions = [...new Set(Object.values(crds).flat())];
  return {
    flags: controllerFlags(flags, controllerConfig),
    ...(clusterResourceNamespace === '' ? {} : { clusterResourceNamespace }),
    ...(storedVersions.length === 0 ? {} : { crds: { storedVersions } }),
  };
}

/** Whether a Secret is among these, which are all that there are. */
export function existing(secrets: readonly Secret[]): (namespace: string, name: string) => boolean {
  const names = new Set(secrets.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`));
  return (namespace, name) => names.has(`${namespace}/${name}`);
}
