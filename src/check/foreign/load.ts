import { type ManifestObject, manifestSources, readManifests } from '../../archive/manifests/read.ts';
import { readVelero } from '../../archive/velero/read.ts';
import type { Problem } from '../../model/problems.ts';
import { type Collected, collect } from './collect.ts';
import type { PathKind } from './detect.ts';
import type { ForeignOptions } from './foreign.ts';
import { isCertManagerGroup, keeper, type Purpose, VELERO_GROUP } from './keep.ts';
import { asRestored } from './velero/restored.ts';

/** Resources of a Velero backup whose objects are read; of all others only the number matters. */
const READ: readonly string[] = [
  'secrets',
  'namespaces',
  'deployments.apps',
  'ingresses.networking.k8s.io',
  'ingresses.extensions',
  'gateways.gateway.networking.k8s.io',
  'listenersets.gateway.networking.k8s.io',
  'xlistenersets.gateway.networking.x-k8s.io',
  'customresourcedefinitions.apiextensions.k8s.io',
];

function isRead(resource: string): boolean {
  const group = resource.slice(resource.indexOf('.') + 1);
  return READ.includes(resource) || isCertManagerGroup(group) || group === VELERO_GROUP;
}

/**
 * Reads somebody else's backup: manifests, and at most one backup of Velero among them.
 * @throws CertkeepError damaged-backup, no-backup, unknown-format, wrong-usage: nothing can be said of it
 */
export async function loadForeign(
  paths: readonly { path: string; kind: PathKind }[],
  stdin: AsyncIterable<Uint8Array> | undefined,
  options: ForeignOptions,
  purpose: Purpose,
): Promise<Collected> {
  const keep = keeper(purpose);
  const objects: ManifestObject[] = [];
  const problems: Problem[] = [];
  const counts = new Map<string, number>();
  let complete = true;
  for (const { path, kind } of paths) {
    if (kind === 'manifests') {
      const found = await readManifests(await manifestSources([path], stdin), { keep });
      for (const object of found.objects) objects.push(object);
      problems.push(...found.problems);
      complete &&= found.complete;
    } else {
      const found = await readVelero(path, kind === 'velero-directory', { wanted: isRead, keep });
      for (const object of found.objects) objects.push(object);
      for (const [resource, count] of found.counts) counts.set(resource, count);
      problems.push(...found.problems);
      complete &&= found.problems.length === 0;
    }
  }
  const isVelero = paths.some(({ kind }) => kind.startsWith('velero'));
  const restored = isVelero ? asRestored(objects) : objects;
  const collected = collect({ objects: restored, counts, isVelero, complete }, options);
  return { ...collected, problems: [...problems, ...collected.problems] };
}
