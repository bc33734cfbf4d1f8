import { constructed, context, Der, TAG } from './der.ts';
import { ipFromBytes } from './ip.ts';
import { readString } from './name.ts';
import { Unclear } from './read.ts';
import { readUri } from './uri.ts';
import type { Rules } from './versions.ts';

export interface OtherName {
  oid: string;
  value: string;
}

/** The subject alternative names that cert-manager compares. */
export interface AltNames {
  dnsNames: string[];
  emailAddresses: string[];
  uris: string[];
  /** 16-byte form, hex. */
  ips: string[];
  /** Whether there is a subjectAltName extension at all. */
  present: boolean;
  /** The names of type otherName, and whether every name in the extension is of a type that can be told; read on demand. */
  otherNames(): OtherName[];
}

export const NO_ALT_NAMES: AltNames = {
  dnsNames: [],
  emailAddresses: [],
  uris: [],
  ips: [],
  present: false,
  otherNames: () => [],
};

/** A subjectAltName extension's value (crypto/x509 parseSANExtension; pkg/util/pki/sans.go for otherNames). */
export function readAltNames(value: Buffer): AltNames {
  const names: AltNames = {
    dnsNames: [],
    emailAddresses: [],
    uris: [],
    ips: [],
    present: true,
    otherNames: () => readOtherNames(value),
  };
  const outer = new Der(value);
  const sequence = outer.read(TAG.sequence);
  outer.finish();
  while (!sequence.empty) {
    const { tag, content } = sequence.any();
    switch (tag) {
      case context(1):
        names.emailAddresses.push(readString(TAG.ia5String, content));
        break;
      case context(2):
        names.dnsNames.push(readString(TAG.ia5String, content));
        break;
      case context(6):
        names.uris.push(readUri(readString(TAG.ia5String, content)));
        break;
      case context(7): {
        const ip = ipFromBytes(content);
        if (ip === undefined) throw new Unclear('an IP address of a wrong length');
        names.ips.push(ip);
        break;
      }
      case constructed(0): // otherName
      case constructed(4): // directoryName
      case context(8): // registeredID
        break;
      default:
        throw new Unclear('an unusual subject alternative name');
    }
  }
  return names;
}

const PLAIN_DNS_NAME = /^[\x21-\x2d\x2f-\x7e]{1,63}(\.[\x21-\x2d\x2f-\x7e]{1,63})*$/;

/** Throws Unclear at DNS names that not every Go takes, where the release may be built with such a one. */
export function checkDnsNames({ dnsNames }: AltNames, rules: Rules): void {
  if (rules.looseDnsNames) return;
  if (!dnsNames.every((name) => name.length <= 253 && PLAIN_DNS_NAME.test(name))) throw new Unclear('an odd DNS name');
}

/** Throws Unclear where cert-manager would find a value that is not a UTF-8 string. */
function readOtherNames(value: Buffer): OtherName[] {
  const names: OtherName[] = [];
  const sequence = new Der(value).read(TAG.sequence);
  while (!sequence.empty) {
    const { tag, content } = sequence.any();
    if (tag === constructed(4) || tag === context(8)) throw new Unclear('a directory name or registered ID');
    if (tag !== constructed(0)) continue;
    const other = new Der(content);
    const oid = other.oid();
    const inner = other.read(constructed(0));
    other.finish();
    const text = readString(TAG.utf8String, inner.content(TAG.utf8String));
    inner.finish();
    if (text === '') throw new Unclear('an empty otherName');
    names.push({ oid, value: text });
  }
  return names;
}
