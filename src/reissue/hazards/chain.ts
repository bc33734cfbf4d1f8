import { FAO_LABEL } from '../../model/kinds.ts';
import type { Certificate } from '../../model/objects.ts';
import { isOn } from '../featureGates.ts';
import { ownsSecret } from '../gates.ts';
import type { ReissueInput } from '../input.ts';
import { currentCertificateRequestMismatchesSpec } from '../policies/currentCertificateRequestMismatchesSpec.ts';
import { secretCertificateNameAnnotationsMismatch } from '../policies/secretCertificateNameAnnotationsMismatch.ts';
import { secretIssuerAnnotationsMismatch } from '../policies/secretIssuerAnnotationsMismatch.ts';
import { secretPublicKeyDiffersFromCurrentCertificateRequest } from '../policies/secretPublicKeyDiffersFromCurrentCertificateRequest.ts';
import { secretKeyPairInvalid, secretPublicKeysDiffer } from '../policies/secretPublicKeysDiffer.ts';
import { ask, isOrMayBeViolated, newlyViolated, violated } from './judge.ts';
import { ISSUE, NOTES, PULL, type Row } from './row.ts';

const hasLabel = ({ secret }: ReissueInput): boolean => secret?.metadata?.labels?.[FAO_LABEL] === 'true';
const sharing = ({ certificate, siblings }: ReissueInput): Certificate[] =>
  siblings.filter((one) => one?.spec?.secretName === certificate.spec.secretName);
const isSet = (value: unknown): boolean => value !== undefined && value !== null && value !== '';

