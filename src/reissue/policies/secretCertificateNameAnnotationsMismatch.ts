import { CERTIFICATE_NAME_ANNOTATION } from '../../model/kinds.ts';
import { quote } from '../quote.ts';
import { type Policy, REASON } from './policy.ts';

/** The certificate-name annotation, where the Secret has it, must name this Certificate. */
export const secretCertificateNameAnnotationsMismatch: Policy = ({ certificate, secret }) => {
  const name = secret?.metadata.annotations?.[CERTIFICATE_NAME_ANNOTATION];
  if (name === undefined || name === certificate.metadata.name) return undefined;
  return {
    reason: REASON.IncorrectCertificate,
    message: `Secret was issued for ${quote(name)}. If this message is not transient, you might have two conflicting Certificates pointing to the same secret.`,
  };
};
