import { rootCertificates } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { rulesFor } from './versions.ts';
import { readCertificate, readLeaf } from './x509.ts';

const rules = rulesFor('1.21.2');

describe('certificates of the world', () => {
  it('are read, all roots that Node trusts', () => {
    expect(rootCertificates.length).toBeGreaterThan(100);
    for (const pem of rootCertificates) expect(readLeaf(Buffer.from(`${pem}\n`), rules).kind).toBe('read');
  });
  it('are read as a chain', () => {
    const read = readLeaf(Buffer.from(rootCertificates.slice(0, 50).join('\n')), rules);
    expect(read.kind === 'read' && read.value.notAfter).toBeGreaterThan(1.7e9);
  });
});

describe('damage', () => {
  const der = Buffer.from((rootCertificates[0] as string).replace(/-----[^-]+-----|\s/g, ''), 'base64');
  it('is never taken where it cuts, lengthens or re-tags', () => {
    for (let length = 0; length < der.length; length += 7)
      expect(() => readCertificate(der.subarray(0, length))).toThrow();
    expect(() => readCertificate(Buffer.concat([der, Buffer.from([0])]))).toThrow();
    for (const tag of [0x31, 0x70, 0xb0, 0x3f, 0x10]) {
      const changed = Buffer.from(der);
      changed[0] = tag;
      expect(() => readCertificate(changed)).toThrow();
    }
  });
  it('ends in an error of one kind, whatever byte is changed', () => {
    for (let at = 0; at < der.length; at++) {
      const changed = Buffer.from(der);
      changed[at] = (changed[at] as number) ^ 0xff;
      const pem = `-----BEGIN CERTIFICATE-----\n${changed.toString('base64')}\n-----END CERTIFICATE-----\n`;
      expect(['read', 'unclear']).toContain(readLeaf(Buffer.from(pem), rules).kind);
    }
  });
});
