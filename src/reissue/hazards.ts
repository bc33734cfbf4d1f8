import { FAO_LABEL } from '../model/kinds.ts';
import type { Certificate, CertificateSpec } from '../model/objects.ts';
import { gather } from './gates.ts';
import type { ReissueInput } from './input.ts';
import { issuerGroup, issuerKind } from './matches.ts';
import { type Rules, rulesFor } from './versions.ts';

/** A change between two releases that touches a Certificate. */
export interface Hazard {
  /** A stable word. */
  code: string;
  /** `reissue`: may be issued anew by the upgrade; `next-issuance`: shows at the next issuance; `cleanup`: objects go. */
  effect: 'reissue' | 'next-issuance' | 'cleanup';
  /** What changed and what it does here. */
  message: string;
  /** Where upstream says so. */
  source: string;
  /** What avoids it. */
  advice: string;
  /** The smallest change of the Certificate's manifest that avoids it, where there is one; `before` undefined: absent. */
  change?: { path: string; before: unknown; after: unknown };
}

interface Row extends Omit<Hazard, 'change'> {
  /** Whether the upgrade crosses the change. */
  crosses(from: Rules, to: Rules): boolean;
  /** Whether the Certificate is touched. */
  touches(input: ReissueInput, from: Rules, to: Rules): boolean;
  change?(spec: CertificateSpec): Hazard['change'];
}

/** The hazards of an upgrade from one release to another for one Certificate, in the order of the releases. */
export function hazardsOf(input: ReissueInput, from: string, to: string): Hazard[] {
  const [before, after] = [rulesFor(from), rulesFor(to)];
  if (typeof input.certificate.spec !== 'object' || input.certificate.spec === null) return [];
  return ROWS.filter((row) => row.crosses(before, after) && row.touches(input, before, after)).map(
    ({ code, effect, message, source, advice, change }) => {
      const edit = change?.(input.certificate.spec);
      return { code, effect, message, source, advice, ...(edit === undefined ? {} : { change: edit }) };
    },
  );
}

const gains =
  (has: (rules: Rules) => boolean) =>
  (from: Rules, to: Rules): boolean =>
    !has(from) && has(to);

