import { CERT_MANAGER_GROUP } from '../model/kinds.ts';
import { type Certificate, type Issuer, type IssuerRef, objectName, refName } from '../model/objects.ts';
import type { ClusterState } from './state.ts';

export interface ScopeOptions {
  namespaces: readonly string[];
  selector?: string;
}

/** An issuer of another group, and who names it. */
export interface ForeignUse {
  ref: IssuerRef;
  /** Of the Certificates; may repeat. */
  namespaces: string[];
  certificates: string[];
}

export interface IssuerScope {
  /** Issuers that go into the backup. */
  issuers: Issuer[];
  /** `Kind/namespace/name` of issuers that Certificates name and that do not exist → the Certificates' names. */
  missing: Map<string, string[]>;
  /** issuerRefs of other groups → the Certificates' names. */
  foreign: Map<string, ForeignUse>;
  /** Name of a ClusterIssuer → namespaces of the Certificates that use it. */
  usedIn: Map<string, string[]>;
}

/**
 * Which issuers belong to the scope: with no scope all; with namespaces the Issuers in them and the ClusterIssuers that
 * their Certificates use; with a selector only what the selected Certificates use.
 */
export function scopeIssuers(state: ClusterState, options: ScopeOptions): IssuerScope {
  const existing = new Set(state.issuers.map(objectName));
  const used = new Set<string>();
  const scope: IssuerScope = { issuers: [], missing: new Map(), foreign: new Map(), usedIn: new Map() };
  for (const certificate of state.certificates) {
    const { namespace = '' } = certificate.metadata;
    const ref = certificate.spec.issuerRef;
    if ((ref.group ?? '') !== '' && ref.group !== CERT_MANAGER_GROUP) {
      const id = `${ref.kind ?? ''}.${ref.group}/${ref.name}`;
      const entry = scope.foreign.get(id) ?? { ref, namespaces: [], certificates: [] };
      entry.namespaces.push(namespace);
      entry.certificates.push(objectName(certificate));
      scope.foreign.set(id, entry);
      continue;
    }
    const name = issuerName(certificate);
    used.add(name);
    if (ref.kind === 'ClusterIssuer') append(scope.usedIn, ref.name, namespace);
    if (!existing.has(name)) append(scope.missing, name, objectName(certificate));
  }
  const all = (options.selector ?? '') === '';
  scope.issuers = state.issuers.filter((issuer) => {
    if (used.has(objectName(issuer))) return true;
    return all && (issuer.kind === 'Issuer' || options.namespaces.length === 0);
  });
  return scope;
}

/** `Issuer/namespace/name` or `ClusterIssuer/name`: what the issuerRef of cert-manager's own group names. */
export function issuerName(certificate: Certificate): string {
  const { kind, name } = certificate.spec.issuerRef;
  return kind === 'ClusterIssuer'
    ? refName(kind, undefined, name)
    : refName(kind || 'Issuer', certificate.metadata.namespace, name);
}

function append(map: Map<string, string[]>, key: string, value: string): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
