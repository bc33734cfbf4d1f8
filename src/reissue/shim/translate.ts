import type { CertificateSpec, PrivateKeySpec, X509Subject } from '../../model/objects.ts';
import { parseDuration, printDuration } from '../goDuration.ts';
import { type Annotations, annotationOf } from './annotations.ts';
import { parseInteger, splitCsv } from './goText.ts';
import type { ShimRules } from './rules.ts';
import { parseSecretTemplate } from './secretTemplate.ts';
import { Undecidable } from './undecidable.ts';

/** An annotation that the shim cannot use: it then does nothing at all for the object. */
export class BadAnnotation extends Error {
  readonly annotation: string;

  /** `why` must not quote the annotation's value. */
  constructor(annotation: string, why: string) {
    super(`annotation ${annotation}: ${why}`);
    this.name = 'BadAnnotation';
    this.annotation = annotation;
  }
}

/** pkg/api/util/usages.go */
const USAGES = new Set([
  'signing',
  'digital signature',
  'content commitment',
  'key encipherment',
  'key agreement',
  'data encipherment',
  'cert sign',
  'crl sign',
  'encipher only',
  'decipher only',
  'any',
  'server auth',
  'client auth',
  'code signing',
  'email protection',
  's/mime',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'timestamping',
  'ocsp signing',
  'microsoft sgc',
  'netscape sgc',
]);

const SUBJECT_LISTS = [
  ['organizations', 'organizations'],
  ['organizationalunits', 'organizationalUnits'],
  ['countries', 'countries'],
  ['provinces', 'provinces'],
  ['localities', 'localities'],
  ['postalcodes', 'postalCodes'],
  ['streetaddresses', 'streetAddresses'],
] as const;

/**
 * Writes what the maker's annotations say into the spec of its Certificate (translateAnnotations in
 * pkg/controller/certificate-shim/helper.go). Throws BadAnnotation for the first one that upstream refuses.
 */
export function translateAnnotations(spec: CertificateSpec, annotations: Annotations, rules: ShimRules): void {
  const value = (name: string): string | undefined => annotationOf(annotations, `cert-manager.io/${name}`);
  translateNames(spec, value, rules);
  if (rules.subject) {
    const subject = readSubject(value);
    if (Object.keys(subject).length > 0) spec.subject = subject;
  }
  translateDates(spec, value, rules);
  const usages = value('usages');
  if (usages !== undefined) spec.usages = readUsages(usages);
  const limit = value('revision-history-limit');
  if (limit !== undefined) spec.revisionHistoryLimit = readLimit(limit);
  translatePrivateKey(spec, value);
  const template = value('secret-template');
  if (template !== undefined && rules.secretTemplate) translateTemplate(spec, template);
}

type Value = (name: string) => string | undefined;

function translateNames(spec: CertificateSpec, value: Value, rules: ShimRules): void {
  const commonName = value('common-name');
  // An empty text is left out when the object is written.
  if (commonName) spec.commonName = commonName;
  if (rules.altNames) {
    const names = value('alt-names');
    if (names) spec.dnsNames = [...(spec.dnsNames ?? []), ...names.split(',')];
    const addresses = value('ip-sans');
    if (addresses) spec.ipAddresses = [...(spec.ipAddresses ?? []), ...addresses.split(',')];
  }
  const emails = value('email-sans');
  if (emails !== undefined && rules.subject) spec.emailAddresses = emails.split(',');
}

function readSubject(value: Value): X509Subject {
  const subject: X509Subject = {};
  for (const [name, field] of SUBJECT_LISTS) {
    const text = value(`subject-${name}`);
    if (text === undefined) continue;
    const list = splitCsv(text);
    if (list === undefined) {
      // Upstream blames the organizations for what is wrong with the organizational units.
      const blamed = name === 'organizationalunits' ? 'organizations' : name;
      throw new BadAnnotation(`cert-manager.io/subject-${blamed}`, 'it is not one line of comma-separated values');
    }
    subject[field] = list;
  }
  const serialNumber = value('subject-serialnumber');
  if (serialNumber) subject.serialNumber = serialNumber;
  return subject;
}

