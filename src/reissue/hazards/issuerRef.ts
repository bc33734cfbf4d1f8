import { withDefaults } from '../crdDefaults.ts';
import { gather } from '../gates.ts';
import type { ReissueInput } from '../input.ts';
import { issuerGroup, issuerKind } from '../matches.ts';
import { currentCertificateRequestMismatchesSpec } from '../policies/currentCertificateRequestMismatchesSpec.ts';
import { newlyViolated } from './judge.ts';
import { ISSUE, NOTES, type Row } from './row.ts';

/** How kind and group of an issuerRef are filled in and compared. */
export const ISSUER_REF_ROWS: Row<ReissueInput>[] = [
  {
    code: 'issuer-ref-defaults',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.19.0'],
    until: ['1.19.1'],
    message:
      "1.19.0's CRDs fill in kind and group of an issuerRef. A controller before 1.18.3 that still runs meets Certificates with them or their CertificateRequests with them before it meets the others so, and issues anew (RequestChanged, spec.issuerRef): some or all, as many as it can write down in that moment.",
    ...ISSUE(8158),
    advice:
      'Go to 1.19.1 or later instead, or to 1.18.3 first, or stop the old controller before the CRDs are changed. To write kind and group into the manifest is no way out: before 1.18.3 that too is a difference.',
    crosses: ({ from, to }) => to.issuerRefCrdDefaults && !from.issuerRefCrdDefaults && !from.issuerRefDefaults,
    touches: ({ certificate, requests }) => {
      const { kind, group } = certificate.spec.issuerRef ?? {};
      return (absent(kind) || absent(group)) && gather(certificate, requests).current !== undefined;
    },
  },
  {
    code: 'issuer-ref-empty',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.19.0'],
    until: ['1.19.1'],
    message:
      "kind or group of the issuerRef is written as an empty text. 1.19.0's CRDs leave that as it is and fill it in for the CertificateRequest: 1.19.0 issues anew (RequestChanged, spec.issuerRef), whatever the order of the upgrade, and never gets done, because it deletes every request that it makes as not fitting.",
    ...ISSUE(8158),
    advice: 'Leave the field out (before 1.19 that is the same), or go to 1.19.1 or later instead.',
    touches: ({ certificate, requests }) => {
      const { kind, group } = certificate.spec.issuerRef ?? {};
      return (kind === '' || group === '') && gather(certificate, requests).current !== undefined;
    },
    changes: ({ certificate: { spec } }) =>
      (['kind', 'group'] as const)
        .filter((field) => spec.issuerRef[field] === '')
        .map((field) => ({ path: `spec.issuerRef.${field}`, before: '', after: undefined })),
  },
  {
    code: 'issuer-ref-defaults-removed',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.19.1'],
    message:
      '1.19.1 and later have no defaults in their CRDs again. A 1.19.0 that still runs may meet Certificates and their CertificateRequests with and without them (RequestChanged, spec.issuerRef).',
    ...ISSUE(8182),
    advice: 'Stop the old controller before the CRDs are changed.',
    crosses: ({ from, to }) => from.issuerRefCrdDefaults && !to.issuerRefCrdDefaults,
    touches: ({ certificate: { spec } }) =>
      issuerKind(spec.issuerRef?.kind) === issuerKind('') && issuerGroup(spec.issuerRef?.group) === issuerGroup(''),
  },
  {
    code: 'issuer-ref-compared-literally',
    level: 'certificate',
    effect: 'reissue',
    since: ['1.18.3', '1.19.1'],
    backwards: true,
    message:
      'Before 1.18.3, and in 1.19.0, an absent kind or group of an issuerRef differs from the default spelled out: the current CertificateRequest has it otherwise than the Certificate (RequestChanged, spec.issuerRef).',
    ...NOTES('1.18'),
    advice: 'Stay at 1.18.3 or later, or spell kind and group as the current CertificateRequest does.',
    touches: (input, upgrade) => {
      const seen = upgrade.to.issuerRefCrdDefaults ? withDefaults(input) : input;
      return newlyViolated(currentCertificateRequestMismatchesSpec, input, upgrade, seen);
    },
    changes: ({ certificate, requests }) => {
      const wanted = gather(certificate, requests).current?.spec?.issuerRef;
      if (wanted === undefined) return [];
      return (['kind', 'group'] as const)
        .filter((field) => (wanted[field] ?? '') !== (certificate.spec.issuerRef[field] ?? ''))
        .map((field) => ({
          path: `spec.issuerRef.${field}`,
          before: certificate.spec.issuerRef[field],
          after: wanted[field],
        }));
    },
  },
];

const absent = (value: unknown): boolean => value === undefined || value === null;
