import type { DeploymentShape } from '../../../cluster/controller-deployment.ts';
import type { KubeObject } from '../../../model/objects.ts';
import type { Foreign } from '../foreign.ts';
import { isVeleroServer } from '../keep.ts';
import { names, type Resource } from './resources.ts';

/** In which order a Velero restores, as far as it bears on cert-manager. */
export interface VeleroServer {
  /** The Deployment that says so; undefined for one that is not among what was given. */
  deployment: KubeObject | undefined;
  /** Resources that come first, in this order; all others follow by name. Undefined where it is not known. */
  first: readonly string[] | undefined;
  /** Resources that come last. */
  last: readonly string[];
  /** Minor version, of 1.x; undefined where it is not known. */
  minor: number | undefined;
}

/** Of the defaults, what bears on cert-manager (pkg/cmd/server/config/config.go); RBAC comes before Pods since 1.18. */
const DEFAULTS: readonly string[] = [
  'customresourcedefinitions',
  'namespaces',
  'serviceaccounts',
  'secrets',
  'configmaps',
  'pods',
];
const DEFAULTS_1_18: readonly string[] = [
  'customresourcedefinitions',
  'namespaces',
  'clusterroles',
  'roles',
  'serviceaccounts',
  'clusterrolebindings',
  'rolebindings',
  'secrets',
  'configmaps',
  'pods',
];

/** Velero's own Deployment among the objects, and what its arguments and image say. */
export function veleroServer(foreign: Foreign): VeleroServer {
  const deployment = foreign.items.map(({ object }) => object).find(isVeleroServer) as DeploymentShape | undefined;
  const container = deployment?.spec?.template?.spec?.containers?.find((c) => /velero/.test(c.image ?? c.name));
  const minor = /:v?1\.(\d+)\./.exec(container?.image ?? '')?.[1];
  const words = [container?.command, container?.args].flat().filter((word) => typeof word === 'string');
  const given = priorities(words);
  const known = minor === undefined ? undefined : Number(minor);
  return {
    deployment,
    minor: known,
    first: given?.first ?? (known === undefined ? undefined : known >= 18 ? DEFAULTS_1_18 : DEFAULTS),
    last: given?.last ?? [],
  };
}

/** `--restore-resource-priorities=a,b,-,c`: what stands behind the dash comes last. */
function priorities(words: readonly string[]): { first: string[]; last: string[] } | undefined {
  const flag = '--restore-resource-priorities';
  const at = words.findLastIndex((word) => word === flag || word.startsWith(`${flag}=`));
  const word = words[at];
  if (word === undefined) return undefined;
  const list = (word === flag ? (words[at + 1] ?? '') : word.slice(flag.length + 1))
    .split(',')
    .map((name) => name.trim());
  const dash = list.indexOf('-');
  return dash < 0 ? { first: list, last: [] } : { first: list.slice(0, dash), last: list.slice(dash + 1) };
}

/** Whether this Velero restores the one resource before the other. */
export function isBefore({ first = [], last }: VeleroServer, one: Resource, other: Resource): boolean {
  const place = (resource: Resource): string => {
    const early = first.findIndex((entry) => names(entry, resource));
    if (early >= 0) return `0 ${String(early).padStart(4, '0')}`;
    const late = last.findIndex((entry) => names(entry, resource));
    return late >= 0 ? `2 ${String(late).padStart(4, '0')}` : `1 ${resource.plural}.${resource.group}`;
  };
  return place(one) < place(other);
}
