import { canonicalJson, sha256Hex } from '../archive/canonical.ts';
import { leafFacts, publicKeySha256OfPrivateKey } from '../archive/x509.ts';
import type { CertificateBaseline, IssuerBaseline, LeafFacts } from '../model/backup.ts';
import { REVISION_ANNOTATION } from '../model/kinds.ts';
import {
  type Certificate,
  type CertificateRequest,
  type CertificateSpec,
  condition,
  type Issuer,
  type KubeObject,
  type Secret,
} from '../model/objects.ts';
import { findPath, isRecord } from '../refs/walk.ts';
import { controllerOf } from './state.ts';

/**
 * What `verify` compares a Certificate with. Of public data only: no key material, and no digest of a Secret.
 *
 * @param secret the Secret of spec.secretName; undefined where there is none, `not-read` where that is not known.
 * @param requests any CertificateRequests; those that the Certificate does not control are left out.
 * @param nextPrivateKeySecrets names of the next-private-key Secrets that it owns.
 * @param leafFrom `requests`: the leaf is that of the current CertificateRequest, whatever the Secret holds.
 */
export function certificateBaseline(
  certificate: Certificate,
  secret: Secret | undefined | 'not-read',
  requests: readonly CertificateRequest[],
  nextPrivateKeySecrets: readonly string[],
  leafFrom: 'secrets' | 'requests' = 'secrets',
): CertificateBaseline {
  const { metadata, spec } = certificate;
  const status = certificate.status ?? {};
  const data = secret === 'not-read' ? undefined : secret?.data;
  return {
    uid: metadata.uid ?? '',
    secretName: spec.secretName,
    issuerRef: spec.issuerRef,
    ...(leafFrom === 'secrets' ? leafOf(secret) : leafOfRequest(certificate, requests)),
    keySha256: publicKeySha256OfPrivateKey(data?.['tls.key']) ?? null,
    revision: status.revision ?? null,
    renewalTime: status.renewalTime ?? null,
    conditions: status.conditions ?? [],
    lastFailureTime: status.lastFailureTime ?? null,
    failedIssuanceAttempts: status.failedIssuanceAttempts ?? null,
    requests: requests
      .filter((request) => controllerOf(request)?.uid === metadata.uid)
      .map((request) => ({
        name: request.metadata.name,
        uid: request.metadata.uid ?? '',
        creationTimestamp: request.metadata.creationTimestamp ?? '',
        revision: request.metadata.annotations?.[REVISION_ANNOTATION] ?? '',
      }))
      .sort((a, b) => compare(a.creationTimestamp, b.creationTimestamp) || compare(a.name, b.name)),
    nextPrivateKeySecrets: [...nextPrivateKeySecrets].sort(),
    specSha256: specSha256(spec),
  };
}

function leafOf(secret: Secret | undefined | 'not-read'): Pick<CertificateBaseline, 'leaf' | 'leafAbsent'> {
  if (secret === 'not-read') return { leaf: null, leafAbsent: 'not-read' };
  if (secret === undefined) return { leaf: null, leafAbsent: 'missing' };
  const leaf: LeafFacts | undefined = leafFacts(secret.data?.['tls.crt']);
  return leaf === undefined ? { leaf: null, leafAbsent: 'unreadable' } : { leaf };
}

function leafOfRequest(
  certificate: Certificate,
  requests: readonly CertificateRequest[],
): Pick<CertificateBaseline, 'leaf' | 'leafAbsent' | 'leafFrom'> {
  const own = requests.filter((request) => controllerOf(request)?.uid === certificate.metadata.uid);
  const leaf = leafFacts(currentRequest(certificate, own)?.status?.certificate);
  return leaf === undefined ? { leaf: null, leafAbsent: 'not-read' } : { leaf, leafFrom: 'request' };
}

/**
 * The request of the revision that the Certificate's status names (gatherer.go); undefined where there is none.
 *
 * @param requests those of the Certificate.
 */
export function currentRequest(
  certificate: Certificate,
  requests: readonly CertificateRequest[],
): CertificateRequest | undefined {
  const revision = certificate.status?.revision;
  if (revision === undefined) return undefined;
  const current = requests.filter((r) => r.metadata.annotations?.[REVISION_ANNOTATION] === String(revision));
  return current.length === 1 ? current[0] : undefined;
}

/** What stands in for a password written inline, so that the digest of a spec gives nothing to guess it by. */
const REDACTED = 'redacted';

/** SHA-256 (hex) of the canonical JSON of a Certificate's spec, with passwords written inline replaced. */
export function specSha256(spec: CertificateSpec): string {
  const copy = structuredClone(spec);
  for (const store of Object.values(copy.keystores ?? {})) {
    if (isRecord(store) && typeof store.password === 'string') store.password = REDACTED;
  }
  return sha256Hex(canonicalJson(copy));
}

/**
 * What is compared of an issuer. `secretOf` gives the data of a Secret that the issuer names, by name; undefined where
 * it does not exist or was not read.
 */
export function issuerBaseline(issuer: Issuer, secretOf: (name: string) => Secret['data'] | undefined): IssuerBaseline {
  const ready = condition(issuer.status?.conditions, 'Ready');
  const uri = issuer.status?.acme?.uri;
  const account = selector(issuer, 'spec.acme.privateKeySecretRef');
  const ca = selector(issuer, 'spec.ca.secretName');
  return {
    ready: ready === undefined ? null : ready.status === 'True',
    acmeAccountUri: typeof uri === 'string' && uri !== '' ? uri : null,
    accountKeySha256:
      account === undefined
        ? null
        : (publicKeySha256OfPrivateKey(secretOf(account.name)?.[account.key ?? 'tls.key']) ?? null),
    caSha256: ca === undefined ? null : (leafFacts(secretOf(ca.name)?.['tls.crt'])?.sha256 ?? null),
  };
}

/** Of an issuer of another group nothing is known but what all Kubernetes objects may say of themselves. */
export function foreignBaseline(issuer: KubeObject): IssuerBaseline {
  const { conditions } = (issuer.status ?? {}) as Issuer['status'] & object;
  const ready = Array.isArray(conditions) ? condition(conditions, 'Ready') : undefined;
  return {
    ready: ready === undefined ? null : ready.status === 'True',
    acmeAccountUri: null,
    accountKeySha256: null,
    caSha256: null,
  };
}

function selector(issuer: Issuer, path: string): { name: string; key?: string } | undefined {
  const value = findPath(issuer, path)[0]?.value;
  if (typeof value === 'string') return value === '' ? undefined : { name: value };
  if (!isRecord(value) || typeof value.name !== 'string' || value.name === '') return undefined;
  return typeof value.key === 'string' && value.key !== ''
    ? { name: value.name, key: value.key }
    : { name: value.name };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
