import { isForeignGroup } from '../model/include.ts';
import {
  ACME_GROUP,
  CERT_MANAGER_GROUP,
  CERTIFICATE_NAME_ANNOTATION,
  groupOf,
  NEXT_PRIVATE_KEY_LABEL,
} from '../model/kinds.ts';
import type { KubeObject } from '../model/objects.ts';
import { isSecurityPolicyKey, PORTABLE_METADATA } from './portable.ts';
import type { ObjectSection } from './stages.ts';

/** What of a backup's own description the rules need. */
export interface AllowedContext {
  /** `plural.group` of every --include. */
  include: readonly string[];
  /** Where cert-manager runs; '' where that is not known. */
  certManagerNamespace: string;
}

/** Types of Secret that may be restored. An absent type means Opaque. */
export const SECRET_TYPES: readonly string[] = [
  'Opaque',
  'kubernetes.io/tls',
  'kubernetes.io/dockerconfigjson',
  'kubernetes.io/dockercfg',
  'kubernetes.io/basic-auth',
];

/** True for a type of Secret that a backup may hold: none of service accounts, bootstrapping, Helm releases and the like. */
export function isAllowedSecretType(type: string | undefined): boolean {
  return type === undefined || type === '' || SECRET_TYPES.includes(type);
}

/**
 * True for the Secret in which cert-manager's webhook keeps its own CA (pkg/server/tls/authority): `cert-manager-webhook-ca`,
 * or `RELEASE-webhook-ca` in cert-manager's namespace. Each cluster makes its own, and another one's breaks every write. A
 * Certificate's Secret of such a name carries the certificate-name annotation; for the usual name in the usual place that
 * is no excuse, since an annotation is quickly added.
 */
export function isWebhookCaSecret(secret: KubeObject, certManagerNamespace: string): boolean {
  const { name, namespace, annotations } = secret.metadata;
  const home = namespace === certManagerNamespace || certManagerNamespace === '';
  if (name === 'cert-manager-webhook-ca' && home) return true;
  const isCertificates = annotations?.[CERTIFICATE_NAME_ANNOTATION] !== undefined;
  return (name === 'cert-manager-webhook-ca' || (home && name.endsWith('-webhook-ca'))) && !isCertificates;
}

/**
 * Why an object must not stand in this part of a backup, as the end of a sentence; undefined where it may. A backup is
 * written and read under the same rules, so that nobody can slip in what certkeep would not have taken: only Namespaces,
 * CRDs and kinds of cert-manager, Secrets of harmless types, and kinds of other groups that --include named.
 */
export function whyNotAllowed(object: unknown, section: ObjectSection, context: AllowedContext): string | undefined {
  const shape = wrongShape(object);
  if (shape !== undefined) return shape;
  const known = object as KubeObject;
  switch (section) {
    case 'namespaces':
      return isKind(known, 'v1', 'Namespace') ? namespaceFault(known) : notHere(known, section);
    case 'crds':
      return isKind(known, 'apiextensions.k8s.io/v1', 'CustomResourceDefinition')
        ? crdFault(known, context)
        : notHere(known, section);
    case 'secrets':
      return isKind(known, 'v1', 'Secret') ? secretFault(known, context) : notHere(known, section);
    case 'issuers':
      return issuerFault(known, context);
    case 'certificates':
    case 'derived':
      return isKind(known, 'cert-manager.io/v1', 'Certificate')
        ? (fields(known, ['spec']) ?? namespaced(known))
        : notHere(known, section);
  }
}

function isKind(object: KubeObject, apiVersion: string, kind: string): boolean {
  return object.apiVersion === apiVersion && object.kind === kind;
}

function notHere(object: KubeObject, section: string): string {
  return `objects of kind ${object.kind} (${object.apiVersion}) do not belong among the ${section}`;
}

function namespaceFault(object: KubeObject): string | undefined {
  const policed = Object.keys({ ...object.metadata.labels, ...object.metadata.annotations }).find(isSecurityPolicyKey);
  if (policed !== undefined) return `a namespace must not bring ${policed}: the target cluster decides on pod security`;
  return fields(object, []) ?? clusterScoped(object);
}

function crdFault(object: KubeObject, context: AllowedContext): string | undefined {
  const spec = object.spec as Record<string, unknown> | undefined;
  const group = typeof spec?.group === 'string' ? spec.group : '';
  const ours = group === CERT_MANAGER_GROUP || group === ACME_GROUP;
  if (!ours && !isIncludedGroup(group, context)) return 'the CRD is of a group that no --include named';
  if (!object.metadata.name.endsWith(`.${group}`)) return 'the name of the CRD does not end with its group';
  // cert-manager has needed no conversion webhook since 1.7; one would receive every object of the kind.
  const conversion = spec?.conversion as { strategy?: unknown } | undefined;
  if (conversion?.strategy !== undefined && conversion.strategy !== 'None') return 'the CRD asks for a webhook';
  return fields(object, ['spec']) ?? clusterScoped(object);
}

