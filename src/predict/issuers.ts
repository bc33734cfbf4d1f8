import { type Certificate, type Issuer, objectName, refName } from '../model/objects.ts';

/** `Kind/namespace/name` of the issuer that a Certificate refers to, as `objectName` gives it; '' for another group's. */
export function issuerName({ metadata, spec }: Certificate): string {
  const { name, kind, group } = spec?.issuerRef ?? {};
  if ((group || 'cert-manager.io') !== 'cert-manager.io') return '';
  return refName(kind || 'Issuer', kind === 'ClusterIssuer' ? undefined : metadata.namespace, name ?? '');
}

/** Finds the issuer of a Certificate; undefined where it is not among these. */
export function issuerFinder(issuers: readonly Issuer[]): (certificate: Certificate) => Issuer | undefined {
  const byName = new Map(issuers.map((issuer) => [objectName(issuer), issuer]));
  return (certificate) => byName.get(issuerName(certificate));
}
