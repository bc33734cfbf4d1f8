import { ApiError, type Cluster } from '../cluster/client.ts';
import { explainApiError } from '../cluster/errors.ts';
import { CRD, type ResourceKind } from '../model/kinds.ts';
import { type KubeObject, refName } from '../model/objects.ts';
import type { Problem } from '../model/problems.ts';
import { referencesOf } from '../refs/closure.ts';
import { ALLOW_INJECTION_ANNOTATION, isInjection } from '../refs/injection.ts';
import type { HeldReference } from './select.ts';
import { type ClusterState, keyOf } from './state.ts';

const clusterKind = (group: string, kind: string, plural: string): ResourceKind => ({
  group,
  version: 'v1',
  kind,
  plural,
  namespaced: false,
});

const INJECTABLE: readonly ResourceKind[] = [
  clusterKind('admissionregistration.k8s.io', 'MutatingWebhookConfiguration', 'mutatingwebhookconfigurations'),
  clusterKind('admissionregistration.k8s.io', 'ValidatingWebhookConfiguration', 'validatingwebhookconfigurations'),
  clusterKind('apiregistration.k8s.io', 'APIService', 'apiservices'),
  CRD,
];

/**
 * The objects that get their CA from a Secret by the annotation `cert-manager.io/inject-ca-from-secret`, with metadata
 * only. They themselves are not for a backup; the Secret is, since the injection is a part of cert-manager's work.
 *
 * @param namespaces of the Secrets; [] for all.
 *
 * Rights to list them are not asked of every user: where they are missing, a note says what could not be looked for.
 */
export async function readInjections(
  cluster: Cluster,
  namespaces: readonly string[],
): Promise<{ objects: KubeObject[]; problems: Problem[] }> {
  const refused: string[] = [];
  const lists = await Promise.all(
    INJECTABLE.map(async (kind) => {
      const keep = (object: KubeObject): KubeObject | undefined => {
        const [reference] = referencesOf(object, '');
        const inScope = namespaces.length === 0 || namespaces.includes(reference?.namespace ?? '');
        return reference !== undefined && inScope ? object : undefined;
      };
      try {
        return (await cluster.list(kind, { metadataOnly: true, keep })).items;
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 403) throw explainApiError(error, `list ${kind.plural}`);
        refused.push(`${kind.plural}.${kind.group}`);
        return [];
      }
    }),
  );
  const problems: Problem[] =
    refused.length === 0
      ? []
      : [
          {
            severity: 'note',
            code: 'forbidden',
            message: `Without the right to list ${refused.sort().join(', ')} it could not be looked for the annotation cert-manager.io/inject-ca-from-secret: a Secret that only such an annotation names is not in the backup.`,
            fix: 'Nothing to do, unless you use that annotation: then grant the right (verb list, cluster-wide).',
          },
        ];
  return { objects: lists.flat(), problems };
}

/**
 * The references without those by injection to a Secret that the CA injector would not take, for lack of its own
 * annotation: else whoever may annotate an object of those kinds could draw any Secret into a backup.
 */
export function usableInjections(
  state: ClusterState,
  held: readonly HeldReference[],
): { held: HeldReference[]; problems: Problem[] } {
  const problems: Problem[] = [];
  const usable = held.filter(({ reference: { from, namespace, name } }) => {
    if (!isInjection(from)) return true;
    const secret = state.secrets.get(keyOf(namespace, name));
    if (secret === undefined || secret.metadata.annotations?.[ALLOW_INJECTION_ANNOTATION] === 'true') return true;
    const object = refName('Secret', namespace, name);
    problems.push({
      severity: 'note',
      code: 'missing-secret',
      message: `${from} names ${object}, which lacks the annotation ${ALLOW_INJECTION_ANNOTATION}: "true". cert-manager does not take its CA from there, so it is not captured.`,
      fix: 'Nothing to do, unless the injection should work: then annotate the Secret.',
      object,
    });
    return false;
  });
  return { held: usable, problems };
}
