export type Verb = 'get' | 'list' | 'create' | 'patch' | 'delete' | 'approve';

/** One right, as RBAC can give it: one verb on one resource, everywhere or in one namespace, on all objects or on one. */
export interface Right {
  verb: Verb;
  /** '' for core. */
  group: string;
  /** Plural, with the subresource where one is meant: `certificates/status`. */
  resource: string;
  /** '' for the whole cluster, and for resources without namespaces. */
  namespace: string;
  /** The only object it is about; '' for all. */
  name: string;
}

/** A right and what it is needed for. */
export interface NeededRight extends Right {
  why: string;
  /** Without it the run does less, and says so; it is not refused. */
  optional?: true;
}

/** `secrets`, `certificates.cert-manager.io`, `certificates/status.cert-manager.io`: as kubectl and RBAC name it. */
export function resourceWords({ group, resource }: Pick<Right, 'group' | 'resource'>): string {
  return group === '' ? resource : `${resource}.${group}`;
}

/** `list certificates.cert-manager.io in the namespace app1`, `get namespaces "kube-system"`. */
export function rightWords(right: Right): string {
  const what = `${right.verb} ${resourceWords(right)}${right.name === '' ? '' : ` "${right.name}"`}`;
  if (right.namespace !== '') return `${what} in the namespace ${right.namespace}`;
  return right.name === '' ? `${what} (cluster-wide)` : what;
}

/** Whether the first right includes the second. */
export function covers(a: Right, b: Right): boolean {
  return (
    a.verb === b.verb &&
    a.group === b.group &&
    a.resource === b.resource &&
    (a.namespace === '' || a.namespace === b.namespace) &&
    (a.name === '' || a.name === b.name)
  );
}

/** The same rights, each once, without those that another one includes; in the order given. */
export function minimal<T extends Right>(rights: readonly T[]): T[] {
  const idOf = ({ verb, group, resource, namespace, name }: Right): string =>
    JSON.stringify([verb, group, resource, namespace, name]);
  const unique = new Map<string, T>();
  for (const right of rights) if (!unique.has(idOf(right))) unique.set(idOf(right), right);
  return [...unique.values()].filter((right) => {
    const wider = [
      { ...right, namespace: '' },
      { ...right, name: '' },
      { ...right, namespace: '', name: '' },
    ];
    return !wider.some((other) => idOf(other) !== idOf(right) && unique.has(idOf(other)));
  });
}
