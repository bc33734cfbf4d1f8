import { ApiError, type Cluster } from '../cluster/client.ts';
import { apiVersion, CLUSTER_ISSUER, ISSUER } from '../model/kinds.ts';
import type { Problem } from '../model/problems.ts';

/**
 * Sees whether cert-manager's webhook answers, by the dry run of an issuer that the CRD's schema takes and the webhook
 * must refuse (a spec of no kind at all). A dry run that merely succeeds may never have reached the webhook.
 * Nothing is written.
 *
 * @param namespace an existing namespace for an Issuer; undefined: a ClusterIssuer is tried
 * @returns the problem, or undefined where the webhook refused as it should
 * @throws ApiError 403 without the right to create issuers, 401
 */
export async function probeWebhook(cluster: Cluster, namespace: string | undefined): Promise<Problem | undefined> {
  const kind = namespace === undefined ? CLUSTER_ISSUER : ISSUER;
  const issuer = {
    apiVersion: apiVersion(kind),
    kind: kind.kind,
    metadata: { name: 'certkeep-webhook-probe', ...(namespace === undefined ? {} : { namespace }) },
    spec: {},
  };
  try {
    await cluster.create(kind, issuer, { dryRun: true });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status < 500 && error.message.includes('denied the request')) return undefined;
    if (error.status === 401 || error.status === 403) throw error;
    return {
      severity: 'error',
      code: 'prerequisite',
      message: `cert-manager's webhook does not answer (the API server says ${error.status}): it would refuse every write to cert-manager's kinds.`,
      fix: 'Wait until the Deployment cert-manager-webhook is ready, then run the same command again.',
    };
  }
  return {
    severity: 'error',
    code: 'prerequisite',
    message: "cert-manager's webhook is not in place: the API server accepted an issuer that it must refuse.",
    fix: 'Install cert-manager completely (with its ValidatingWebhookConfiguration), then run the same command again.',
  };
}
