import { ACME_GROUP, CERT_MANAGER_GROUP, groupOf } from '../../model/kinds.ts';
import { objectName } from '../../model/objects.ts';
import type { Problem } from '../../model/problems.ts';
import type { Foreign } from './foreign.ts';
import { isCertManagerGroup } from './keep.ts';

const SERVED: readonly string[] = [`${CERT_MANAGER_GROUP}/v1`, `${ACME_GROUP}/v1`];

/** Objects of API versions that no cert-manager since 1.6 takes: v1alpha2, v1alpha3, v1beta1, certmanager.k8s.io. */
export function apiVersions(foreign: Foreign): Problem[] {
  return foreign.items
    .filter(({ object }) => isCertManagerGroup(groupOf(object.apiVersion)) && !SERVED.includes(object.apiVersion))
    .map(({ object }) => ({
      severity: 'error',
      code: 'old-api-version',
      message: `It is of ${object.apiVersion}, which cert-manager has not served since ${object.apiVersion.startsWith('certmanager.k8s.io') ? '0.11' : '1.6'}: no cluster takes it, and nothing was judged of it.`,
      fix: object.apiVersion.startsWith('certmanager.k8s.io')
        ? 'Write it anew as cert-manager.io/v1; the notes on upgrading from 0.10 to 0.11 list the fields.'
        : 'Convert it with `cmctl convert --output-version cert-manager.io/v1`, and check the result.',
      object: objectName(object),
    }));
}
