import { CERT_MANAGER_GROUP, groupOf, LAST_APPLIED_ANNOTATION } from '../model/kinds.ts';
import type { KubeObject } from '../model/objects.ts';
import { MAX_DEPTH } from './canonical.ts';

/** Field names whose value is a credential, unless the value is a reference to one. */
const SECRET_WORD =
  /passw(?:or)?d|passphrase|pwd$|secret|token|credential|api_?key|access_?key|private_?key|signing_?key|hmac/i;
/** Fields that name a Secret, a key in one, or something public. */
const REFERENCE_WORD =
  /(?:ref|refs|name|names|namespace|keyid|key_id|url|uri|endpoint|path|type|algorithm|ttl|duration)$/i;

/**
 * Paths of the fields that hold a credential in the object itself (`spec.keystores.jks.password`), for which the whole
 * object counts as a Secret. Looked at: a Certificate's keystore passwords; the free-form configuration of a DNS01
 * webhook solver, and the spec of issuers of other groups, where a field's name says that it is secret and its value is
 * a text and no reference; a PEM private key or an age identity anywhere; and all of these inside the last-applied
 * annotation. When in doubt the answer is yes: what is sealed for nothing does no harm. Secrets themselves: [].
 */
export function inlineCredentials(object: KubeObject): string[] {
  if (object.apiVersion === 'v1' && object.kind === 'Secret') return [];
  const found = new Set<string>();
  inspect(object, '', found);
  return [...found].sort();
}

function inspect(object: KubeObject, prefix: string, found: Set<string>): void {
  keyMaterial(object, prefix, found, 0);
  const group = groupOf(object.apiVersion);
  if (group === CERT_MANAGER_GROUP && object.kind === 'Certificate') keystorePasswords(object, prefix, found);
  else if (group === CERT_MANAGER_GROUP) solverConfigs(object, prefix, found);
  else if (group !== '' && group !== 'apiextensions.k8s.io') {
    secretWords(object.spec, join(prefix, 'spec'), found, 0);
  }
  lastApplied(object, prefix, found);
}

function keystorePasswords(object: KubeObject, prefix: string, found: Set<string>): void {
  const keystores = record(record(object.spec)?.keystores);
  for (const [name, keystore] of Object.entries(keystores ?? {})) {
    const password = record(keystore)?.password;
    if (typeof password === 'string' && password !== '') found.add(join(prefix, `spec.keystores.${name}.password`));
  }
}

function solverConfigs(object: KubeObject, prefix: string, found: Set<string>): void {
  const solvers = record(record(object.spec)?.acme)?.solvers;
  if (!Array.isArray(solvers)) return;
  for (const [i, solver] of solvers.entries()) {
    const config = record(record(record(solver)?.dns01)?.webhook)?.config;
    secretWords(config, join(prefix, `spec.acme.solvers[${i}].dns01.webhook.config`), found, 0);
  }
}

/** A copy of the object as `kubectl apply` keeps it in an annotation repeats whatever the object held. */
function lastApplied(object: KubeObject, prefix: string, found: Set<string>): void {
  const annotation = record(record(object.metadata)?.annotations)?.[LAST_APPLIED_ANNOTATION];
  if (prefix !== '' || typeof annotation !== 'string') return;
  const path = `metadata.annotations[${LAST_APPLIED_ANNOTATION}]`;
  try {
    const copy: unknown = JSON.parse(annotation);
    if (record(copy) !== undefined) inspect({ ...(copy as KubeObject), ...identity(object) }, path, found);
  } catch {
    // Not JSON, so not written by kubectl: nothing can be said of it, and keyMaterial has searched its text.
  }
}

function identity(object: KubeObject): Pick<KubeObject, 'apiVersion' | 'kind'> {
  return { apiVersion: object.apiVersion, kind: object.kind };
}

/** Texts below `value` whose field name says that they are secret. */
function secretWords(value: unknown, path: string, found: Set<string>, depth: number): void {
  if (depth > MAX_DEPTH) return;
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) secretWords(item, `${path}[${i}]`, found, depth + 1);
    return;
  }
  const fields = record(value);
  if (fields === undefined) return;
  const isReference = 'name' in fields || Object.keys(fields).some((key) => /secret_?name$/i.test(key));
  for (const [key, item] of Object.entries(fields)) {
    const here = `${path}.${key}`;
    if (typeof item !== 'string' && typeof item !== 'number') secretWords(item, here, found, depth + 1);
    else if (item === '' || !SECRET_WORD.test(key) || REFERENCE_WORD.test(key)) continue;
    // `{secretName: x, secretKey: token}` names a key inside a Secret.
    else if (!(isReference && /key$/i.test(key))) found.add(here);
  }
}

/** Private keys as PEM (also base64 of it) and age identities, wherever they stand. */
function keyMaterial(value: unknown, path: string, found: Set<string>, depth: number): void {
  if (depth > MAX_DEPTH) return;
  if (typeof value === 'string') {
    if (holdsKey(value)) found.add(path);
  } else if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) keyMaterial(item, `${path}[${i}]`, found, depth + 1);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) keyMaterial(item, join(path, key), found, depth + 1);
  }
}

function holdsKey(text: string): boolean {
  if (/PRIVATE KEY-----|AGE-SECRET-KEY-/.test(text)) return true;
  // Base64 of `-----BEGIN `.
  if (!text.startsWith('LS0tLS1CRUdJTi')) return false;
  return /PRIVATE KEY-----/.test(Buffer.from(text, 'base64').toString('latin1'));
}

function join(prefix: string, path: string): string {
  return prefix === '' ? path : `${prefix}.${path}`;
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined;
}
