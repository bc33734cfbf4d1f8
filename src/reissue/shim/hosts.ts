import { parseIP } from '../ip.ts';
import { annotationOf, IGNORE_TLS_LISTENERS } from './annotations.ts';
import type { ShimFlags } from './flags.ts';
import { trimSpace } from './goText.ts';
import type { CertificateRef, IngressTls, Listener, Maker } from './maker.ts';
import type { ShimRules } from './rules.ts';

export interface TlsHosts {
  /** Secret name, in the maker's namespace → hosts in their order. */
  hosts: Map<string, string[]>;
  /** What was left out, and why. */
  skipped: string[];
}

/** The Secrets that the maker asks for (buildCertificates in sync.go). */
export function tlsHosts(maker: Maker, rules: ShimRules, flags: Required<ShimFlags>): TlsHosts {
  const found: TlsHosts = { hosts: new Map(), skipped: [] };
  for (const [i, tls] of maker.tls.entries()) {
    const wrong = wrongTls(tls);
    if (wrong === '') found.hosts.set(tls.secretName, [...tls.hosts]);
    else found.skipped.push(`spec.tls[${i}]: ${wrong}`);
  }
  for (const [i, listener] of maker.listeners.entries()) {
    if (isPassedOver(listener, maker, rules, flags)) continue;
    const wrong = wrongListener(listener, maker);
    if (wrong !== '') {
      found.skipped.push(`spec.listeners[${i}]: ${wrong}`);
      continue;
    }
    for (const { name } of listener.tls?.refs ?? []) {
      const hosts = found.hosts.get(name) ?? [];
      hosts.push(listener.hostname ?? '');
      found.hosts.set(name, hosts);
    }
  }
  return found;
}

/** An Ingress in which two entries name one Secret is left alone as a whole; the name of the Secret, or undefined. */
export function duplicateSecretName({ tls }: Maker): string | undefined {
  const seen = new Set<string>();
  for (const { secretName } of tls) {
    if (seen.has(secretName)) return secretName;
    seen.add(secretName);
  }
  return undefined;
}

function wrongTls({ hosts, secretName }: IngressTls): string {
  return [
    ...(hosts.length === 0 ? ['it has no hosts'] : []),
    ...(secretName === '' ? ['it has no secretName'] : []),
  ].join(', ');
}

/** Listeners that are none of the shim's business. */
function isPassedOver(
  { name, protocol, tls }: Listener,
  { annotations }: Maker,
  rules: ShimRules,
  flags: Required<ShimFlags>,
): boolean {
  const protocols = ['HTTPS', 'TLS', ...(rules.listenerOptions ? flags.gatewayExtraProtocols : [])];
  if (rules.protocols && !protocols.includes(protocol)) return true;
  if (rules.passthrough && tls?.mode === 'Passthrough') return true;
  const ignored = rules.listenerOptions ? annotationOf(annotations, IGNORE_TLS_LISTENERS) : undefined;
  return ignored?.split(',').some((one) => trimSpace(one) === name) ?? false;
}

/** validateGatewayListenerBlock in sync.go; '' where nothing is wrong. */
function wrongListener({ hostname, tls }: Listener, { namespace }: Maker): string {
  const wrong: string[] = [];
  if (!hostname) wrong.push('it has no hostname');
  if (tls === undefined) return [...wrong, 'it has no tls'].join(', ');
  if (tls.refs.length === 0) wrong.push('it has no certificateRefs');
  if (tls.refs.some((ref) => !isSecret(ref))) wrong.push('a certificateRef is no Secret');
  if (tls.refs.some((ref) => ref.namespace !== undefined && ref.namespace !== namespace)) {
    wrong.push('a certificateRef is in another namespace');
  }
  if (tls.mode !== 'Terminate') wrong.push('its mode is not Terminate');
  return wrong.join(', ');
}

function isSecret({ group, kind }: CertificateRef): boolean {
  return ['', 'core'].includes(group) && ['', 'Secret'].includes(kind);
}

/** Hosts as names and addresses, in their order. */
export function splitHosts(hosts: readonly string[], rules: ShimRules): { dnsNames: string[]; ipAddresses: string[] } {
  const all = rules.deduplicates ? [...new Set(hosts)] : hosts;
  if (!rules.splitsIPs) return { dnsNames: [...all], ipAddresses: [] };
  const isIP = (host: string): boolean => parseIP(host) !== undefined;
  return { dnsNames: all.filter((host) => !isIP(host)), ipAddresses: all.filter(isIP) };
}

/** Whether the maker still asks for a Secret of that name, in whatever entry (secretNameUsedIn in sync.go). */
export function usesSecret({ tls, listeners }: Maker, secretName: string): boolean {
  return (
    tls.some((entry) => entry.secretName === secretName) ||
    listeners.some((listener) => listener.tls?.refs.some(({ name }) => name === secretName) ?? false)
  );
}