function translateDates(spec: CertificateSpec, value: Value, rules: ShimRules): void {
  for (const [name, field] of [
    ['duration', 'duration'],
    ['renew-before', 'renewBefore'],
  ] as const) {
    const text = value(name);
    if (text === undefined) continue;
    if (text.length > 200) throw new Undecidable(`annotation cert-manager.io/${name} is very long`);
    const duration = parseDuration(text);
    if (duration === undefined) throw new BadAnnotation(`cert-manager.io/${name}`, 'it is no duration');
    spec[field] = printDuration(duration);
  }
  const percentage = value('renew-before-percentage');
  if (percentage === undefined || !rules.renewBeforePercentage) return;
  const number = parseInteger(percentage, 32);
  if (number === undefined) throw new BadAnnotation('cert-manager.io/renew-before-percentage', 'it is no number');
  spec.renewBeforePercentage = Number(number);
}

function readUsages(text: string): string[] {
  return text.split(',').map((name) => {
    const usage = name.replace(/^ +| +$/g, '');
    if (!USAGES.has(usage)) throw new BadAnnotation('cert-manager.io/usages', 'it names an unknown usage');
    return usage;
  });
}

function readLimit(text: string): number {
  const limit = parseInteger(text, 32);
  if (limit === undefined || limit < 1n) {
    throw new BadAnnotation('cert-manager.io/revision-history-limit', 'it is no positive number');
  }
  return Number(limit);
}

function translatePrivateKey(spec: CertificateSpec, value: Value): void {
  const key: PrivateKeySpec = {};
  const algorithm = oneOf(value, 'private-key-algorithm', ['RSA', 'ECDSA', 'Ed25519']);
  if (algorithm !== undefined) key.algorithm = algorithm;
  const encoding = oneOf(value, 'private-key-encoding', ['PKCS1', 'PKCS8']);
  if (encoding !== undefined) key.encoding = encoding;
  const size = value('private-key-size');
  if (size !== undefined) key.size = readSize(size, algorithm ?? 'RSA');
  const rotationPolicy = oneOf(value, 'private-key-rotation-policy', ['Never', 'Always']);
  if (rotationPolicy !== undefined) key.rotationPolicy = rotationPolicy;
  if (Object.keys(key).length === 0) return;
  // A size of 0 is left out when the object is written, but the empty privateKey around it is not.
  if (key.size === 0) delete key.size;
  spec.privateKey = key;
}

function oneOf(value: Value, name: string, choices: readonly string[]): string | undefined {
  const text = value(name);
  if (text !== undefined && !choices.includes(text)) {
    throw new BadAnnotation(`cert-manager.io/${name}`, `it is none of ${choices.join(', ')}`);
  }
  return text;
}

function readSize(text: string, algorithm: string): number {
  const bad = (why: string): BadAnnotation => new BadAnnotation('cert-manager.io/private-key-size', why);
  const size = parseInteger(text, 64);
  if (size === undefined) throw bad('it is no number');
  if (algorithm === 'RSA' && (size < 2048n || size > 8192n)) throw bad('it is no size of RSA keys');
  if (algorithm === 'ECDSA' && ![256n, 384n, 521n].includes(size)) throw bad('it is no size of ECDSA keys');
  return Number(size);
}

/** pkg/controller/certificate-shim/helper.go: cert-manager's own annotations may not be set by a template. */
function translateTemplate(spec: CertificateSpec, text: string): void {
  const template = parseSecretTemplate(text);
  if (template === undefined) throw new BadAnnotation('cert-manager.io/secret-template', 'it is no secret template');
  const { annotations = {}, labels = {} } = template;
  if (Object.keys(annotations).some((name) => name.startsWith('cert-manager.io/'))) {
    throw new BadAnnotation('cert-manager.io/secret-template', 'it sets annotations of cert-manager.io');
  }
  if (Object.keys(annotations).length === 0 && Object.keys(labels).length === 0) return;
  spec.secretTemplate = {
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
  };
}
