import type { Problem } from '../../model/problems.ts';
import { some } from '../subject.ts';
import type { Foreign } from './foreign.ts';

const BUILT_IN: readonly string[] = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Namespaces that the objects need and the manifests do not hold. */
export function namespaces(foreign: Foreign): Problem[] {
  const present = new Set([
    ...BUILT_IN,
    foreign.clusterResourceNamespace.name,
    ...foreign.items.filter(({ object }) => object.kind === 'Namespace').map(({ object }) => object.metadata.name),
  ]);
  const needed = [...foreign.secrets.values(), ...foreign.issuers, ...foreign.certificates].flatMap(
    ({ object }) => object.metadata.namespace ?? [],
  );
  const missing = [...new Set(needed)].filter((name) => !present.has(name)).sort();
  if (missing.length === 0) return [];
  return [
    {
      severity: 'warning',
      code: 'prerequisite',
      message: `The ${missing.length === 1 ? 'namespace' : 'namespaces'} ${some(missing)} ${missing.length === 1 ? 'holds' : 'hold'} objects of the backup and ${missing.length === 1 ? 'is' : 'are'} not in it.`,
      fix: 'Create them on the target before the restore.',
    },
  ];
}
