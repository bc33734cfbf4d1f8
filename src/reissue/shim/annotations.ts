/** The annotations that the shim reads and writes (pkg/apis/certmanager/v1/types.go, pkg/apis/acme/v1/types.go). */
export const ISSUER = 'cert-manager.io/issuer';
export const CLUSTER_ISSUER = 'cert-manager.io/cluster-issuer';
export const ISSUER_KIND = 'cert-manager.io/issuer-kind';
export const ISSUER_GROUP = 'cert-manager.io/issuer-group';
export const IGNORE_TLS_LISTENERS = 'cert-manager.io/ignore-tls-listeners';

export const EDIT_IN_PLACE = 'acme.cert-manager.io/http01-edit-in-place';
export const INGRESS_CLASS = 'acme.cert-manager.io/http01-ingress-class';
export const INGRESS_CLASS_NAME = 'acme.cert-manager.io/http01-ingress-ingressclassname';
export const PARENT_REF_FALLBACK = 'acme.cert-manager.io/http01-parentreffallback';

export const TEMPORARY_CERTIFICATE = 'cert-manager.io/issue-temporary-certificate';
export const OVERRIDE_INGRESS_NAME = 'acme.cert-manager.io/http01-override-ingress-name';
export const OVERRIDE_INGRESS_CLASS = 'acme.cert-manager.io/http01-override-ingress-class';
export const OVERRIDE_INGRESS_CLASS_NAME = 'acme.cert-manager.io/http01-override-ingress-ingressclassname';
export const PARENT_REF_KIND = 'acme.cert-manager.io/http01-parentrefkind';
export const PARENT_REF_NAME = 'acme.cert-manager.io/http01-parentrefname';
export const PARENT_REF_NAMESPACE = 'acme.cert-manager.io/http01-parentrefnamespace';

export const APPLY_SET_LABEL = 'applyset.kubernetes.io/part-of';

export type Annotations = Readonly<Record<string, string>>;

/** Whether the annotation is there, even if empty. */
export function has(annotations: Annotations, name: string): boolean {
  return Object.hasOwn(annotations, name);
}

/** The annotation's value; undefined where it is not there. */
export function annotationOf(annotations: Annotations, name: string): string | undefined {
  return has(annotations, name) ? annotations[name] : undefined;
}
