import type { Header } from '../backup/header.ts';
import type { Foreign } from '../check/foreign/foreign.ts';
import type { KubeObject } from '../model/objects.ts';
import { rfc3339 } from '../model/time.ts';

export interface HeaderOptions {
  toolVersion: string;
  allowMissing: readonly string[];
  hasSecrets: boolean;
  wasTold: boolean;
}

/** What the manifest of a converted backup says of the source: what the objects show of it. */
export function headerOf(foreign: Foreign, { toolVersion, allowMissing, hasSecrets, wasTold }: HeaderOptions): Header {
  const { name, isAssumed } = foreign.clusterResourceNamespace;
  const objects = foreign.items.map(({ object }) => object);
  const kubeSystem = objects.find((o) => o.kind === 'Namespace' && o.metadata.name === 'kube-system');
  const accepted = [...new Set(allowMissing)].sort();
  return {
    tool: { name: 'certkeep', version: toolVersion },
    createdAt: newestTime(objects) ?? rfc3339(foreign.now),
    cluster: { uid: kubeSystem?.metadata.uid ?? '', server: '', context: '', kubernetes: '' },
    certManager: {
      version: foreign.certManager.version,
      namespace: foreign.certManager.namespace || name,
      clusterResourceNamespace: name,
      clusterResourceNamespaceSource: isAssumed ? 'default' : wasTold ? 'flag' : 'controller-arguments',
      flags: [],
      crds: {},
    },
    scope: { namespaces: [], selector: '', include: [], ...(accepted.length === 0 ? {} : { allowMissing: accepted }) },
    secrets: 'all',
    restorable: hasSecrets,
    resourceVersions: {},
  };
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/;

/**
 * The latest moment that the objects themselves speak of: the backup was made then or later, and nothing in it is newer.
 * Undefined where they speak of none.
 */
function newestTime(objects: readonly KubeObject[]): string | undefined {
  let newest: string | undefined;
  const note = (value: unknown) => {
    if (typeof value === 'string' && TIME.test(value) && (newest === undefined || value > newest)) newest = value;
  };
  for (const { metadata, status } of objects) {
    note(metadata.creationTimestamp);
    for (const entry of Array.isArray(metadata.managedFields) ? metadata.managedFields : []) note(entry?.time);
    const conditions = (status as { conditions?: unknown } | undefined)?.conditions;
    for (const one of Array.isArray(conditions) ? conditions : []) note(one?.lastTransitionTime);
  }
  return newest;
}
