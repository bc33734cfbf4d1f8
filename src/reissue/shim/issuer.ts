import type { IssuerRef } from '../../model/objects.ts';
import {
  type Annotations,
  annotationOf,
  CLUSTER_ISSUER,
  has,
  ISSUER,
  ISSUER_GROUP,
  ISSUER_KIND,
} from './annotations.ts';
import type { ShimFlags } from './flags.ts';
import { isTrue } from './goText.ts';
import type { Maker } from './maker.ts';

/** Whether the shim takes the object up at all (hasShimAnnotation in sync.go). */
export function hasShimAnnotation({ kind, annotations }: Maker, flags: Required<ShimFlags>): boolean {
  if (has(annotations, ISSUER) || has(annotations, CLUSTER_ISSUER)) return true;
  if (kind !== 'Ingress') return false;
  return flags.autoCertificateAnnotations.some((name) => isTrue(annotationOf(annotations, name)));
}

/** The issuer of the object's Certificates (issuerForIngressLike in sync.go), or what is wrong with the annotations. */
export function issuerFor(annotations: Annotations, flags: Required<ShimFlags>): IssuerRef | { wrong: string } {
  const issuer = annotationOf(annotations, ISSUER);
  const clusterIssuer = annotationOf(annotations, CLUSTER_ISSUER);
  const kind = annotationOf(annotations, ISSUER_KIND);
  const group = annotationOf(annotations, ISSUER_GROUP);
  const name = clusterIssuer ?? issuer ?? flags.defaultIssuerName;
  const wrong: string[] = [];
  if (name === '') wrong.push('no issuer is named, and the controller has no default issuer');
  const both = (a: string, b: string): string => `both ${a} and ${b} are set`;
  if (issuer !== undefined && clusterIssuer !== undefined) wrong.push(both(ISSUER, CLUSTER_ISSUER));
  if (clusterIssuer !== undefined && group !== undefined) wrong.push(both(CLUSTER_ISSUER, ISSUER_GROUP));
  if (clusterIssuer !== undefined && kind !== undefined) wrong.push(both(CLUSTER_ISSUER, ISSUER_KIND));
  if (wrong.length > 0) return { wrong: wrong.join(', ') };
  const ownKind = clusterIssuer !== undefined ? 'ClusterIssuer' : issuer !== undefined ? 'Issuer' : undefined;
  return { name, kind: kind ?? ownKind ?? flags.defaultIssuerKind, group: group ?? flags.defaultIssuerGroup };
}
