import type { Read } from '../read.ts';
import type { Rules } from '../versions.ts';
import { REASON, type Violated, valueOr } from './policy.ts';

/** The violations that several policies make of a key, certificate or request that cannot be decoded. */
export const keyOr = <T>(read: Read<T>, rules: Rules): T | Violated =>
  valueOr(read, (error) =>
    rules.rewrittenChain
      ? {
          reason: REASON.InvalidKeyPair,
          message: `Issuing certificate as Secret contains invalid private key data: ${error}`,
        }
      : {
          reason: REASON.SecretMismatch,
          message: `Existing issued Secret contains invalid private key data: ${error}`,
        },
  );

export const certificateOr = <T>(read: Read<T>, rules: Rules): T | Violated =>
  valueOr(read, (error) => ({
    reason: REASON.InvalidCertificate,
    message: rules.rewrittenChain
      ? `Issuing certificate as Secret contains an invalid certificate: ${error}`
      : `Failed to decode stored certificate: ${error}`,
  }));

export const requestOr = <T>(read: Read<T>): T | Violated =>
  valueOr(read, (error) => ({
    reason: REASON.InvalidCertificateRequest,
    message: `Failed to decode current CertificateRequest: ${error}`,
  }));
