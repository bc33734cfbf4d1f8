import type { RightsOptions } from './options.ts';
import { minimal, type NeededRight, type Verb } from './right.ts';

/** Who gets the rights. */
export type Subject = { kind: 'User'; name: string } | { kind: 'ServiceAccount'; namespace: string; name: string };

export interface Rule {
  apiGroups: string[];
  resources: string[];
  resourceNames?: string[];
  verbs: Verb[];
}

export interface Manifest {
  apiVersion: 'rbac.authorization.k8s.io/v1';
  kind: 'ClusterRole' | 'Role' | 'ClusterRoleBinding' | 'RoleBinding';
  metadata: { name: string; namespace?: string };
  rules?: Rule[];
  roleRef?: { apiGroup: string; kind: string; name: string };
  subjects?: Record<string, string>[];
  /** What each rule is for, in the order of `rules`. Not part of the object. */
  reasons?: string[];
}

const RBAC = { apiVersion: 'rbac.authorization.k8s.io/v1' } as const;

/**
 * The rights as RBAC objects: a ClusterRole, a Role in each namespace, and for each a binding where the subject is
 * known. All are called `certkeep-<use>`.
 */
export function manifestsOf(
  rights: readonly NeededRight[],
  use: RightsOptions['use'],
  subject: Subject | undefined,
): Manifest[] {
  const name = `certkeep-${use}`;
  const byNamespace = Map.groupBy(minimal(rights), (right) => right.namespace);
  return [...byNamespace]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([namespace, group]): Manifest[] => {
      const metadata = { name, ...(namespace === '' ? {} : { namespace }) };
      const kind = namespace === '' ? 'ClusterRole' : 'Role';
      const rules = rulesOf(group);
      const role: Manifest = {
        ...RBAC,
        kind,
        metadata,
        rules: rules.map(({ rule }) => rule),
        reasons: rules.map(({ reason }) => reason),
      };
      if (subject === undefined) return [role];
      const binding: Manifest = {
        ...RBAC,
        kind: `${kind}Binding`,
        metadata,
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
        subjects: [subjectOf(subject)],
      };
      return [role, binding];
    });
}

function subjectOf(subject: Subject): Record<string, string> {
  return subject.kind === 'User'
    ? { apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: subject.name }
    : { kind: 'ServiceAccount', namespace: subject.namespace, name: subject.name };
}

/** Rights on one resource become one rule, and resources of a group that need the same verbs share it. */
function rulesOf(rights: readonly NeededRight[]): { rule: Rule; reason: string }[] {
  // First the verbs and names of each resource …
  const perObject = Map.groupBy(rights, ({ group, resource, name }) => JSON.stringify([group, resource, name]));
  const byNames = Map.groupBy([...perObject.values()], (group) => {
    const [first] = group;
    return JSON.stringify([first?.group, first?.resource, group.map(({ verb }) => verb).sort(), first?.name === '']);
  });
  const rules = [...byNames.values()].map((groups) => {
    const all = groups.flat();
    const names = [...new Set(all.map(({ name }) => name))].filter((name) => name !== '').sort();
    return {
      group: all[0]?.group ?? '',
      resource: all[0]?.resource ?? '',
      verbs: [...new Set(all.map(({ verb }) => verb))],
      names,
      whys: all.map(({ why }) => why),
    };
  });
  // … then the resources that have them in common.
  const common = Map.groupBy(rules, ({ group, resource, verbs, names }) =>
    // Secrets stay by themselves: that is the rule that people look for.
    JSON.stringify([group, verbs.toSorted(), names, resource === 'secrets']),
  );
  return [...common.values()].map((group) => ({
    rule: {
      apiGroups: [group[0]?.group ?? ''],
      resources: group.map(({ resource }) => resource),
      ...(group[0]?.names.length === 0 ? {} : { resourceNames: group[0]?.names ?? [] }),
      verbs: group[0]?.verbs ?? [],
    },
    reason: [...new Set(group.flatMap(({ whys }) => whys))].join('; '),
  }));
}
