import { getDomain } from 'tldts';
import { CERT_MANAGER_GROUP } from '../model/kinds.ts';
import type { Certificate, Issuer } from '../model/objects.ts';
import { parseIP, printIP } from '../reissue/ip.ts';
import { NEWEST_KNOWN, rulesFor } from '../reissue/versions.ts';
import { readLeaf } from '../reissue/x509.ts';
import type { Judged } from './judge.ts';

/** One order that an ACME issuer would make. */
export interface Order {
  server: string;
  /** The issuer, which has one account: `Issuer/namespace/name`. */
  account: string;
  /** In milliseconds since 1970. */
  at: number;
  names: string[];
  /** For exactly the names of the certificate in place. */
  isRenewal: boolean;
}

/** The issuers that ask an ACME server, by the name that a Certificate refers to them with. */
export function acmeServers(issuers: readonly Issuer[]): Map<string, string> {
  const servers = new Map<string, string>();
  for (const { kind, metadata, spec } of issuers) {
    const acme = (spec as { acme?: { server?: unknown } } | undefined)?.acme;
    if (typeof acme?.server === 'string') servers.set(issuerKey(kind, metadata.namespace, metadata.name), acme.server);
  }
  return servers;
}

/** The order that issuing this Certificate at that time would be; undefined where no ACME issuer is asked. */
export function orderOf(judged: Judged, at: number, servers: ReadonlyMap<string, string>): Order | undefined {
  const { certificate } = judged;
  const { group, kind, name } = certificate.spec.issuerRef;
  if ((group || CERT_MANAGER_GROUP) !== CERT_MANAGER_GROUP) return undefined;
  const account = issuerKey(kind || 'Issuer', certificate.metadata.namespace, name);
  const server = servers.get(account);
  if (server === undefined) return undefined;
  const names = namesOf(certificate);
  return { server, account, at, names, isRenewal: isSameSet(names, leafNames(judged)) };
}

const issuerKey = (kind: string, namespace: string | undefined, name: string): string =>
  kind === 'ClusterIssuer' ? `${kind}/${name}` : `${kind}/${namespace ?? ''}/${name}`;

/** The identifiers of the order: DNS names, the common name among them, and IP addresses (pkg/controller/acmeorders). */
function namesOf({ spec }: Certificate): string[] {
  const common = spec.commonName ? [spec.commonName] : [];
  return normal([...(spec.dnsNames ?? []), ...common, ...(spec.ipAddresses ?? []).map(plainIP)]);
}

/** In the one spelling that addresses of certificates are printed in. */
function plainIP(text: string): string {
  const ip = parseIP(text);
  return ip === undefined ? text : printIP(ip);
}

/** Names on the certificate in place; [] where it cannot be read. */
function leafNames({ secret }: Judged): string[] {
  const text = secret?.data?.['tls.crt'];
  if (typeof text !== 'string') return [];
  const leaf = readLeaf(Buffer.from(text, 'base64'), rulesFor(NEWEST_KNOWN));
  if (leaf.kind !== 'read') return [];
  const { dnsNames, ips } = leaf.value.altNames;
  return normal([...dnsNames, ...ips.map(printIP)]);
}

const normal = (names: readonly string[]): string[] => [...new Set(names.map((name) => name.toLowerCase()))].sort();

const isSameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, i) => name === b[i]);

/**
 * What a CA counts a name by: its registered domain by the public suffix list, private suffixes such as github.io
 * included; the name itself where it is a public suffix; an address as it is.
 */
export function registeredDomain(name: string): string {
  return getDomain(name.replace(/^\*\./, ''), { allowPrivateDomains: true }) ?? name;
}
