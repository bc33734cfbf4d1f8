import { type Der, TAG } from './der.ts';
import { Unclear } from './read.ts';

/** The fields of a distinguished name that cert-manager compares (crypto/x509/pkix Name.FillFromRDNSequence). */
export interface Name {
  commonName: string;
  serialNumber: string;
  countries: string[];
  organizations: string[];
  organizationalUnits: string[];
  localities: string[];
  provinces: string[];
  streetAddresses: string[];
  postalCodes: string[];
  /** All attributes as they stand there: object identifier and value, by RDN. */
  rdns: [oid: string, value: string][][];
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const PRINTABLE = /^[A-Za-z0-9'()+,\-./ :=?*&]*$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: IA5 is all of ASCII
const ASCII = /^[\x00-\x7f]*$/;

/** Valid UTF-8 as text; throws Unclear for other bytes. */
export function decodeUtf8(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Unclear('a string that is not UTF-8');
  }
}

/** The text of an attribute or name, where all Go versions read it alike. */
export function readString(tag: number, content: Buffer): string {
  if (tag === TAG.utf8String) return decodeUtf8(content);
  const text = content.toString('latin1');
  const fits =
    tag === TAG.printableString
      ? PRINTABLE.test(text)
      : tag === TAG.ia5String || tag === TAG.t61String
        ? ASCII.test(text)
        : tag === TAG.numericString && /^[0-9 ]*$/.test(text);
  if (!fits) throw new Unclear('a string of an unusual type');
  return text;
}

/** A Name, given the content of its SEQUENCE. Of several common names or serial numbers the last one counts, as in Go. */
export function readName(sequence: Der): Name {
  const name: Name = {
    commonName: '',
    serialNumber: '',
    countries: [],
    organizations: [],
    organizationalUnits: [],
    localities: [],
    provinces: [],
    streetAddresses: [],
    postalCodes: [],
    rdns: [],
  };
  while (!sequence.empty) {
    const set = sequence.read(TAG.set);
    if (set.empty) throw new Unclear('a name with an empty part');
    const rdn: [string, string][] = [];
    name.rdns.push(rdn);
    while (!set.empty) {
      const attribute = set.read(TAG.sequence);
      const oid = attribute.oid();
      const { tag, content } = attribute.any();
      attribute.finish();
      const value = readString(tag, content);
      rdn.push([oid, value]);
      fill(name, oid, value);
    }
  }
  return name;
}

function fill(name: Name, oid: string, value: string): void {
  switch (oid) {
    case '2.5.4.3':
      name.commonName = value;
      break;
    case '2.5.4.5':
      name.serialNumber = value;
      break;
    case '2.5.4.6':
      name.countries.push(value);
      break;
    case '2.5.4.7':
      name.localities.push(value);
      break;
    case '2.5.4.8':
      name.provinces.push(value);
      break;
    case '2.5.4.9':
      name.streetAddresses.push(value);
      break;
    case '2.5.4.10':
      name.organizations.push(value);
      break;
    case '2.5.4.11':
      name.organizationalUnits.push(value);
      break;
    case '2.5.4.17':
      name.postalCodes.push(value);
      break;
    default:
  }
}