/** What the chain of policies asks, and what the controller sees of Secrets. */
export const CHAIN_ROWS: Row<ReissueInput>[] = [
  {
    code: 'filtered-secret-cache',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.13.0'],
    message: `The Secret lacks the label ${FAO_LABEL}: a cert-manager of 1.13 or later that adds it may for a moment not see the Secret, and issue anew (DoesNotExist).`,
    ...ISSUE(6494),
    advice: `Upgrade to the latest 1.12 first, or set the label ${FAO_LABEL}: "true" on the Secret before the upgrade.`,
    crosses: ({ from, to, facts: { flags } }) =>
      !isOn('SecretsFilteredCaching', from.version, flags) && isOn('SecretsFilteredCaching', to.version, flags),
    touches: (input) => input.secret !== undefined && !hasLabel(input),
  },
  {
    code: 'unlabelled-secret-events',
    level: 'certificate',
    effect: 'renewal',
    since: ['1.21.0'],
    message: `Since 1.21 a change of a Secret without the label ${FAO_LABEL} is not noticed: a Secret that was deleted or damaged is issued anew only at the next look at its Certificate.`,
    ...PULL(8407),
    advice: `Set the label ${FAO_LABEL}: "true" on the Secret.`,
    touches: (input) => input.secret !== undefined && !hasLabel(input),
  },
  {
    code: 'request-key-compared',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.13.0'],
    message:
      'Since 1.13 the key in the Secret must be the one that the current CertificateRequest was made with. Here it is another: the Secret was put there by hand, restored, or issued otherwise.',
    ...PULL(6168),
    advice:
      'Delete the current CertificateRequest of a Secret that was put there by hand, if its certificate is to stay.',
    touches: (input, { to }) => violated(secretPublicKeyDiffersFromCurrentCertificateRequest, input, to),
  },
  {
    code: 'issued-key-checked',
    level: 'certificate',
    effect: 'renewal',
    since: ['1.18.5', '1.19.3', '1.20.0'],
    message:
      'A certificate for another key than the requested one is now refused, and tried again after the back-off. Before, it was stored and issued anew at once, again and again. The issuer of this one has returned another key.',
    ...PULL(8403),
    advice: 'Mend the issuer, which must sign the key of the CertificateRequest.',
    touches: (input, { to }) => violated(secretPublicKeyDiffersFromCurrentCertificateRequest, input, to),
  },
  {
    code: 'certificate-name-compared',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.13.2'],
    message:
      'Since 1.13.2 the annotation cert-manager.io/certificate-name of the Secret, where it has one, must name this Certificate (IncorrectCertificate).',
    ...PULL(6406),
    advice: 'Correct the annotation on the Secret before the upgrade, or give each Certificate its own secretName.',
    touches: (input, { to }) =>
      violated(secretCertificateNameAnnotationsMismatch, input, to) &&
      ask(() => ownsSecret(input.certificate, input.secret, input.siblings, to), true),
  },
  {
    code: 'shared-secret-owner',
    level: 'certificate',
    effect: 'renewal',
    since: ['1.13.2'],
    message:
      'Several Certificates have this secretName. Since 1.13.2 only one of them owns the Secret, and is issued and renewed; the others stay as they are.',
    ...PULL(6406),
    advice: 'Give each Certificate its own secretName.',
    touches: (input) => sharing(input).length > 1,
  },
  {
    code: 'shared-secret-owner-by-chance',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.13.2'],
    until: ['1.13.4'],
    message:
      '1.13.2 and 1.13.3 pick the owner of a Secret that several Certificates name by chance, so that now one, now another issues it.',
    ...PULL(6610),
    advice: 'Go to 1.13.4 or later, or give each Certificate its own secretName.',
    touches: (input) => sharing(input).length > 1,
  },
  {
    code: 'shared-secret-flapping',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.13.2'],
    backwards: true,
    message:
      'Several Certificates have this secretName. Before 1.13.2 each of them issues it anew where the other has, again and again.',
    ...PULL(6406),
    advice: 'Give each Certificate its own secretName.',
    touches: (input) => sharing(input).length > 1,
  },
  {
    code: 'deleting-certificate',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.18.0'],
    backwards: true,
    message:
      'This Certificate is being deleted. Before 1.18 one that waits for a finalizer is issued and renewed all the same.',
    ...PULL(7361),
    advice: 'See that its deletion ends first.',
    touches: ({ certificate }) => isSet(certificate.metadata.deletionTimestamp),
  },
  {
    code: 'key-pair-read-otherwise',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.13.0'],
    backwards: true,
    message:
      'Before 1.13 tls.crt and tls.key are read as a web server reads them: PEM blocks with another label than CERTIFICATE, for instance, are no certificate (InvalidKeyPair).',
    ...PULL(6176),
    advice: 'Write tls.crt with the label CERTIFICATE.',
    touches: (input, { from, to }) =>
      input.secret !== undefined &&
      !violated(secretPublicKeysDiffer, input, from) &&
      isOrMayBeViolated(secretKeyPairInvalid, input, to),
  },
  {
    code: 'issuer-annotations-strict',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.13.0'],
    backwards: true,
    message:
      "Before 1.13 the Secret must have the annotation cert-manager.io/issuer-name. Here it has no issuer's annotations, which 1.13 and later take for an Issuer's (IncorrectIssuer).",
    ...PULL(6176),
    advice: 'Set the annotations cert-manager.io/issuer-name, -kind and -group on the Secret first.',
    touches: (input, upgrade) => newlyViolated(secretIssuerAnnotationsMismatch, input, upgrade),
  },
  {
    code: 'literal-subject-compared-fully',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.12.0'],
    message:
      'Before 1.12, of a Certificate with a literalSubject only the subject was compared with the current CertificateRequest. Now names, usages, duration and issuer are too, and something of these was changed since (RequestChanged).',
    ...PULL(5747),
    advice: 'Undo the change of the spec that was never issued, or accept the reissue.',
    touches: (input, upgrade) =>
      isSet(input.certificate.spec.literalSubject) &&
      newlyViolated(currentCertificateRequestMismatchesSpec, input, upgrade),
  },
  {
    code: 'literal-subject-encoding',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.15.0'],
    message:
      'Since 1.15 a literalSubject is compared with the request byte by byte: another string type or order of attributes is a difference now (RequestChanged, spec.literalSubject).',
    ...PULL(6792),
    advice: 'Nothing avoids it; the certificate is issued anew once.',
    touches: (input, upgrade) =>
      isSet(input.certificate.spec.literalSubject) &&
      newlyViolated(currentCertificateRequestMismatchesSpec, input, upgrade),
  },
  {
    code: 'literal-subject-attributes',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.15.0'],
    backwards: true,
    message:
      'Before 1.15 a literalSubject is compared with the request attribute by attribute, in the order in which they are written, and attribute types given as numbers are not known (RequestChanged, spec.literalSubject).',
    ...PULL(6792),
    advice: 'Write the attributes in the order of the current CertificateRequest, with the names of their types.',
    touches: (input, upgrade) =>
      isSet(input.certificate.spec.literalSubject) &&
      newlyViolated(currentCertificateRequestMismatchesSpec, input, upgrade),
  },
  {
    code: 'other-names-compared',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.14.0'],
    message:
      'Since 1.14 spec.otherNames are compared with the current CertificateRequest, which has not these (RequestChanged, spec.otherNames).',
    ...PULL(6620),
    advice: 'Take spec.otherNames out of the manifest until the upgrade is done, or accept the reissue.',
    touches: (input, upgrade) =>
      isSet(input.certificate.spec.otherNames) &&
      newlyViolated(currentCertificateRequestMismatchesSpec, input, upgrade),
    changes: ({ certificate: { spec } }) => [{ path: 'spec.otherNames', before: spec.otherNames, after: undefined }],
  },
  {
    code: 'ip-addresses-as-text',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.12.4', '1.13.0'],
    backwards: true,
    message:
      'Before 1.12.4 IP addresses were compared as text: one that is not written in its shortest form is a difference, and issued anew again and again.',
    ...PULL(6293),
    advice: 'Write each address in its shortest form.',
    touches: (input, upgrade) =>
      isSet(input.certificate.spec.ipAddresses) &&
      newlyViolated(currentCertificateRequestMismatchesSpec, input, upgrade),
  },
  {
    code: 'issuance-in-progress',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.12.0'],
    message:
      'An issuance is under way, and 1.12 names Challenges otherwise than before: they are made again, and ordered twice.',
    ...PULL(5901),
    advice: 'Wait until no Certificate is being issued.',
    touches: ({ certificate }) =>
      certificate.status?.conditions?.some((one) => one?.type === 'Issuing' && one.status === 'True') === true,
  },
  {
    code: 'stable-request-names',
    level: 'certificate',
    effect: 'renewal',
    since: ['1.13.0'],
    message:
      'Since 1.13 a CertificateRequest is named by the Certificate and its revision. One of the name of the next revision exists already and does not belong to this Certificate: its next renewal fails for ever with "already exists".',
    ...NOTES('1.13'),
    advice: 'Delete that CertificateRequest.',
    crosses: ({ from, to, facts: { flags } }) =>
      !isOn('StableCertificateRequestName', from.version, flags) &&
      isOn('StableCertificateRequestName', to.version, flags),
    touches: ({ certificate, requests }) => {
      const name = `${certificate.metadata?.name}-${(certificate.status?.revision ?? 0) + 1}`;
      return requests.some(
        ({ metadata }) =>
          metadata?.name === name &&
          metadata.namespace === certificate.metadata?.namespace &&
          metadata.ownerReferences?.some(({ uid }) => uid === certificate.metadata?.uid) !== true,
      );
    },
  },
];
