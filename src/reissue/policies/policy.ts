import type { Certificate, CertificateRequest, Secret } from '../../model/objects.ts';
import { type Csr, readRequest } from '../csr.ts';
import { decodeBase64 } from '../pem.ts';
import { readPrivateKey } from '../privateKey.ts';
import type { PublicKey } from '../publicKey.ts';
import { type Read, Unclear } from '../read.ts';
import type { Rules } from '../versions.ts';
import { readLeaf, type X509 } from '../x509.ts';

/** A violation: reason and message as cert-manager writes them into the Issuing condition. */
export interface Violation {
  reason: string;
  message: string;
}

/**
 * One policy of the chain (internal/controller/certificates/policies/checks.go): undefined where it is satisfied.
 * Throws Unclear where it cannot be decided.
 */
export type Policy = (input: PolicyInput) => Violation | undefined;

/** Reasons (policies/constants.go). */
export const REASON = {
  DoesNotExist: 'DoesNotExist',
  MissingData: 'MissingData',
  InvalidKeyPair: 'InvalidKeyPair',
  InvalidCertificate: 'InvalidCertificate',
  InvalidCertificateRequest: 'InvalidCertificateRequest',
  SecretMismatch: 'SecretMismatch',
  IncorrectIssuer: 'IncorrectIssuer',
  IncorrectCertificate: 'IncorrectCertificate',
  RequestChanged: 'RequestChanged',
  Renewing: 'Renewing',
} as const;

/** What the policies look at; keys and certificates are read once, when first asked for. */
export class PolicyInput {
  readonly certificate: Certificate;
  readonly secret: Secret | undefined;
  /** The CertificateRequest of the current revision. */
  readonly current: CertificateRequest | undefined;
  readonly rules: Rules;
  /** Nanoseconds since 1970. */
  readonly now: bigint;
  private key: Read<PublicKey> | undefined;
  private certificateRead: Read<X509> | undefined;
  private csr: Read<Csr> | undefined;

  constructor(
    certificate: Certificate,
    secret: Secret | undefined,
    current: CertificateRequest | undefined,
    now: Date,
    rules: Rules,
  ) {
    this.certificate = certificate;
    this.secret = secret;
    this.current = current;
    this.now = BigInt(now.getTime()) * 1_000_000n;
    this.rules = rules;
  }

  /** Whether the Secret has data at all; a manifest may give it as stringData. */
  get hasData(): boolean {
    return (this.secret?.data ?? this.secret?.stringData ?? undefined) !== undefined;
  }

  /** The bytes of one entry of the Secret's data; undefined where it is absent. */
  data(key: string): Buffer | undefined {
    const plain = (this.secret?.stringData as Record<string, string> | null | undefined)?.[key];
    if (typeof plain === 'string') return Buffer.from(plain, 'utf8');
    const text = this.secret?.data?.[key];
    if (text === undefined || text === null) return undefined;
    return base64(text, `Secret data ${key}`);
  }

  /** The public key that belongs to tls.key, or cert-manager's error. */
  privateKey(): Read<PublicKey> {
    this.key ??= readPrivateKey(this.data('tls.key') ?? Buffer.alloc(0), this.rules);
    return this.key;
  }

  /** The first certificate in tls.crt, or cert-manager's error. */
  leaf(): Read<X509> {
    this.certificateRead ??= readLeaf(this.data('tls.crt') ?? Buffer.alloc(0), this.rules);
    return this.certificateRead;
  }

  /** The current request's CSR, or cert-manager's error. */
  currentCsr(): Read<Csr> {
    this.csr ??= readRequest(requestBytes(this.current), this.rules);
    return this.csr;
  }
}

export function requestBytes(request: CertificateRequest | undefined): Buffer {
  return base64(request?.spec.request ?? '', 'spec.request of the CertificateRequest');
}

function base64(text: string, what: string): Buffer {
  // Line breaks in base64 are allowed in an object, as Go's JSON decoder does.
  const bytes = decodeBase64(text.includes('\n') ? text.replace(/[\r\n]/g, '') : text);
  if (bytes === undefined) throw new Unclear(`${what} is not base64`);
  return bytes;
}

/** A read value, or the violation that the policy makes of its error. Throws Unclear where it is unclear. */
export function valueOr<T>(read: Read<T>, violation: (error: string) => Violation): T | Violated {
  if (read.kind === 'read') return read.value;
  if (read.kind === 'invalid') return new Violated(violation(read.error));
  throw new Unclear(read.why);
}

/** Tells a violation from a value. */
export class Violated {
  readonly violation: Violation;

  constructor(violation: Violation) {
    this.violation = violation;
  }
}
