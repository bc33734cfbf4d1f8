import type { RightsOptions } from './options.ts';
import { minimal, type NeededRight } from './right.ts';
import { type Place, type Row, TABLE } from './table.ts';

/** Exactly the rights that the run needs (or of these rows of the table), each once; none that another one includes. */
export function rightsFor(options: RightsOptions, table: readonly Row[] = TABLE): NeededRight[] {
  const rows = table.filter((row) => row.uses.includes(options.use) && (row.is?.(options) ?? true));
  return minimal(rows.flatMap((row) => rightsOf(row, options)));
}

function rightsOf(row: Row, options: RightsOptions): NeededRight[] {
  const targets = targetsOf(row, options);
  return row.resources(options).flatMap(({ group, plural }) =>
    row.verbs.flatMap((verb) =>
      targets.map(({ namespace, name }) => ({
        verb,
        group,
        resource: plural,
        namespace,
        name,
        why: row.why,
        ...(row.optional === true ? { optional: true as const } : {}),
      })),
    ),
  );
}

/** The namespaces ('' for the cluster) and names that a row is about. */
function targetsOf(row: Row, options: RightsOptions): { namespace: string; name: string }[] {
  const objects = row.objects?.(options);
  const namespaces = namespacesOf(row.place, options);
  if (objects === undefined) return namespaces.map((namespace) => ({ namespace, name: '' }));
  return objects.flatMap(({ namespace, name }) =>
    (namespace === undefined ? namespaces : [namespace]).map((where) => ({ namespace: where, name })),
  );
}

function namespacesOf(place: Place, options: RightsOptions): readonly string[] {
  switch (place) {
    case 'cluster':
      return [''];
    case 'scope':
      if (options.namespaces.length > 0) return options.namespaces;
      // Nothing else is compared than what the backup holds.
      return options.use === 'verify' && options.known !== undefined ? options.known.namespaces : [''];
    case 'cert-manager':
      return [options.certManagerNamespace];
    case 'cluster-resource':
      return [options.clusterResourceNamespace];
    case 'leader-election':
      return [options.leaderElectionNamespace];
    case 'canary':
      return [options.canaryNamespace];
  }
}
