import type { Certificate, CertificateRequest, CertificateSpec, IssuerRef } from '../model/objects.ts';
import type { Csr } from './csr.ts';
import { parseIP, printIP } from './ip.ts';
import { equalUnsorted } from './multiset.ts';
import { bitLength } from './privateKey.ts';
import { CURVES, type PublicKey } from './publicKey.ts';
import { Unclear } from './read.ts';
import { durationOf } from './renewalTime.ts';
import { literalSubjectAttributes, literalSubjectDer } from './rfc4514.ts';
import type { Rules } from './versions.ts';
import type { X509 } from './x509.ts';

/** Comparisons of pkg/util/pki/match.go. Each returns the names of the fields that do not match, in upstream's order. */

const DEFAULT_KIND = 'Issuer';
const DEFAULT_GROUP = 'cert-manager.io';
export const issuerKind = (kind: string | undefined): string => kind || DEFAULT_KIND;
export const issuerGroup = (group: string | undefined): string => group || DEFAULT_GROUP;

/** PrivateKeyMatchesSpec. Throws Unclear for an algorithm at which cert-manager panics. */
export function privateKeyMatchesSpec(key: PublicKey, spec: CertificateSpec): string[] {
  const algorithm = spec.privateKey?.algorithm ?? '';
  const size = spec.privateKey?.size ?? 0;
  switch (algorithm) {
    case '':
    case 'RSA':
      if (key.type !== 'rsa') return ['spec.privateKey.algorithm'];
      return bitLength(key.modulus) === (size > 0 ? size : 2048) ? [] : ['spec.privateKey.size'];
    case 'ECDSA':
      if (key.type !== 'ecdsa') return ['spec.privateKey.algorithm'];
      return CURVES[key.curve].bits === (size > 0 ? size : 256) ? [] : ['spec.privateKey.size'];
    case 'Ed25519':
      return key.type === 'ed25519' ? [] : ['spec.privateKey.algorithm'];
    default:
      throw new Unclear('cert-manager crashes on an unknown spec.privateKey.algorithm');
  }
}

/**
 * IP addresses of a certificate or request, in 16-byte form, against texts; a text that is no address equals none.
 * Old releases compare texts.
 */
function ipsMatch(ips: readonly string[], texts: readonly string[], rules: Rules): boolean {
  if (!rules.parsedIPs) return equalUnsorted(ips.map(printIP), texts);
  return equalUnsorted(
    ips,
    texts.map((text) => parseIP(text) ?? 'none'),
  );
}

/** RequestMatchesSpec: the strict comparison of a CertificateRequest with a Certificate's spec. */
export function requestMatchesSpec(
  request: CertificateRequest,
  csr: Csr,
  spec: CertificateSpec,
  rules: Rules,
): string[] {
  const literal = spec.literalSubject ?? '';
  if (literal !== '' && !rules.literalSubjectBesides) return literalSubjectMatches(csr, literal, rules);
  const violations: string[] = [];
  const check = (matches: boolean, field: string): void => {
    if (!matches) violations.push(field);
  };
  const { altNames, subject } = csr;
  const commonName = (): void => check(subject.commonName === (spec.commonName ?? ''), 'spec.commonName');
  const dnsNames = (): void => check(equalUnsorted(altNames.dnsNames, spec.dnsNames ?? []), 'spec.dnsNames');
  if (!rules.literalSubjectBesides) {
    commonName();
    dnsNames();
  }
  check(ipsMatch(altNames.ips, spec.ipAddresses ?? [], rules), 'spec.ipAddresses');
  check(equalUnsorted(altNames.uris, spec.uris ?? []), 'spec.uris');
  check(equalUnsorted(altNames.emailAddresses, spec.emailAddresses ?? []), 'spec.emailAddresses');
  if (rules.literalSubjectBesides) dnsNames();
  if (rules.otherNames && spec.otherNames !== undefined && spec.otherNames !== null) {
    check(otherNamesMatch(csr, spec.otherNames), 'spec.otherNames');
  }
  if (literal === '') {
    const wanted = spec.subject ?? {};
    if (rules.literalSubjectBesides) commonName();
    check(subject.serialNumber === (wanted.serialNumber ?? ''), 'spec.subject.serialNumber');
    check(equalUnsorted(subject.organizations, wanted.organizations ?? []), 'spec.subject.organizations');
    check(equalUnsorted(subject.countries, wanted.countries ?? []), 'spec.subject.countries');
    check(equalUnsorted(subject.localities, wanted.localities ?? []), 'spec.subject.localities');
    check(
      equalUnsorted(subject.organizationalUnits, wanted.organizationalUnits ?? []),
      'spec.subject.organizationalUnits',
    );
    check(equalUnsorted(subject.postalCodes, wanted.postalCodes ?? []), 'spec.subject.postCodes');
    check(
      equalUnsorted(subject.provinces, wanted.provinces ?? []),
      rules.provincesNamed ? 'spec.subject.provinces' : 'spec.subject.postCodes',
    );
    check(equalUnsorted(subject.streetAddresses, wanted.streetAddresses ?? []), 'spec.subject.streetAddresses');
  } else {
    violations.push(...literalSubjectMatches(csr, literal, rules));
  }
  check((request.spec.isCA ?? false) === (spec.isCA ?? false), 'spec.isCA');
  check(equalUnsorted(request.spec.usages ?? [], spec.usages ?? []), 'spec.usages');
  const requested = durationOf(request.spec.duration, 'spec.duration of the CertificateRequest');
  const duration = durationOf(spec.duration, 'spec.duration');
  check(requested === undefined || duration === undefined || requested === duration, 'spec.duration');
  check(issuerRefsMatch(request.spec.issuerRef, spec.issuerRef, rules), 'spec.issuerRef');
  return violations;
}

