import type { Certificate, CertificateRequest, Secret } from '../model/objects.ts';

/**
 * Looks at objects that may come from a file: whether the fields that the decision reads have the types that the API
 * server would insist on. Each function returns what is wrong, or undefined.
 */

type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isString = (value: unknown): boolean => typeof value === 'string';
const isStrings = (value: unknown): boolean => Array.isArray(value) && value.every(isString);
const isStringMap = (value: unknown): boolean => isObject(value) && Object.values(value).every(isString);
const isInteger = (value: unknown): boolean => Number.isSafeInteger(value);
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isObjects = (value: unknown): boolean => Array.isArray(value) && value.every(isObject);

/** null counts as absent, as it does for Go. */
function wrong(object: Fields, path: string, types: Record<string, (value: unknown) => boolean>): string | undefined {
  for (const [field, is] of Object.entries(types)) {
    const value = object[field];
    if (value !== undefined && value !== null && !is(value)) return `${path}${field} is of a wrong type`;
  }
  return undefined;
}

const METADATA = {
  name: isString,
  uid: isString,
  creationTimestamp: isString,
  deletionTimestamp: isString,
  annotations: isStringMap,
  ownerReferences: isObjects,
};
const ISSUER_REF = { name: isString, kind: isString, group: isString };

function wrongMetadata(object: unknown): string | undefined {
  if (!isObject(object) || !isObject(object.metadata)) return 'the object has no metadata';
  if (!isString(object.metadata.name)) return 'metadata.name is missing';
  return wrong(object.metadata, 'metadata.', METADATA);
}

export function wrongCertificate(certificate: Certificate): string | undefined {
  const metadata = wrongMetadata(certificate);
  if (metadata !== undefined) return metadata;
  const { spec } = certificate as { spec: unknown };
  const status = (certificate.status ?? {}) as unknown;
  if (!isObject(spec)) return 'the Certificate has no spec';
  if (!isObject(status)) return 'status is of a wrong type';
  if (!isString(spec.secretName) || spec.secretName === '') return 'spec.secretName is missing';
  if (!isObject(spec.issuerRef) || !isString(spec.issuerRef.name)) return 'spec.issuerRef is missing';
  return (
    wrong(spec.issuerRef, 'spec.issuerRef.', ISSUER_REF) ??
    wrong(spec, 'spec.', {
      commonName: isString,
      literalSubject: isString,
      dnsNames: isStrings,
      ipAddresses: isStrings,
      uris: isStrings,
      emailAddresses: isStrings,
      otherNames: isObjects,
      usages: isStrings,
      isCA: isBoolean,
      duration: isString,
      renewBefore: isString,
      renewBeforePercentage: isInteger,
      subject: isObject,
      privateKey: isObject,
      renewal: isObject,
    }) ??
    (isObject(spec.subject)
      ? wrong(spec.subject, 'spec.subject.', {
          organizations: isStrings,
          countries: isStrings,
          organizationalUnits: isStrings,
          localities: isStrings,
          provinces: isStrings,
          streetAddresses: isStrings,
          postalCodes: isStrings,
          serialNumber: isString,
        })
      : undefined) ??
    (isObject(spec.privateKey)
      ? wrong(spec.privateKey, 'spec.privateKey.', { algorithm: isString, size: isInteger })
      : undefined) ??
    (isObject(spec.renewal)
      ? wrong(spec.renewal, 'spec.renewal.', { policy: isString, windows: isObjects })
      : undefined) ??
    listed(isObject(spec.renewal) ? spec.renewal.windows : undefined, 'spec.renewal.windows.', {
      cron: isString,
      timezone: isString,
      windowDuration: isString,
    }) ??
    listed(spec.otherNames, 'spec.otherNames.', { oid: isString, utf8Value: isString }) ??
    wrong(status, 'status.', {
      conditions: isObjects,
      revision: isInteger,
      renewalTime: isString,
      lastFailureTime: isString,
      failedIssuanceAttempts: isInteger,
    })
  );
}

function listed(list: unknown, path: string, types: Record<string, (value: unknown) => boolean>): string | undefined {
  for (const item of Array.isArray(list) ? (list as Fields[]) : []) {
    const problem = wrong(item, path, types);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

export function wrongSecret(secret: Secret | undefined): string | undefined {
  if (secret === undefined) return undefined;
  const metadata = wrongMetadata(secret);
  if (metadata !== undefined) return `Secret: ${metadata}`;
  const problem = wrong(secret, '', { data: isStringMap, stringData: isStringMap });
  return problem === undefined ? undefined : `Secret: ${problem}`;
}

export function wrongRequest(request: CertificateRequest | undefined): string | undefined {
  if (request === undefined) return undefined;
  const { spec } = request as { spec: unknown };
  const problem =
    wrongMetadata(request) ??
    (!isObject(spec)
      ? 'no spec'
      : !isObject(spec.issuerRef)
        ? 'spec.issuerRef is missing'
        : (wrong(spec.issuerRef, 'spec.issuerRef.', ISSUER_REF) ??
          wrong(spec, 'spec.', { request: isString, isCA: isBoolean, usages: isStrings, duration: isString })));
  return problem === undefined ? undefined : `CertificateRequest: ${problem}`;
}
