import type { Certificate, CertificateRequest, Secret } from '../model/objects.ts';
import type { ReissueInput } from './input.ts';

/**
 * The inputs of `decide` for many Certificates at once, in their order: each with its Secret, its own
 * CertificateRequests and the Certificates that share its Secret. Takes time in proportion to the number of objects.
 * Objects without a name or namespace are matched as they are: '' for an absent namespace.
 */
export function reissueInputs(
  certificates: readonly Certificate[],
  secrets: readonly Secret[],
  requests: readonly CertificateRequest[],
): ReissueInput[] {
  const secretOf = new Map(secrets.map((secret) => [key(secret.metadata?.namespace, secret.metadata?.name), secret]));
  const requestsOf = requestsByOwner(requests);
  const sharing = groupBy(certificates, (c) => key(c.metadata?.namespace, c.spec?.secretName));
  return certificates.map((certificate) => {
    const { metadata, spec } = certificate;
    const secret = key(metadata?.namespace, spec?.secretName);
    return {
      certificate,
      secret: secretOf.get(secret),
      requests: requestsOf.get(key(metadata?.namespace, metadata?.uid)) ?? [],
      siblings: sharing.get(secret) ?? [certificate],
    };
  });
}

/** CertificateRequests by namespace and uid of the owner that controls them; those without one are left out. */
function requestsByOwner(requests: readonly CertificateRequest[]): Map<string, CertificateRequest[]> {
  const owned = requests.filter((request) => controllerUid(request) !== undefined);
  return groupBy(owned, (request) => key(request.metadata.namespace, controllerUid(request)));
}

/** The uid of the first owner reference that is the controller (metav1.GetControllerOf); undefined where there is none. */
export function controllerUid(request: CertificateRequest): string | undefined {
  const owners: unknown = request?.metadata?.ownerReferences;
  if (!Array.isArray(owners)) return undefined;
  const controller = (owners as ({ controller?: boolean; uid?: string } | null)[]).find((o) => o?.controller === true);
  return controller === undefined ? undefined : (controller?.uid ?? '');
}

function groupBy<T>(list: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of list) {
    const name = keyOf(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}

const key = (namespace: string | undefined, name: string | undefined): string => `${namespace ?? ''}/${name ?? ''}`;