function literalSubjectMatches(csr: Csr, literal: string, rules: Rules): string[] {
  // Refused since 1.12.8, 1.13.4 and 1.14.3, read as BER before; no API server of later releases takes it.
  if (literal.includes('=#')) throw new Unclear('literalSubject: a hexadecimal value');
  const matches = rules.literalSubjectDer
    ? csr.rawSubject.equals(literalSubjectDer(literal))
    : JSON.stringify(csr.subject.rdns) === JSON.stringify(literalSubjectAttributes(literal));
  return matches ? [] : ['spec.literalSubject'];
}

function otherNamesMatch(csr: Csr, wanted: readonly { oid?: string; utf8Value?: string }[]): boolean {
  if (!csr.altNames.present) return false;
  const key = (oid: string, value: string): string => JSON.stringify([oid, value]);
  return equalUnsorted(
    csr.altNames.otherNames().map(({ oid, value }) => key(oid, value)),
    wanted.map(({ oid, utf8Value }) => key(oid ?? '', utf8Value ?? '')),
  );
}

function issuerRefsMatch(a: IssuerRef, b: IssuerRef, rules: Rules): boolean {
  if (a.name !== b.name) return false;
  if (rules.issuerRefDefaults) {
    return issuerKind(a.kind) === issuerKind(b.kind) && issuerGroup(a.group) === issuerGroup(b.group);
  }
  return (a.kind ?? '') === (b.kind ?? '') && (a.group ?? '') === (b.group ?? '');
}

/**
 * FuzzyX509AltNamesMatchSpec: the comparison with the issued certificate, used where the current CertificateRequest is
 * not there. Common name and DNS names may stand for each other.
 */
export function certificateMatchesSpec(leaf: X509, spec: Certificate['spec'], rules: Rules): string[] {
  const violations: string[] = [];
  const commonName = spec.commonName ?? '';
  const dnsNames = spec.dnsNames ?? [];
  const leafName = leaf.subject.commonName;
  const expected = new Set(dnsNames);
  if (commonName !== '') expected.add(commonName);
  const actual = new Set(leaf.altNames.dnsNames);
  if (leafName !== '') actual.add(leafName);
  const same = expected.size === actual.size && [...expected].every((name) => actual.has(name));
  if (!same) {
    if ((commonName !== '' && !actual.has(commonName)) || (leafName !== '' && !expected.has(leafName))) {
      violations.push('spec.commonName');
    }
    if (!dnsNames.every((name) => actual.has(name)) || !leaf.altNames.dnsNames.every((name) => expected.has(name))) {
      violations.push('spec.dnsNames');
    }
  }
  if (!ipsMatch(leaf.altNames.ips, spec.ipAddresses ?? [], rules)) violations.push('spec.ipAddresses');
  if (!equalUnsorted(leaf.altNames.uris, spec.uris ?? [])) violations.push('spec.uris');
  if (!equalUnsorted(leaf.altNames.emailAddresses, spec.emailAddresses ?? [])) violations.push('spec.emailAddresses');
  return violations;
}
