import { type DeploymentShape, isController } from '../../../cluster/controller-deployment.ts';
import { objectName } from '../../../model/objects.ts';
import type { Problem } from '../../../model/problems.ts';
import type { Foreign } from '../foreign.ts';
import type { Resource } from './resources.ts';
import { isBefore, veleroServer } from './server.ts';

const rbac = (plural: string): Resource => ({
  plural,
  group: 'rbac.authorization.k8s.io',
  namespaced: false,
  others: [],
});
const CLUSTER_ROLES = rbac('clusterroles');
const CLUSTER_ROLE_BINDINGS = rbac('clusterrolebindings');
const PODS: Resource = { plural: 'pods', group: '', namespaced: true, others: ['pod', 'po'] };

/** cert-manager itself in a Velero backup: its Pods need its ClusterRoles, or the restore waits for the webhook. */
export function deploymentBeforeRbac(foreign: Foreign): Problem[] {
  if (foreign.tool !== 'velero') return [];
  const deployment = foreign.items
    .map((item) => item.object)
    .find((o) => o.kind === 'Deployment' && isController(o as DeploymentShape));
  if (deployment === undefined) return [];
  const object = objectName(deployment);
  const count = (resource: Resource) => foreign.counts.get(`${resource.plural}.${resource.group}`) ?? 0;
  const absent = [CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS].filter((resource) => count(resource) === 0);
  if (absent.length > 0) {
    return [
      {
        severity: 'error',
        code: 'deployment-before-rbac',
        message: `cert-manager itself is in the backup, and no ${absent.map(({ plural }) => plural).join(' and ')} are: its Pods would run without the rights that they need, and its webhook would never become ready.`,
        fix: 'Set spec.includeClusterResources: true; or leave the namespace of cert-manager’s Deployment out and install cert-manager on the target first.',
        object,
      },
    ];
  }
  const server = veleroServer(foreign);
  if (server.first !== undefined && [CLUSTER_ROLES, CLUSTER_ROLE_BINDINGS].every((r) => isBefore(server, r, PODS)))
    return [];
  return [
    {
      severity: server.first === undefined ? 'warning' : 'error',
      code: 'deployment-before-rbac',
      message: `cert-manager itself is in the backup. ${server.first === undefined ? 'Velero before 1.18 restores' : 'This Velero restores'} Pods before ClusterRoles: the controller may not write the webhook’s certificate, the webhook does not become ready, and every cert-manager object that follows is refused.`,
      fix: 'Restore clusterroles, clusterrolebindings, roles and rolebindings first, by a Restore of their own or with --restore-resource-priorities; or install cert-manager on the target before the restore.',
      object,
    },
  ];
}
