import type { Problem } from '../../model/problems.ts';
import type { Foreign } from './foreign.ts';

/** Fields of one cluster's life of an object, which `kubectl get` prints and `kubectl apply` sends. */
export function clusterMetadata(foreign: Foreign): Problem[] {
  const count = foreign.items.filter(
    ({ object: { metadata } }) => metadata.uid !== undefined || metadata.resourceVersion !== undefined,
  ).length;
  if (count === 0) return [];
  return [
    {
      severity: 'warning',
      code: 'cluster-metadata',
      message: `${count} ${count === 1 ? 'object carries' : 'objects carry'} metadata.uid or resourceVersion of the cluster ${count === 1 ? 'it' : 'they'} came from: where such an object exists and has changed since, \`kubectl apply\` ends in a conflict.`,
      fix: 'Take them off: jq \'walk(if type == "object" and has("metadata") then .metadata |= (del(.uid) | del(.resourceVersion)) else . end)\'',
    },
  ];
}
