import { BlockList, isIP } from 'node:net';

/**
 * The proxy that the environment asks for on the way to `server`, or undefined. The same rules as Go's
 * golang.org/x/net/http/httpproxy, which kubectl follows: HTTPS_PROXY for https, HTTP_PROXY for http, upper or lower
 * case; NO_PROXY lists host names (with their subdomains), addresses, CIDR ranges, each with an optional port, or `*`;
 * localhost and loopback addresses never go through a proxy.
 */
export function proxyFromEnvironment(server: URL, env: Record<string, string | undefined>): string | undefined {
  const value = (name: string): string => env[name] || env[name.toLowerCase()] || '';
  const proxy = value(server.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (proxy === '' || isExcepted(server, value('NO_PROXY'))) return undefined;
  return proxy.includes('://') ? proxy : `http://${proxy}`;
}

function isExcepted(server: URL, noProxy: string): boolean {
  const host = server.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = server.port || (server.protocol === 'https:' ? '443' : '80');
  if (host === 'localhost' || host === '::1' || /^127\./.test(host)) return true;
  return noProxy
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '')
    .some((entry) => matches(entry, host, port));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true;
  if (entry.includes('/')) return inRange(entry, host);
  const withPort = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(entry);
  const name = (withPort?.[1] ?? entry).replace(/^\[|\]$/g, '');
  if (withPort !== null && withPort[2] !== port) return false;
  if (isIP(name) !== 0) return name === host;
  const domain = name.replace(/^\*?\./, '');
  // ".example.com" is for subdomains only, "example.com" for the domain and its subdomains.
  return host.endsWith(`.${domain}`) || (name === domain && host === domain);
}

function inRange(cidr: string, host: string): boolean {
  const family = isIP(host);
  const [network = '', bits = ''] = cidr.split('/');
  if (family === 0 || isIP(network) !== family) return false;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  try {
    const list = new BlockList();
    list.addSubnet(network, Number.parseInt(bits, 10), type);
    return list.check(host, type);
  } catch {
    return false; // not a range: an entry that matches nothing
  }
}
