import { ACME_GROUP, CERT_MANAGER_GROUP } from './kinds.ts';
import { CertkeepError } from './problems.ts';

/** What `--include` asks for, taken apart. */
export interface Includes {
  /** `--include crds`: the CustomResourceDefinitions of all kinds in the backup. */
  crds: boolean;
  /** `--include RESOURCE.GROUP`, each once. */
  resources: { plural: string; group: string }[];
}

/**
 * True for the API groups of other people's kinds. Not those of Kubernetes itself (RBAC, workloads and webhooks are not
 * for a backup of certificates) nor cert-manager's own, of which certkeep knows what belongs to a backup.
 */
export function isForeignGroup(group: string): boolean {
  return group.includes('.') && !group.endsWith('.k8s.io') && group !== CERT_MANAGER_GROUP && group !== ACME_GROUP;
}

/** @throws CertkeepError wrong-usage for what is neither `crds` nor the resource of a foreign group. */
export function parseIncludes(texts: readonly string[]): Includes {
  const includes: Includes = { crds: false, resources: [] };
  for (const text of new Set(texts)) {
    if (text === 'crds') {
      includes.crds = true;
      continue;
    }
    const [, plural = '', group = ''] =
      /^([a-z0-9-]+)\.([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+)$/.exec(text) ?? [];
    if (plural === '') {
      throw new CertkeepError(
        'wrong-usage',
        `--include ${text}: neither "crds" nor a resource with its group.`,
        'Write it as kubectl api-resources -o name prints it, such as bundles.trust.cert-manager.io.',
      );
    }
    if (group === CERT_MANAGER_GROUP || group === ACME_GROUP) {
      throw new CertkeepError(
        'wrong-usage',
        `--include ${text}: a kind of cert-manager itself. Issuers and Certificates are captured anyway; requests, Orders and Challenges never, since a restored one would issue at once.`,
        'Leave it out.',
      );
    }
    if (!isForeignGroup(group)) {
      throw new CertkeepError(
        'wrong-usage',
        `--include ${text}: kinds of Kubernetes itself do not belong in a backup of certificates.`,
        'Back them up by the means that you use for the rest of the cluster.',
      );
    }
    includes.resources.push({ plural, group });
  }
  return includes;
}
