import {
  controllerArguments,
  type DeploymentShape,
  flagValue,
  isController,
  issuanceFlags,
  versionOf,
} from '../cluster/controller-deployment.ts';
import { CERT_MANAGER_GROUP, groupOf, LAST_APPLIED_ANNOTATION } from '../model/kinds.ts';
import type { KubeObject, ObjectMeta } from '../model/objects.ts';

/** Groups of the objects that shims make Certificates from. */
const MAKER_GROUPS: readonly string[] = [
  'networking.k8s.io',
  'gateway.networking.k8s.io',
  'gateway.networking.x-k8s.io',
];

/** What is kept of a manifest's object, so that fifty thousand of them fit into memory; undefined for nothing. */
export function keepForPrediction(object: KubeObject): KubeObject | undefined {
  const { apiVersion, kind } = object;
  const metadata = slimMetadata(object.metadata);
  if (apiVersion === 'v1' && kind === 'Secret') return slimSecret(object, metadata);
  const group = groupOf(apiVersion);
  if (group === CERT_MANAGER_GROUP && kind === 'CertificateRequest')
    return { apiVersion, kind, metadata, spec: object.spec };
  if (group === CERT_MANAGER_GROUP || MAKER_GROUPS.includes(group)) return { ...object, metadata };
  if (kind === 'Deployment' && isVersioned(object)) return object;
  return undefined;
}

function slimMetadata(metadata: ObjectMeta): ObjectMeta {
  const { managedFields: _, ...rest } = metadata;
  const annotations = rest.annotations as unknown;
  // Absent and of a wrong type stay what they are: that is for the decision to see.
  if (typeof annotations !== 'object' || annotations === null || !(LAST_APPLIED_ANNOTATION in annotations)) return rest;
  const { [LAST_APPLIED_ANNOTATION]: __, ...others } = annotations as Record<string, string>;
  return { ...rest, annotations: others };
}

/** The two entries that cert-manager looks at. Others are dropped, but for one that makes the Secret impossible. */
function slimSecret(object: KubeObject, metadata: ObjectMeta): KubeObject {
  const { apiVersion, kind, type, data, stringData } = object;
  return {
    apiVersion,
    kind,
    metadata,
    type,
    ...(data === undefined ? {} : { data: slimData(data, true) }),
    ...(stringData === undefined ? {} : { stringData: slimData(stringData, false) }),
  };
}

function slimData(data: unknown, isEncoded: boolean): unknown {
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return data;
  const kept = Object.entries(data).filter(
    ([key, value]) =>
      key === 'tls.crt' ||
      key === 'tls.key' ||
      (value !== null && (typeof value !== 'string' || (isEncoded && !isBase64(value)))),
  );
  return Object.fromEntries(kept);
}

/** The first entry of a Secret's data that is not base64. */
export function notBase64(secret: KubeObject): string | undefined {
  const { data } = secret;
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return undefined;
  return Object.entries(data).find(([, value]) => typeof value === 'string' && !isBase64(value))?.[0];
}

/** As Go's JSON decoder takes it: padded, line breaks allowed. */
function isBase64(text: string): boolean {
  const plain = text.includes('\n') || text.includes('\r') ? text.replace(/[\r\n]/g, '') : text;
  // atob takes other white space and missing padding; it is ten times as fast as a regular expression.
  if (plain.length % 4 !== 0 || [' ', '\t', '\f'].some((space) => plain.includes(space))) return false;
  try {
    atob(plain);
    return true;
  } catch {
    return false;
  }
}

function isVersioned(object: KubeObject): boolean {
  return controllerVersion(object) !== '';
}

/** The version of the cert-manager whose controller this Deployment is; '' where it is none or does not say. */
export function controllerVersion(object: KubeObject): string {
  if (object.kind !== 'Deployment' || object.apiVersion !== 'apps/v1') return '';
  try {
    const deployment = object as DeploymentShape;
    return isController(deployment) ? versionOf(deployment) : '';
  } catch {
    // A Deployment of another shape than the API server would take.
    return '';
  }
}

/** The settings of that controller; a file that its arguments name may hold others. */
export function controllerFlags(object: KubeObject): { flags: string[]; known: boolean } {
  try {
    const args = controllerArguments(object as DeploymentShape);
    return { flags: issuanceFlags(args), known: flagValue(args, 'config') === undefined };
  } catch {
    return { flags: [], known: false };
  }
}
