import {
  type Annotations,
  annotationOf,
  CLUSTER_ISSUER,
  has,
  ISSUER,
  ISSUER_GROUP,
  ISSUER_KIND,
} from './annotations.ts';

/**
 * The annotations of a ListenerSet with what it inherits from its Gateway: the issuer where it names none itself, kind
 * and group of the issuer in any case (inheritAnnotations in pkg/controller/certificate-shim/listenerset/controller.go).
 */
export function inheritAnnotations(own: Annotations, gateway: Annotations): Annotations {
  const namesIssuer = has(own, CLUSTER_ISSUER) || has(own, ISSUER);
  const inherited = [...(namesIssuer ? [] : [CLUSTER_ISSUER, ISSUER]), ISSUER_KIND, ISSUER_GROUP];
  const found: Record<string, string> = { ...own };
  for (const name of inherited) {
    const value = annotationOf(gateway, name);
    if (value !== undefined) found[name] = value;
  }
  return found;
}