function secretFault(object: KubeObject, context: AllowedContext): string | undefined {
  const { type, data, immutable } = object;
  if (type !== undefined && typeof type !== 'string') return 'the type of the Secret is no text';
  if (!isAllowedSecretType(type)) return `Secrets of type ${type} are not taken`;
  if (object.metadata.labels?.[NEXT_PRIVATE_KEY_LABEL] !== undefined) return 'it is the key of an issuance under way';
  if (isWebhookCaSecret(object, context.certManagerNamespace)) return "it is the webhook's own CA";
  if (immutable !== undefined && typeof immutable !== 'boolean') return 'immutable is neither true nor false';
  if (data !== undefined && !isMapOf(data, isBase64)) return 'the data of the Secret is no map of base64';
  return fields(object, ['type', 'data', 'immutable']) ?? namespaced(object);
}

function issuerFault(object: KubeObject, context: AllowedContext): string | undefined {
  if (isKind(object, 'cert-manager.io/v1', 'Issuer')) return fields(object, ['spec']) ?? namespaced(object);
  if (isKind(object, 'cert-manager.io/v1', 'ClusterIssuer')) return fields(object, ['spec']) ?? clusterScoped(object);
  const group = groupOf(object.apiVersion);
  if (group === CERT_MANAGER_GROUP || group === ACME_GROUP) return notHere(object, 'issuers');
  if (!isIncludedGroup(group, context)) return `kind ${object.kind} is of a group that no --include named`;
  return undefined;
}

function isIncludedGroup(group: string, context: AllowedContext): boolean {
  if (!isForeignGroup(group)) return false;
  return context.include.some((resource) => resource.slice(resource.indexOf('.') + 1) === group);
}

function fields(object: KubeObject, allowed: readonly string[]): string | undefined {
  const known = ['apiVersion', 'kind', 'metadata', ...allowed];
  const extra = Object.keys(object).find((field) => !known.includes(field));
  if (extra !== undefined) return `the field ${printable(extra)} does not belong here`;
  if (allowed.includes('spec') && !isRecord(object.spec)) return 'the spec is missing';
  return undefined;
}

function namespaced(object: KubeObject): string | undefined {
  return object.metadata.namespace === undefined ? 'the namespace is missing' : undefined;
}

function clusterScoped(object: KubeObject): string | undefined {
  return object.metadata.namespace === undefined ? undefined : 'a namespace is given where there can be none';
}

/** What holds for every object: names that are safe in a path, and no metadata of another cluster. */
function wrongShape(value: unknown): string | undefined {
  if (!isRecord(value)) return 'it is no object';
  if (typeof value.apiVersion !== 'string' || !/^[a-z0-9.-]+(?:\/[a-z0-9]+)?$/.test(value.apiVersion)) {
    return 'apiVersion is no version';
  }
  if (typeof value.kind !== 'string' || !/^[A-Za-z][A-Za-z0-9]*$/.test(value.kind)) return 'kind is no kind';
  if ('status' in value) return 'it carries a status';
  const metadata = value.metadata;
  if (!isRecord(metadata)) return 'metadata is missing';
  const extra = Object.keys(metadata).find((field) => !PORTABLE_METADATA.includes(field));
  if (extra !== undefined) return `it carries metadata.${printable(extra)}`;
  if (!isObjectName(metadata.name)) return 'metadata.name is no name';
  if (metadata.namespace !== undefined && !isNamespaceName(metadata.namespace)) {
    return 'metadata.namespace is no name of a namespace';
  }
  for (const field of ['labels', 'annotations']) {
    if (metadata[field] !== undefined && !isMapOf(metadata[field], isString))
      return `metadata.${field} is no map of texts`;
  }
  return undefined;
}

/** A DNS-1123 subdomain, which every kind that is taken here requires of its names. */
export function isObjectName(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= 253 &&
    /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/.test(value)
  );
}

/** A DNS-1123 label. */
export function isNamespaceName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 63 && /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/.test(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isString(value: unknown): boolean {
  return typeof value === 'string';
}

function isBase64(value: unknown): boolean {
  return typeof value === 'string' && value.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(value);
}

function isMapOf(value: unknown, test: (item: unknown) => boolean): boolean {
  return isRecord(value) && Object.values(value).every(test);
}

function printable(text: string): string {
  return text.slice(0, 60).replace(/[^\x20-\x7e]/g, '?');
}
