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
/** A null among the values counts as an absent one. */
const isDataMap = (value: unknown): boolean =>
  isObject(value) && Object.values(value).every((one) => one === null || isString(one));
const isInteger = (value: unknown): boolean => Number.isSafeInteger(value);
const isBoolean = (value: unknown): boolean => typeof value === 'boolean';
const isObjects = (value: unknown): boolean => Array.isArray(value) && value.every(isObject);

type Types = [field: string, is: (value: unknown) => boolean][];
const types = (table: Record<string, (value: unknown) => boolean>): Types => Object.entries(table);

/** null counts as absent, as it does for Go. */
function wrong(object: Fields, path: string, table: Types): string | undefined {
  for (const [field, is] of table) {
    const value = object[field];
    if (value !== undefined && value !== null && !is(value)) return `${path}${field} is of a wrong type`;
  }
  return undefined;
}

const METADATA = types({
  name: isString,
  uid: isString,
  creationTimestamp: isString,
  deletionTimestamp: isString,
  annotations: isStringMap,
  ownerReferences: isObjects,
});
const ISSUER_REF = types({ name: isString, kind: isString, group: isString });
const SPEC = types({
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
});
const SUBJECT = types({
  organizations: isStrings,
  countries: isStrings,
  organizationalUnits: isStrings,
  localities: isStrings,
  provinces: isStrings,
  streetAddresses: isStrings,
  postalCodes: isStrings,
  serialNumber: isString,
});
const PRIVATE_KEY = types({ algorithm: isString, size: isInteger });
const RENEWAL = types({ policy: isString, windows: isObjects });
const WINDOW = types({ cron: isString, timezone: isString, windowDuration: isString });
const OTHER_NAME = types({ oid: isString, utf8Value: isString });
const STATUS = types({
  conditions: isObjects,
  revision: isInteger,
  renewalTime: isString,
  lastFailureTime: isString,
  failedIssuanceAttempts: isInteger,
  acme: isObject,
});
const ACME_STATUS = types({ ari: isObject });
const ARI = types({ suggestedWindow: isObject });
const SUGGESTED_WINDOW = types({ start: isString });
const SECRET = types({ data: isDataMap, stringData: isDataMap });
const REQUEST = types({ request: isString, isCA: isBoolean, usages: isStrings, duration: isString });

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
  const { subject, privateKey, renewal, otherNames } = spec;
  return (
    wrong(spec.issuerRef, 'spec.issuerRef.', ISSUER_REF) ??
    wrong(spec, 'spec.', SPEC) ??
    nested(subject, 'spec.subject.', SUBJECT) ??
    nested(privateKey, 'spec.privateKey.', PRIVATE_KEY) ??
    nested(renewal, 'spec.renewal.', RENEWAL) ??
    listed(isObject(renewal) ? renewal.windows : undefined, 'spec.renewal.windows.', WINDOW) ??
    listed(otherNames, 'spec.otherNames.', OTHER_NAME) ??
    wrong(status, 'status.', STATUS) ??
    wrongRenewalInfo(status.acme)
  );
}

function wrongRenewalInfo(acme: unknown): string | undefined {
  const ari = isObject(acme) ? acme.ari : undefined;
  return (
    nested(acme, 'status.acme.', ACME_STATUS) ??
    nested(ari, 'status.acme.ari.', ARI) ??
    nested(isObject(ari) ? ari.suggestedWindow : undefined, 'status.acme.ari.suggestedWindow.', SUGGESTED_WINDOW)
  );
}

function nested(object: unknown, path: string, table: Types): string | undefined {
  return isObject(object) ? wrong(object, path, table) : undefined;
}

function listed(list: unknown, path: string, table: Types): string | undefined {
  for (const item of Array.isArray(list) ? (list as Fields[]) : []) {
    const problem = wrong(item, path, table);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

export function wrongSecret(secret: Secret | undefined): string | undefined {
  if (secret === undefined) return undefined;
  const metadata = wrongMetadata(secret);
  if (metadata !== undefined) return `Secret: ${metadata}`;
  const problem = wrong(secret, '', SECRET);
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
        : (wrong(spec.issuerRef, 'spec.issuerRef.', ISSUER_REF) ?? wrong(spec, 'spec.', REQUEST)));
  return problem === undefined ? undefined : `CertificateRequest: ${problem}`;
}
