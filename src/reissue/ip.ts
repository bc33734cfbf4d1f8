/**
 * An IP address in its 16-byte form as lower-case hex, as Go's net.ParseIP reads it: no zones, no leading zeros in IPv4,
 * IPv4 and IPv4-mapped IPv6 are the same. undefined where Go finds no address.
 */
export function parseIP(text: string): string | undefined {
  const first = /[.:%]/.exec(text)?.[0];
  if (first === '.') {
    const v4 = parseIPv4(text);
    return v4 === undefined ? undefined : MAPPED + v4;
  }
  return first === ':' ? parseIPv6(text) : undefined;
}

const MAPPED = '00000000000000000000ffff';

/** The 16-byte form of an address as it stands in a certificate: 4 or 16 bytes. */
export function ipFromBytes(bytes: Buffer): string | undefined {
  if (bytes.length === 4) return MAPPED + bytes.toString('hex');
  return bytes.length === 16 ? bytes.toString('hex') : undefined;
}

function parseIPv4(text: string): string | undefined {
  const parts = text.split('.');
  if (parts.length !== 4) return undefined;
  let hex = '';
  for (const part of parts) {
    if (!/^(0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined;
    hex += Number(part).toString(16).padStart(2, '0');
  }
  return hex;
}

function parseIPv6(text: string): string | undefined {
  const halves = text.split('::');
  if (halves.length > 2 || text.includes(':::')) return undefined;
  const head = groups(halves[0] as string, halves.length === 1);
  if (halves.length === 1) return head?.length === 32 ? head : undefined;
  const tail = groups(halves[1] as string, true);
  if (head === undefined || tail === undefined) return undefined;
  // The :: stands for at least one group.
  const gap = 32 - head.length - tail.length;
  return gap < 4 ? undefined : head + '0'.repeat(gap) + tail;
}

/** Groups of up to four hex digits, as hex; the last one may be an IPv4 address where `last`. */
function groups(text: string, last: boolean): string | undefined {
  if (text === '') return '';
  let hex = '';
  const parts = text.split(':');
  for (const [i, part] of parts.entries()) {
    if (/^[0-9A-Fa-f]{1,4}$/.test(part)) {
      hex += part.toLowerCase().padStart(4, '0');
      continue;
    }
    const v4 = last && i === parts.length - 1 ? parseIPv4(part) : undefined;
    if (v4 === undefined) return undefined;
    hex += v4;
  }
  return hex;
}

/** An address in its 16-byte form as Go's net.IP.String writes it. */
export function printIP(hex: string): string {
  if (hex.startsWith(MAPPED)) return [...Buffer.from(hex.slice(24), 'hex')].join('.');
  const parts = (hex.match(/.{4}/g) as string[]).map((group) => Number.parseInt(group, 16).toString(16));
  // The first of the longest runs of zero groups, if longer than one, becomes a double colon.
  let best = { start: 0, length: 1 };
  for (let start = 0; start < 8; start++) {
    let length = 0;
    while (parts[start + length] === '0') length++;
    if (length > best.length) best = { start, length };
  }
  if (best.length < 2) return parts.join(':');
  return `${parts.slice(0, best.start).join(':')}::${parts.slice(best.start + best.length).join(':')}`;
}