const ROWS: Row[] = [
  {
    code: 'filtered-secret-cache',
    effect: 'reissue',
    message: `The Secret lacks the label ${FAO_LABEL}: a cert-manager of 1.13 or later that adds it may for a moment not see the Secret, and issue anew (DoesNotExist).`,
    source: 'cert-manager issue 6494',
    advice: `Upgrade to the latest 1.12 first, or set the label ${FAO_LABEL}: "true" on the Secret before the upgrade.`,
    crosses: gains((rules) => rules.rewrittenChain),
    touches: ({ secret }) => secret !== undefined && secret.metadata?.labels?.[FAO_LABEL] !== 'true',
  },
  {
    code: 'request-key-compared',
    effect: 'reissue',
    message: 'Since 1.13 the key in the Secret must be the one that the current CertificateRequest was made with.',
    source: 'cert-manager release notes 1.13 (pull request 6168)',
    advice:
      'Delete the current CertificateRequest of a Secret that was put there by hand, if its certificate is to stay.',
    crosses: gains((rules) => rules.rewrittenChain),
    touches: ({ certificate, requests }) => gather(certificate, requests).current !== undefined,
  },
  {
    code: 'percentage-inverted',
    effect: 'reissue',
    message: 'Until 1.16.2 spec.renewBeforePercentage was read the wrong way round; the renewal time moves.',
    source: 'cert-manager release notes 1.16.3',
    advice: 'Set spec.renewBefore instead until the upgrade is done, or accept the renewal.',
    crosses: (from, to) => from.renewBeforePercentage === 'inverted' && to.renewBeforePercentage !== 'inverted',
    touches: ({ certificate }) => (certificate.spec.renewBeforePercentage ?? undefined) !== undefined,
  },
  {
    code: 'request-size-limit',
    effect: 'reissue',
    message:
      'This release refuses CertificateRequests of more than 6500 bytes of PEM, which about a hundred names make.',
    source: 'cert-manager issue 7506',
    advice: 'Go to 1.18.3 or 1.19 or later, which take 36500 bytes.',
    crosses: (from, to) => from.requestPemLimit !== 6500 && to.requestPemLimit === 6500,
    touches: ({ certificate, requests }) => {
      const request = gather(certificate, requests).current?.spec?.request;
      return typeof request === 'string' && (request.length * 3) / 4 > 6500;
    },
  },
  {
    code: 'rotation-policy-default',
    effect: 'next-issuance',
    message:
      'Since 1.18 the private key is made anew at every issuance unless spec.privateKey.rotationPolicy says Never.',
    source: 'cert-manager release notes 1.18',
    advice: 'Set rotationPolicy: Never where the key is pinned.',
    crosses: gains((rules) => rules.deletionGate),
    touches: ({ certificate }) => !certificate.spec.privateKey?.rotationPolicy,
    change: (spec) => ({
      path: 'spec.privateKey.rotationPolicy',
      before: spec.privateKey?.rotationPolicy,
      after: 'Never',
    }),
  },
  {
    code: 'revision-history-limit-default',
    effect: 'cleanup',
    message: 'Since 1.18 only the last CertificateRequest is kept unless spec.revisionHistoryLimit says more.',
    source: 'cert-manager release notes 1.18',
    advice: 'Set spec.revisionHistoryLimit where older requests are evidence.',
    crosses: gains((rules) => rules.deletionGate),
    touches: ({ certificate }) => (certificate.spec.revisionHistoryLimit ?? undefined) === undefined,
  },
  {
    code: 'issuer-ref-defaults',
    effect: 'reissue',
    message:
      "1.19.0's CRDs fill in kind and group of an issuerRef. A controller before 1.18.3 that still runs meets Certificates with them before their CertificateRequests have them, and issues anew (RequestChanged, spec.issuerRef).",
    source: 'cert-manager issues 8158, 8173',
    advice: 'Go to 1.19.1 or later instead, or stop the old controller before the CRDs are changed.',
    crosses: (from, to) => to.issuerRefCrdDefaults && !from.issuerRefCrdDefaults && !from.issuerRefDefaults,
    touches: ({ certificate, requests }) =>
      hasBareIssuerRef(certificate) && gather(certificate, requests).current !== undefined,
  },
  {
    code: 'issuer-ref-defaults-removed',
    effect: 'reissue',
    message:
      '1.19.1 and later have no defaults in their CRDs again. A 1.19.0 that still runs may meet Certificates and their CertificateRequests with and without them (RequestChanged, spec.issuerRef).',
    source: 'cert-manager issue 8182',
    advice: 'Stop the old controller before the CRDs are changed.',
    crosses: (from, to) => from.issuerRefCrdDefaults && !to.issuerRefCrdDefaults,
    touches: ({ certificate: { spec } }) =>
      issuerKind(spec.issuerRef?.kind) === issuerKind('') && issuerGroup(spec.issuerRef?.group) === issuerGroup(''),
  },
  {
    code: 'renewal-disabled-crash',
    effect: 'reissue',
    message: 'The controller of 1.21.0 crashes on spec.renewal.policy Disabled.',
    source: 'cert-manager pull request 9038',
    advice: 'Go to 1.21.1 or later.',
    crosses: (_, to) => to.renewal === 'disabled-crashes',
    touches: ({ certificate }) => certificate.spec.renewal?.policy === 'Disabled',
  },
];

function hasBareIssuerRef({ spec }: Certificate): boolean {
  return (spec.issuerRef?.kind ?? undefined) === undefined || (spec.issuerRef?.group ?? undefined) === undefined;
}
